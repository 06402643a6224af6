/** One operation: what it is, how far, what became of each object, and what can be done about those that were refused. */

import { useState } from "react";
import { Link, useNavigate, useParams } from "react-router";

import type { Change } from "../../api/changes";
import { useObject } from "../../api/lists";
import type { Operation } from "../../api/resources";
import { pathOf } from "../../api/resources";
import { Button } from "../../parts/Button";
import { ConfirmWithPlan } from "../../parts/ConfirmWithPlan";
import { PageHeader } from "../../parts/PageHeader";
import { Beside, Facts, Note, Panel, Panels } from "../../parts/Panel";
import { PlainTable } from "../../parts/PlainTable";
import { count } from "../../parts/PlanView";
import { Status, Symbol } from "../../parts/Status";
import { span, Time } from "../../parts/Time";
import { UnreadPage } from "../../parts/UnreadPage";
import { useParameters } from "../../shell/parameters";
import { hasSecrets, ORDER, Outcome, outcomeTone, outcomeWord, parametersOf, Progress, progressOf, reasons, refusedIds, sorted, State, titleOf, targetsOf } from "./operation";
import styles from "./Operations.module.css";

/** How many objects are shown at once. */
const SHOWN = 200;

const ABOVE = [{ title: "Operations", to: "/operations" }];

/** The same again for those that were refused. */
export function retryOf(operation: Operation): Change {
  const ids = refusedIds(operation);
  const parameters = parametersOf(operation);
  const told = Object.keys(parameters).length === 0 ? {} : { parameters };
  return { method: "POST", path: `/api/v1/${operation.kind}/actions`, body: { verb: operation.verb, ids, ...told, max: Math.max(1, ids.length) } };
}

/** Why it cannot be repeated for those that were refused. */
export function retryRefusal(operation: Operation): string | null {
  if (operation.state === "running") return "It is still under way.";
  if (operation.failed === 0) return "Nothing was refused.";
  return hasSecrets(operation) ? "It was told a secret, which is not told again: select the machines anew." : null;
}

export default function OperationPage() {
  const { id = "" } = useParams();
  const read = useObject("operations", id);
  const [asked, setAsked] = useState<"cancel" | "retry" | null>(null);
  const { item: operation } = read;
  if (operation === undefined) return <UnreadPage title={id} above={ABOVE} result={read} />;
  const isRunning = operation.state === "running";
  return (
    <>
      <PageHeader title={titleOf(operation)} above={ABOVE} beside={<State of={operation} />}>
        <Button onPress={() => setAsked("retry")} refusal={retryRefusal(operation)}>
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
      {asked !== null && <Ask what={asked} operation={operation} onClose={() => setAsked(null)} />}
    </>
  );
}

function Ask({ what, operation, onClose }: { what: "cancel" | "retry"; operation: Operation; onClose: () => void }) {
  const navigate = useNavigate();
  if (what === "cancel") {
    return (
      <ConfirmWithPlan
        title={`Give up ${count(operation.waiting, "object")} that ${operation.waiting === 1 ? "waits" : "wait"}?`}
        change={{ method: "POST", path: `${pathOf("operations", operation.id)}/cancel` }}
        verb="Give them up"
        cli={`ironraft operation cancel ${operation.id}`}
        done="What waited was given up"
        onClose={onClose}
      >
        <p>What is done stays done. What is under way at this moment is still done.</p>
      </ConfirmWithPlan>
    );
  }
  return (
    <ConfirmWithPlan
      title={`Repeat ${operation.verb} for ${count(operation.failed, "object")}?`}
      change={retryOf(operation)}
      verb="Repeat"
      isDangerous={/release|delete|power-off|erase/.test(operation.verb)}
      done={null}
      onClose={onClose}
      onDone={(answer) => void navigate(`/operations/${(answer.data as Operation).id}`)}
    >
      <p>It is another operation, about those alone that were refused.</p>
    </ConfirmWithPlan>
  );
}

/** How long it took. */
function took({ created, ended }: Operation): string {
  const ms = Date.parse(ended ?? "") - Date.parse(created);
  return Number.isNaN(ms) ? "" : ` (took ${ms < 1000 ? `${ms} ms` : span(ms)})`;
}

function About({ operation }: { operation: Operation }) {
  const { filter, from_address } = operation;
  const parameters = Object.entries(parametersOf(operation)).map(([name, value]) => `${name}=${typeof value === "string" ? value : JSON.stringify(value)}`);
  const told = parameters.map((parameter) => (
    <span key={parameter}>
      <code>{parameter}</code>{" "}
    </span>
  ));
  return (
    <Panel title="What was asked for">
      <Facts
        of={[
          ["By", `${operation.username}${(from_address ?? "") === "" ? "" : `, from ${from_address}`}`],
          ["When", <Time key="when" at={operation.created} />],
          ["Verb", <code key="verb">{operation.verb}</code>],
          ["Meant by", filter === null || filter === undefined ? "their names" : <code key="filter">{filter === "" ? "everything" : filter}</code>],
          ["Told", told.length > 0 && told],
          ["Found at", `revision ${operation.resolved_at.toLocaleString("en")}`],
          ["Ended", (operation.ended ?? "") !== "" && <span key="ended"><Time at={operation.ended} />{took(operation)}</span>],
          ["Cancelled by", operation.cancelled_by],
        ]}
      />
    </Panel>
  );
}

function Reasons({ operation }: { operation: Operation }) {
  const why = reasons(targetsOf(operation));
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

/** The kinds whose objects have a page by the id that an operation names them by. */
const PAGED: readonly string[] = ["machines", "devices", "racks"];

function Targets({ operation }: { operation: Operation }) {
  const [get, put] = useParameters();
  const wanted = get("outcome");
  const shown = sorted(targetsOf(operation).filter((target) => wanted === "" || target.outcome === wanted));
  const counted = ORDER.filter((outcome) => operation[outcome] > 0 || wanted === outcome);
  return (
    <Panel
      title="Objects"
      beside={
        <span className={styles.pills} role="group" aria-label="Outcome">
          {counted.map((outcome) => (
            <button key={outcome} type="button" className={styles.pill} aria-pressed={wanted === outcome} onClick={() => put({ outcome: wanted === outcome ? "" : outcome })}>
              <Symbol tone={outcomeTone(outcome)} /> {outcomeWord(outcome)} <span className={styles.number}>{operation[outcome].toLocaleString("en")}</span>
            </button>
          ))}
        </span>
      }
    >
      <PlainTable
        label="Objects"
        columns={[
          { header: "Name", cell: (target) => (PAGED.includes(operation.kind) ? <Link to={`/${operation.kind}/${target.id}`}>{target.name}</Link> : target.name), widthMin: 140 },
          { header: "Outcome", cell: (target) => <Outcome of={target} />, widthMin: 110 },
          { header: "Why", cell: (target) => target.detail ?? "" },
          { header: "Revision", cell: (target) => (target.revision === null || target.revision === undefined ? null : <Link to={`/revisions/${target.revision}`}>{target.revision.toLocaleString("en")}</Link>), isNumeric: true },
          { header: "When", cell: (target) => (target.time === null || target.time === undefined ? null : <Time at={target.time} />), isNarrow: true },
        ]}
        rows={shown.slice(0, SHOWN)}
        rowKey={(target) => target.id}
        empty="None has that outcome."
      />
      {shown.length > SHOWN && <Note>The first {SHOWN} of {shown.length.toLocaleString("en")}. Choose an outcome to see others.</Note>}
    </Panel>
  );
}
