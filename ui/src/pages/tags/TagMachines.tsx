/** Giving a tag to the machines that a filter means, or taking it from them: who that is, is shown while it is typed. */

import { useMutation } from "@tanstack/react-query";
import { useState } from "react";

import { useFirstPage } from "../../api/lists";
import { asProblem } from "../../api/problem";
import type { Machine } from "../../api/resources";
import { pathOf } from "../../api/resources";
import { Button } from "../../parts/Button";
import { ConfirmWithPlan } from "../../parts/ConfirmWithPlan";
import { Dialog } from "../../parts/Dialog";
import { count } from "../../parts/PlanView";
import { ProblemView } from "../../parts/Problem";
import { machineTone, Status } from "../../parts/Status";
import { readAll } from "../../table/export";
import { both, quotedText, valueTerm } from "../../table/filter";
import { FilterBox } from "../../table/FilterBox";
import type { Tag } from "./Tags";
import styles from "./Tags.module.css";

/** How many at once. */
const MAX = 1000;
/** How many are named. */
const SHOWN = 8;

export function TagMachines({ tag, onClose }: { tag: Tag; onClose: () => void }) {
  const [isAdding, setAdding] = useState(true);
  const [filter, setFilter] = useState("");
  const carries = isAdding ? `tag:!${quotedText(tag.name)}` : valueTerm("tag", tag.name);
  const meant = both(filter, carries);
  const found = useFirstPage("machines", { filter: meant, sort: "hostname", limit: SHOWN });
  const ids = useMutation({ mutationFn: async () => (await readAll("machines", meant, "hostname")).map((machine) => machine.system_id) });
  const problem = found.error === null ? null : asProblem(found.error);
  const fault = problem?.parameterFault("filter") ?? null;
  const total = found.data?.total ?? 0;
  if (ids.data !== undefined) return <Confirm tag={tag} ids={ids.data} isAdding={isAdding} onClose={onClose} />;
  const footer = (
    <>
      <Button onPress={onClose}>Cancel</Button>
      <Button kind="primary" refusal={refusalOf(fault, total)} isPending={ids.isPending} onPress={() => ids.mutate()}>
        {isAdding ? "Give it to" : "Take it from"} {count(total, "machine")}…
      </Button>
    </>
  );
  return (
    <Dialog title={`Who carries ${tag.name}`} isOpen onClose={onClose} width="wide" isDismissable={false} footer={footer}>
      <div className={styles.choice} role="radiogroup" aria-label="What is done">
        {[true, false].map((one) => (
          <label key={String(one)}>
            <input type="radio" name="deed" checked={isAdding === one} onChange={() => setAdding(one)} />
            {one ? "Give it to machines that do not carry it" : "Take it from machines that carry it"}
          </label>
        ))}
      </div>
      <FilterBox resource="machines" value={filter} onChange={setFilter} fault={fault} placeholder="All of them, or: pool:lab cpus:>16" />
      {problem !== null && fault === null && <ProblemView error={problem} onRetry={() => void found.refetch()} />}
      {ids.error !== null && <ProblemView error={ids.error} />}
      <Found machines={fault === null ? (found.data?.items ?? []) : []} total={fault === null ? total : null} />
    </Dialog>
  );
}

/** Why it cannot be gone on with. */
function refusalOf(fault: string | null, total: number): string | null {
  if (fault !== null) return "The filter cannot be read.";
  if (total === 0) return "It means no machine.";
  return total > MAX ? `At most ${MAX.toLocaleString("en")} at once: narrow the filter.` : null;
}

function Confirm({ tag, ids, isAdding, onClose }: { tag: Tag; ids: readonly string[]; isAdding: boolean; onClose: () => void }) {
  const machines = count(ids.length, "machine");
  return (
    <ConfirmWithPlan
      title={`${isAdding ? "Give" : "Take"} ${tag.name} ${isAdding ? "to" : "from"} ${machines}?`}
      change={{ method: "POST", path: `${pathOf("tags", tag.name)}/update-nodes`, body: isAdding ? { add: ids } : { remove: ids } }}
      verb={isAdding ? "Give it" : "Take it"}
      isReversible
      done={`${tag.name}: ${machines} ${isAdding ? (ids.length === 1 ? "carries" : "carry") : "lost"} it`}
      onClose={onClose}
    />
  );
}

/** Some of the machines that are meant, and how many there are; null while that is not known. */
function Found({ machines, total }: { machines: readonly Machine[]; total: number | null }) {
  return (
    <>
      <ul className={styles.found} aria-label="Machines that the filter means">
        {machines.map((machine) => (
          <li key={machine.system_id}>
            <strong>{machine.fqdn}</strong> <Status tone={machineTone(machine.status_name)}>{machine.status_name}</Status> <span>{machine.tag_names.join(", ")}</span>
          </li>
        ))}
      </ul>
      <p className={styles.quiet} role="status">
        {total === null ? "" : total === 0 ? "No machine is meant." : total > SHOWN ? `and ${(total - SHOWN).toLocaleString("en")} more` : `${count(total, "machine")} in all`}
      </p>
    </>
  );
}
