/** The timeline of a machine: read once for the whole page, and followed. */

import { useTold } from "../../api/lists";
import type { Machine } from "../../api/resources";
import type { components } from "../../api/schema";
import { machineTone } from "../../parts/Status";

type TimelinePage = components["schemas"]["Timeline"];
export type Entry = components["schemas"]["TimelineEntry"];
export type Phase = components["schemas"]["TimelinePhase"];

const PAGE = 50;
/** How often it is read while something is under way: what racks see of a boot changes no machine. */
const WHILE_BUSY_MS = 3_000;

export function useTimeline(machine: Machine) {
  const isBusy = machineTone(machine.status_name) === "busy" || /^(Entering|Exiting)/.test(machine.status_name);
  const told = useTold<TimelinePage>("machines", machine.system_id, "timeline", PAGE, isBusy ? WHILE_BUSY_MS : false);
  return { ...told, first: told.pages?.[0] };
}

export type TimelineRead = ReturnType<typeof useTimeline>;

/** What happened in a phase: the entries after its beginning and before the next one. */
export interface Chapter {
  phase: Phase | null;
  entries: Entry[];
}

/** Entries, newest first, below the phases in which they happened; what was before all phases that are known comes last. */
export function chapters(phases: readonly Phase[], entries: readonly Entry[]): Chapter[] {
  const newest = [...phases].reverse();
  const all: Chapter[] = newest.map((phase) => ({ phase, entries: [] }));
  const before: Chapter = { phase: null, entries: [] };
  for (const entry of entries) {
    const at = Date.parse(entry.time);
    // What begins a phase belongs to it: its transaction is some milliseconds later than the time that it wrote.
    (all.find((chapter) => chapter.phase !== null && Date.parse(chapter.phase.began) <= at) ?? before).entries.push(entry);
  }
  return [...all, before].filter((chapter) => chapter.entries.length > 0 || chapter.phase?.ended === null);
}

/** How long a phase took, or has taken until now, in milliseconds. */
export function elapsedMs(phase: Phase, now: number): number {
  const ended = phase.ended === null || phase.ended === undefined ? Math.max(now, Date.parse(phase.began)) : Date.parse(phase.ended);
  return ended - Date.parse(phase.began);
}

/** Whether a phase that is under way takes longer than such phases usually do: a half longer, and a minute. */
export function isSlow(phase: Phase, now: number): boolean {
  const usual = phase.usual_seconds ?? null;
  const isUnderWay = machineTone(phase.status_name) === "busy";
  return isUnderWay && usual !== null && elapsedMs(phase, now) > Math.max(usual * 1_500, usual * 1_000 + 60_000);
}
