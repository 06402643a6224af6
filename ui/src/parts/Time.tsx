/** Times: how long ago, and exactly when for who points at it; or the other way round, as chosen. */

import { useSyncExternalStore } from "react";

import { preference } from "../shell/preference";

const TIMES = preference<"relative" | "absolute">("times", "relative", ["relative", "absolute"]);

export function useTimesChoice() {
  const choice = useSyncExternalStore(TIMES.subscribe, TIMES.read);
  return [choice, TIMES.set] as const;
}

/** A span of time in its two largest units: `2 h 5 min`. */
export function span(ms: number): string {
  const s = Math.floor(Math.abs(ms) / 1000);
  if (s < 60) return `${s} s`;
  const units: [string, number][] = [["d", 86_400], ["h", 3_600], ["min", 60], ["s", 1]];
  const at = units.findIndex(([, size]) => s >= size);
  const [unit, size] = units[at] ?? ["s", 1];
  const [smaller, smallerSize] = units[at + 1] ?? ["s", 1];
  const rest = Math.floor((s % size) / smallerSize);
  const isCoarse = unit === "min" || s >= size * 10;
  return rest === 0 || isCoarse ? `${Math.floor(s / size)} ${unit}` : `${Math.floor(s / size)} ${unit} ${rest} ${smaller}`;
}

/** How long ago, or in how long. */
export function ago(then: number, now: number): string {
  const ms = now - then;
  if (Math.abs(ms) < 5_000) return "now";
  return ms > 0 ? `${span(ms)} ago` : `in ${span(ms)}`;
}

/** Exactly when, in the zone of the browser. */
export function exactly(then: Date): string {
  const two = (value: number) => String(value).padStart(2, "0");
  const day = `${then.getFullYear()}-${two(then.getMonth() + 1)}-${two(then.getDate())}`;
  return `${day} ${two(then.getHours())}:${two(then.getMinutes())}:${two(then.getSeconds())}`;
}

/** A point in time (RFC 3339). */
export function Time({ at }: { at: string | null | undefined }) {
  const [choice] = useTimesChoice();
  const now = useNow();
  if (at === null || at === undefined || at === "") return <span>–</span>;
  const then = new Date(at);
  if (Number.isNaN(then.getTime())) return <span>{at}</span>;
  const [shown, hint] = choice === "relative" ? [ago(then.getTime(), now), exactly(then)] : [exactly(then), ago(then.getTime(), now)];
  return (
    <time dateTime={at} title={`${hint} (${at})`} style={{ fontVariantNumeric: "tabular-nums", whiteSpace: "nowrap" }}>
      {shown}
    </time>
  );
}

export function Duration({ ms }: { ms: number }) {
  return <span style={{ fontVariantNumeric: "tabular-nums" }}>{span(ms)}</span>;
}

// One clock for all times of the page.
let now = Date.now();
const shown = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | null = null;

function follow(told: () => void): () => void {
  if (timer === null) {
    now = Date.now();
    timer = setInterval(() => {
      now = Date.now();
      shown.forEach((again) => again());
    }, 5_000);
  }
  shown.add(told);
  return () => {
    shown.delete(told);
    if (shown.size > 0 || timer === null) return;
    clearInterval(timer);
    timer = null;
  };
}

/** The time now, in steps of some seconds. */
export function useNow(): number {
  return useSyncExternalStore(follow, () => now);
}
