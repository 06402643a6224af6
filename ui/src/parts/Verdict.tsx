/** What a page answers first: what is wrong with what it shows, and what to do; or that nothing is. */

import type { ReactNode } from "react";

import type { Tone } from "./Status";
import { Symbol } from "./Status";
import styles from "./Verdict.module.css";

/** One thing that is to be said. */
export interface Finding {
  tone: Tone;
  text: string;
  /** What there is to do about it. */
  help?: ReactNode;
}

const ORDER: readonly Tone[] = ["bad", "warn", "busy", "good", "idle", "neutral"];

interface Props {
  findings: readonly Finding[];
  /** What is said when nothing is wrong. */
  well: string;
  /** What follows it. */
  help?: ReactNode;
  /** Another tone than `good` says that there is nothing to be well. */
  tone?: Tone;
}

export function Verdict({ findings, well, help, tone = "good" }: Props) {
  const sorted = [...findings].sort((one, other) => ORDER.indexOf(one.tone) - ORDER.indexOf(other.tone));
  const isWell = !sorted.some((finding) => finding.tone === "bad" || finding.tone === "warn");
  const all: readonly Finding[] = isWell ? [{ tone, text: well, help }, ...sorted] : sorted;
  return (
    <ul className={styles.verdict} data-tone={all[0]?.tone} aria-label="What is to be said of it">
      {all.map((finding) => (
        <li key={finding.text}>
          <Symbol tone={finding.tone} />
          <span>
            <strong>{finding.text}</strong>
            {finding.help !== undefined && <span className={styles.help}> {finding.help}</span>}
          </span>
        </li>
      ))}
    </ul>
  );
}
