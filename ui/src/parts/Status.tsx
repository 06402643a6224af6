/** A state as a symbol and a word: its color only repeats what its shape says. */

import styles from "./Status.module.css";

export type Tone = "good" | "busy" | "bad" | "warn" | "idle" | "neutral";

export function Status({ tone, children, detail }: { tone: Tone; children: string; detail?: string | undefined }) {
  return (
    <span className={styles.status} data-tone={tone} title={detail}>
      <Symbol tone={tone} />
      <span className={styles.word}>{children}</span>
    </span>
  );
}

/** Each tone has a shape of its own. */
export function Symbol({ tone }: { tone: Tone }) {
  return (
    <svg className={styles.symbol} data-tone={tone} width="12" height="12" viewBox="0 0 12 12" aria-hidden="true">
      {tone === "good" && <circle cx="6" cy="6" r="4.500" fill="currentColor" />}
      {tone === "busy" && (
        <>
          <circle cx="6" cy="6" r="4.100" fill="none" stroke="currentColor" strokeWidth="1.600" />
          <path d="M6 1.900A4.100 4.100 0 0 1 6 10.100z" fill="currentColor" />
        </>
      )}
      {tone === "bad" && <path d="M6 .8 11.500 10.800H.5z" fill="currentColor" />}
      {tone === "warn" && <path d="M6 .7 11.300 6 6 11.300 .7 6z" fill="currentColor" />}
      {tone === "idle" && <circle cx="6" cy="6" r="4" fill="none" stroke="currentColor" strokeWidth="1.600" />}
      {tone === "neutral" && <path d="M2 6h8" stroke="currentColor" strokeWidth="2" strokeLinecap="round" />}
    </svg>
  );
}

/** What a machine's status means at a glance. Takes both forms: `failed_deployment` and `Failed deployment`. */
export function machineTone(status: string): Tone {
  const word = status.toLowerCase().replaceAll("_", " ");
  if (word.startsWith("failed") || word === "broken" || word === "missing") return "bad";
  if (word === "deployed") return "good";
  if (word.includes("rescue")) return "warn";
  if (/(commissioning|testing|deploying|releasing|erasing)$/.test(word)) return "busy";
  if (word === "ready") return "idle";
  return "neutral";
}

/** A status in words: `failed_deployment` is `Failed deployment`. */
export function inWords(status: string): string {
  const words = status.replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

export function powerTone(state: string): Tone {
  return state === "on" ? "good" : state === "off" ? "idle" : state === "error" ? "bad" : "neutral";
}
