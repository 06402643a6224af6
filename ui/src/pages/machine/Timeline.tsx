/** Why a machine is as it is: how long each status took, and what happened in which order. */

import type { Machine } from "../../api/resources";
import { Button } from "../../parts/Button";
import { Note, Panel } from "../../parts/Panel";
import { Loading, ProblemView } from "../../parts/Problem";
import type { Tone } from "../../parts/Status";
import { inWords, machineTone, Status } from "../../parts/Status";
import { exactly, span, Time, useNow } from "../../parts/Time";
import { useParameters } from "../../shell/parameters";
import styles from "./Timeline.module.css";
import type { Chapter, Entry, Phase, TimelineRead } from "./timelineOf";
import { chapters, elapsedMs, isSlow } from "./timelineOf";

const KINDS: Record<string, string> = { call: "Requests", phase: "Status", power: "Power", lease: "Leases", boot: "Boot", agent: "Agent", other: "Other" };

export function Timeline({ machine, timeline }: { machine: Machine; timeline: TimelineRead }) {
  const { first, pages = [], error } = timeline;
  const [get, put] = useParameters();
  if (first === undefined) return error === null ? <Loading what="Reading what happened" /> : <ProblemView error={error} onRetry={() => void timeline.refetch()} />;
  const all = pages.flatMap((page) => page.entries);
  const chosen = get("kind").split(",").filter((kind) => kind !== "");
  const shown = chosen.length === 0 ? all : all.filter((entry) => entry.happened.some((item) => chosen.includes(item.kind)));
  const choose = (kind: string) => {
    const next = chosen.includes(kind) ? chosen.filter((other) => other !== kind) : [...chosen, kind];
    put({ kind: next.join(",") });
  };
  return (
    <div className={styles.timeline}>
      <Phases phases={first.phases} />
      <Panel title="What happened" actions={<Kinds entries={all} chosen={chosen} onChoose={choose} />}>
        {all.length === 0 && <Note>Nothing that is still known.</Note>}
        {all.length > 0 && shown.length === 0 && <Note>Nothing of this kind{timeline.hasNextPage ? " among what is shown: look at older ones." : "."}</Note>}
        {chapters(first.phases, shown).map((chapter) => (
          <ChapterView key={chapter.phase?.began ?? "before"} chapter={chapter} kinds={chosen} machine={machine} />
        ))}
        {timeline.hasNextPage ? (
          <div>
            <Button size="small" isPending={timeline.isFetchingNextPage} onPress={() => void timeline.fetchNextPage()}>
              Older
            </Button>
          </div>
        ) : (
          all.length > 0 && <Note>That is all that is known. Requests and leases go back as far as the history, other events further.</Note>
        )}
      </Panel>
    </div>
  );
}

/** The statuses in a row, as long as they took; a status that lasts for weeks must not hide one that took minutes. */
function Phases({ phases }: { phases: readonly Phase[] }) {
  const now = useNow();
  return (
    <ol className={styles.phases} aria-label="The last statuses">
      {phases.map((phase) => {
        const ms = elapsedMs(phase, now);
        const usual = phase.usual_seconds ?? null;
        const isUnderWay = toneOf(phase) === "busy";
        return (
          <li key={phase.began} style={{ flexGrow: 1 + Math.log10(1 + ms / 1000) }} data-tone={toneOf(phase)} title={`From ${exactly(new Date(phase.began))}`}>
            <span className={styles.bar}>{isUnderWay && usual !== null && <span style={{ width: `${Math.min(100, (100 * ms) / Math.max(1, usual * 1000))}%` }} />}</span>
            <Status tone={toneOf(phase)}>{phase.status_name}</Status>
            <span className={styles.took}>{span(ms)}</span>
            <span className={styles.usual} data-slow={isSlow(phase, now) || undefined}>
              {usual === null ? "" : `${isSlow(phase, now) ? "longer than " : ""}usual: ${span(usual * 1000)}`}
            </span>
          </li>
        );
      })}
    </ol>
  );
}

function Kinds({ entries, chosen, onChoose }: { entries: readonly Entry[]; chosen: readonly string[]; onChoose: (kind: string) => void }) {
  const kinds = Object.keys(KINDS)
    .map((kind) => ({ kind, count: entries.filter((entry) => entry.happened.some((item) => item.kind === kind)).length }))
    .filter(({ kind, count }) => count > 0 || chosen.includes(kind));
  return (
    <div role="group" aria-label="Only these kinds" className={styles.kinds}>
      {kinds.map(({ kind, count }) => (
        <button key={kind} type="button" aria-pressed={chosen.includes(kind)} onClick={() => onChoose(kind)}>
          {KINDS[kind]} <span>{count}</span>
        </button>
      ))}
    </div>
  );
}

function ChapterView({ chapter, kinds, machine }: { chapter: Chapter; kinds: readonly string[]; machine: Machine }) {
  const now = useNow();
  const { phase, entries } = chapter;
  return (
    <section className={styles.chapter} aria-label={phase === null ? "Before" : phase.status_name}>
      <h3>
        {phase === null ? (
          "Before"
        ) : (
          <>
            <Status tone={toneOf(phase)}>{phase.status_name}</Status>
            <span className={styles.usual}>{phase.ended === null || phase.ended === undefined ? `for ${span(elapsedMs(phase, now))}` : `took ${span(elapsedMs(phase, now))}`}</span>
          </>
        )}
      </h3>
      <ol>
        {entries.map((entry) => (
          <EntryView key={entry.revision} entry={entry} phase={phase} kinds={kinds} machine={machine} />
        ))}
      </ol>
    </section>
  );
}

/** A status that is over is no more under way; one that failed stays one that failed. */
function toneOf(phase: Phase): Tone {
  const tone = machineTone(phase.status_name);
  return tone === "bad" || phase.ended === null || phase.ended === undefined ? tone : "neutral";
}

function EntryView({ entry, phase, kinds, machine }: { entry: Entry; phase: Phase | null; kinds: readonly string[]; machine: Machine }) {
  const items = kinds.length === 0 ? entry.happened : entry.happened.filter((item) => kinds.includes(item.kind));
  return (
    <li className={styles.entry}>
      <span className={styles.time}>
        <Time at={entry.time} />
      </span>
      <span className={styles.after} title={phase === null ? undefined : `After the beginning of ${phase.status_name}`}>
        {phase !== null && after(Date.parse(entry.time) - Date.parse(phase.began))}
      </span>
      <ul>
        {items.map((item) => (
          <li key={item.kind + item.text}>
            <span className={styles.kind} data-kind={item.kind}>
              {kindOf(item.kind)}
            </span>
            <span className={styles.text}>{item.text}</span>
          </li>
        ))}
      </ul>
      <span className={styles.who} title={entry.from_address === null || entry.from_address === undefined ? undefined : `From ${entry.from_address}`}>
        {actorOf(entry.actor, machine)} <span className={styles.revision}>r{entry.revision}</span>
      </span>
    </li>
  );
}

/** How long after the beginning of a status: `+1:08`. */
export function after(ms: number): string {
  const s = Math.max(0, Math.floor(ms / 1000));
  const two = (value: number) => String(value).padStart(2, "0");
  if (s >= 86_400) return `+${span(s * 1000)}`;
  return s >= 3_600 ? `+${Math.floor(s / 3_600)}:${two(Math.floor((s % 3_600) / 60))}:${two(s % 60)}` : `+${Math.floor(s / 60)}:${two(s % 60)}`;
}

function kindOf(kind: string): string {
  const one: Record<string, string> = { call: "Request", lease: "Lease", phase: "Status" };
  return one[kind] ?? inWords(kind);
}

/** Who it was, as short as it can be said: a machine's own agent is just that. */
export function actorOf(actor: string | null | undefined, machine: Pick<Machine, "system_id" | "hostname">): string {
  if (actor === null || actor === undefined) return "";
  const at = actor.indexOf(":");
  const [kind, name] = at === -1 ? [actor, ""] : [actor.slice(0, at), actor.slice(at + 1)];
  if (name === machine.system_id) return kind === "agent" ? "its agent" : "itself";
  return kind === "user" ? name : `${kind} ${name}`.trim();
}
