/** The revisions of a machine or a device: when, by whom and why, what differed, and a way back. */

import { useState } from "react";

import { useTold } from "../../api/lists";
import type { Difference, History, HistoryEntry } from "../../api/resources";
import { Button } from "../../parts/Button";
import { ConfirmWithPlan } from "../../parts/ConfirmWithPlan";
import { Note, Panel } from "../../parts/Panel";
import { Loading, ProblemView } from "../../parts/Problem";
import type { Tone } from "../../parts/Status";
import { Symbol } from "../../parts/Status";
import { Time } from "../../parts/Time";
import styles from "./HistoryView.module.css";
import { actorOf } from "./Timeline";

const PAGE = 30;
/** Differences that say nothing to anybody. */
const UNSAID = new Set(["/updated", "/created"]);
/** How many differences stand open. */
const OPEN = 8;

interface Props {
  kind: "machines" | "devices";
  id: string;
  name: string;
}

export function HistoryView({ kind, id, name }: Props) {
  const told = useTold<History>(kind, id, "history", PAGE);
  const [taken, setTaken] = useState<HistoryEntry | null>(null);
  if (told.pages === undefined) return told.error === null ? <Loading /> : <ProblemView error={told.error} onRetry={() => void told.refetch()} />;
  const changes = told.pages.flatMap((page) => page.changes);
  const knownAfter = told.pages.at(-1)?.known_after ?? 0;
  return (
    <Panel title="Revisions">
      {changes.length === 0 && <Note>Nothing changed since revision {knownAfter}: what was before is not known any more.</Note>}
      <ol className={styles.changes}>
        {changes.map((change) => (
          <ChangeView key={change.revision} change={change} whose={{ system_id: id, hostname: name }} onUndo={() => setTaken(change)} />
        ))}
      </ol>
      {told.hasNextPage && (
        <div>
          <Button size="small" isPending={told.isFetchingNextPage} onPress={() => void told.fetchNextPage()}>
            Older
          </Button>
        </div>
      )}
      {!told.hasNextPage && changes.length > 0 && knownAfter > 0 && <Note>Of what was before revision {knownAfter}, not everything is known any more.</Note>}
      {taken !== null && (
        <ConfirmWithPlan
          title={`Take back ${taken.reason} of revision ${taken.revision}`}
          verb="Take it back"
          isDangerous={taken.change === "create"}
          change={{ method: "POST", path: `/api/v1/revisions/${taken.revision}/undo` }}
          done={`Taken back: ${taken.reason}`}
          isReversible
          onClose={() => setTaken(null)}
        >
          <p className={styles.explained}>All that users changed at this revision is as it was, also of other objects: as a whole, or not at all. What a machine went through is not undone.</p>
        </ConfirmWithPlan>
      )}
    </Panel>
  );
}

function ChangeView({ change, whose, onUndo }: { change: HistoryEntry; whose: Parameters<typeof actorOf>[1]; onUndo: () => void }) {
  return (
    <li>
      <div className={styles.head}>
        <span className={styles.what}>
          <Symbol tone={TONES[change.change] ?? "neutral"} />
          <strong>{change.reason}</strong>
          <span className={styles.quiet}>by {actorOf(change.actor, whose)}</span>
        </span>
        <span className={styles.when}>
          <Time at={change.time} /> <span className={styles.quiet}>r{change.revision}</span>
        </span>
        {change.actor.startsWith("user:") && (
          <Button size="small" label={`Undo revision ${change.revision}`} onPress={onUndo}>
            Undo…
          </Button>
        )}
      </div>
      <Differences of={change.differences.filter((difference) => !UNSAID.has(difference.pointer))} />
    </li>
  );
}

const TONES: Record<string, Tone> = { create: "good", update: "idle", delete: "bad" };

function Differences({ of }: { of: readonly Difference[] }) {
  if (of.length === 0) return null;
  const table = (
    <dl className={styles.differences}>
      {of.map((difference) => (
        <div key={difference.pointer}>
          <dt>{fieldOf(difference.pointer)}</dt>
          <dd>
            {difference.before !== null && difference.before !== undefined && (
              <>
                <del>{shown(difference.before)}</del> →{" "}
              </>
            )}
            <ins>{shown(difference.after)}</ins>
          </dd>
        </div>
      ))}
    </dl>
  );
  if (of.length <= OPEN) return table;
  return (
    <details>
      <summary className={styles.quiet}>{of.length} members</summary>
      {table}
    </details>
  );
}

/** A pointer as words: `/power/driver` is `power driver`. */
export function fieldOf(pointer: string): string {
  return pointer.slice(1).split("/").map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~").replaceAll("_", " ")).join(" › ");
}

/** How much of a value is shown. */
const LONG = 240;

/** What a value has in it, without the signs of JSON where that is plain. */
function wordsOf(value: unknown): string {
  if (typeof value === "string") return value;
  if (typeof value !== "object" || value === null) return String(value);
  const isFlat = Object.values(value).every((member) => typeof member !== "object" || member === null);
  if (!isFlat) return JSON.stringify(value);
  if (Array.isArray(value)) return value.map(shown).join(", ");
  return Object.entries(value).map(([name, member]) => `${name} ${shown(member)}`).join(", ");
}

/** A value as it is read: times of the store are in milliseconds. */
export function shown(value: unknown): string {
  if (value === null || value === undefined) return "none";
  if (typeof value === "number" && value > 1e12 && value < 1e13) return new Date(value).toISOString();
  const text = wordsOf(value);
  return text === "" ? "empty" : text.length > LONG ? `${text.slice(0, LONG)}…` : text;
}
