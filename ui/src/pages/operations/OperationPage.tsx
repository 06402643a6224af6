/** One operation: what it is, how far, what became of each object, and what can be done about those that were refused. */

import { useState } from "react";
import { Link, useNavigate, useParams, useSearchParams } from "react-router";

import type { Change } from "../../api/changes";
import { useObject } from "../../api/lists";
import type { Operation, OperationTarget } from "../../api/resources";
import { Button } from "../../parts/Button";
import { ConfirmWithPlan } from "../../parts/ConfirmWithPlan";
import { PageHeader } from "../../parts/PageHeader";
import { Beside, Facts, Note, Panel, Panels } from "../../parts/Panel";
import { PlainTable } from "../../parts/PlainTable";
import { count } from "../../parts/PlanView";
import { Loading, ProblemView } from "../../parts/Problem";
import { Status, Symbol } from "../../parts/Status";
import { span, Time } from "../../parts/Time";
import { ORDER, OUTCOME_WORDS, OUTCOMES, parametersOf, Progress, progressOf, reasons, stateInWords, STATES, titleOf } from "./operation";
import styles from "./Operations.module.css";

type Told = Operation & { from_address?: string | null; parameters?: Record<string, unknown>; resolved_at?: number };

/** How many objects are shown at once. */
const SHOWN = 200;

/** The same again for those that were refused. */
export function retryOf(operation: Told): Change {
  const ids = operation.targets.filter((target) => target.outcome === "failed").map((target) => target.id);
  const parameters = parametersOf(operation.parameters ?? {});
  const told = Object.keys(parameters).length === 0 ? {} : { parameters };
  return { method: "POST", path: `/api/v1/${operation.kind}/actions`, body: { verb: operation.verb, ids, ...told, max: Math.max(1, ids.length) } };
}

export default function OperationPage() {
  const { id = "" } = useParams();
  const { item, error, refetch } = useObject("operations", id);
  const [asked, setAsked] = useState<"cancel" | "retry" | null>(null);
  const navigate = useNavigate();
  const above = [{ title: "Operations", to: "/operations" }];
  if (item === undefined) {
    return (
      <>
        <PageHeader title={id} above={above} />
        <Panels>{error === null ? <Loading /> : <ProblemView error={error} onRetry={() => void refetch()} />}</Panels>
      </>
    );
  }
  const operation: Told = item;
  const isRunning = operation.state === "running";
  return (
    <>
      <PageHeader title={titleOf(operation)} above={above} beside={<Status tone={STATES[operation.state]}>{stateInWords(operation)}</Status>}>
        <Button onPress={() => setAsked("retry")} refusal={isRunning ? "It is still under way." : operation.failed === 0 ? "Nothing was refused." : null}>
          Repeat for the refused
        </Button>
        <Button onPress={() => setAsked("cancel")} refusal={isRunning ? null : "It has ended."}>
          Give up what waits
        </Button>
      </PageHeader>
      <Panels>
        <Panel title="How far it is" beside={progressOf(operation)}>
          <Progress operation={operation} />
          {isRunning && <Note>It goes on when this page is closed, and when the region that leads dies.</Note>}
        </Panel>
        <Beside>
          <About operation={operation} />
          <Reasons operation={operation} />
        </Beside>
        <Targets operation={operation} />
      </Panels>
      {asked === "cancel" && (
        <ConfirmWithPlan
          title={`Give up ${count(operation.waiting, "object")} that ${operation.waiting === 1 ? "waits" : "wait"}?`}
          change={{ method: "POST", path: `/api/v1/operations/${id}/cancel` }}
          verb="Give them up"
          cli={`ironraft operation cancel ${id}`}
          done="What waited was given up"
          onClose={() => setAsked(null)}
        >
          <p>What is done stays done. What is under way at this moment is still done.</p>
        </ConfirmWithPlan>
      )}
      {asked === "retry" && (
        <ConfirmWithPlan
          title={`Repeat ${operation.verb} for ${count(operation.failed, "object")}?`}
          change={retryOf(operation)}
          verb="Repeat"
          isDangerous={/release|delete|power-off|erase/.test(operation.verb)}
          done={null}
          onClose={() => setAsked(null)}
          onDone={(answer) => void navigate(`/operations/${(answer.data as Operation).id}`)}
        >
          <p>It is another operation, about those alone that were refused.</p>
        </ConfirmWithPlan>
      )}
    </>
  );
}

function About({ operation }: { operation: Told }) {
  const parameters = Object.entries(parametersOf(operation.parameters ?? {}));
  const took = operation.ended === null ? null : new Date(operation.ended).getTime() - new Date(operation.created).getTime();
  return (
    <Panel title="What was asked for">
      <Facts
        of={[
          ["By", `${operation.username}${(operation.from_address ?? "") === "" ? "" : `, from ${operation.from_address}`}`],
          ["When", <Time key="when" at={operation.created} />],
          ["Verb", <code key="verb">{operation.verb}</code>],
          ["Meant by", operation.filter === null ? "their names" : <code key="filter">{operation.filter === "" ? "everything" : operation.filter}</code>],
          parameters.length === 0
            ? null
            : [
                "Told",
                <span key="told">
                  {parameters.map(([name, value]) => (
                    <code key={name}>
                      {name}={typeof value === "string" ? value : JSON.stringify(value)}{" "}
                    </code>
                  ))}
                </span>,
              ],
          ["Found at", operation.resolved_at === undefined ? "–" : `revision ${operation.resolved_at.toLocaleString("en")}`],
          operation.ended === null
            ? null
            : [
                "Ended",
                <span key="ended">
                  <Time at={operation.ended} />
                  {took !== null && ` (took ${took < 1000 ? `${took} ms` : span(took)})`}
                </span>,
              ],
          operation.cancelled_by === null ? null : ["Cancelled by", operation.cancelled_by],
        ]}
      />
    </Panel>
  );
}

function Reasons({ operation }: { operation: Told }) {
  const why = reasons(operation.targets);
  return (
    <Panel title="Why some were refused" beside={why.length === 0 ? undefined : count(operation.failed, "object")}>
      {why.length === 0 && <Note>{operation.state === "running" ? "None was refused so far." : "None was refused."}</Note>}
      <ul className={styles.reasons}>
        {why.slice(0, 8).map(({ detail, targets }) => (
          <li key={detail}>
            <Status tone="bad">{`${targets.length.toLocaleString("en")} ×`}</Status>
            <span>{detail}</span>
            <p>
              {targets
                .slice(0, 6)
                .map((target) => target.name)
                .join(", ")}
              {targets.length > 6 && ` and ${targets.length - 6} more`}
            </p>
          </li>
        ))}
      </ul>
    </Panel>
  );
}

function Targets({ operation }: { operation: Told }) {
  const [search, setSearch] = useSearchParams();
  const wanted = search.get("outcome") as OperationTarget["outcome"] | null;
  const choose = (outcome: string) =>
    setSearch(
      (before) => {
        const after = new URLSearchParams(before);
        if (after.get("outcome") === outcome) after.delete("outcome");
        else after.set("outcome", outcome);
        return after;
      },
      { replace: true },
    );
  const sorted = operation.targets
    .filter((target) => wanted === null || target.outcome === wanted)
    .sort((one, other) => ORDER.indexOf(one.outcome) - ORDER.indexOf(other.outcome) || one.name.localeCompare(other.name, undefined, { numeric: true }));
  const numbers = { waiting: operation.waiting, done: operation.done, failed: operation.failed, cancelled: operation.cancelled };
  return (
    <Panel
      title="Objects"
      beside={
        <span className={styles.pills} role="group" aria-label="Outcome">
          {ORDER.filter((outcome) => numbers[outcome] > 0 || wanted === outcome).map((outcome) => (
            <button key={outcome} type="button" className={styles.pill} aria-pressed={wanted === outcome} onClick={() => choose(outcome)}>
              <Symbol tone={OUTCOMES[outcome]} /> {OUTCOME_WORDS[outcome]} <span className={styles.number}>{numbers[outcome].toLocaleString("en")}</span>
            </button>
          ))}
        </span>
      }
      isFlush
    >
      <PlainTable
        label="Objects"
        columns={[
          { header: "Name", cell: (target) => (operation.kind === "machines" ? <Link to={`/machines/${target.id}`}>{target.name}</Link> : target.name), widthMin: 140 },
          { header: "Outcome", cell: (target) => <Status tone={OUTCOMES[target.outcome]}>{OUTCOME_WORDS[target.outcome]}</Status>, widthMin: 110 },
          { header: "Why", cell: (target) => target.detail ?? "" },
          { header: "Revision", cell: (target) => (target.revision === null ? "" : <Link to={`/revisions/${target.revision}`}>{target.revision.toLocaleString("en")}</Link>), isNumeric: true },
          { header: "When", cell: (target) => (target.time === null ? "" : <Time at={target.time} />), isNarrow: true },
        ]}
        rows={sorted.slice(0, SHOWN)}
        rowKey={(target) => target.id}
        empty="None has that outcome."
      />
      {sorted.length > SHOWN && <Note>The first {SHOWN} of {sorted.length.toLocaleString("en")}. Choose an outcome to see others.</Note>}
    </Panel>
  );
}
