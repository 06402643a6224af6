/** One verb on the objects that are selected in a table: what it is told, what would happen, and what became of each. */

import type { ReactNode } from "react";
import { useState } from "react";

import type { Change } from "../../api/changes";
import type { BulkPlan, Operation, Plan } from "../../api/resources";
import { pathOf } from "../../api/resources";
import type { paths } from "../../api/schema";
import type { Field, Values } from "../../form/Fields";
import { Fields, missing } from "../../form/Fields";
import { ConfirmWithPlan } from "../../parts/ConfirmWithPlan";
import { Menu } from "../../parts/Menu";
import { count } from "../../parts/PlanView";
import type { Chosen } from "../../table/ResourceTable";
import type { Meant } from "../../table/selection";
import { OperationDialog } from "./OperationDialog";

type Kind = "machines" | "devices";

/** The verbs that the API knows for many objects of a kind. */
type VerbOf<K extends Kind> = NonNullable<paths[`/api/v1/${K}/actions`]["post"]["requestBody"]["content"]["application/json"]["verb"]>;

/** What can be done to many objects. */
export interface Verb<K extends Kind = Kind> {
  id: string;
  label: string;
  /** What it does, where the label does not say it. */
  detail?: string | undefined;
  /** The verb of the API. */
  verb: VerbOf<K>;
  isDangerous?: boolean;
  /** What it can be told. */
  fields?: readonly Field[];
}

/** What a verb is about. */
interface Objects {
  meant: Meant;
  size: number;
}

/** How many one operation may be about. */
const MAX = 1000;

type Step<K extends Kind> = { verb: Verb<K>; chosen: Chosen } & ({ kind: "ask"; objects: Objects } | { kind: "watch"; operation: string });

/** `menu` offers verbs for what is chosen; `dialog` asks for one, and stays when the objects leave the table. */
export function useBulk<K extends Kind>(kind: K): { menu: (label: string, verbs: readonly Verb<K>[], chosen: Chosen) => ReactNode; dialog: ReactNode } {
  const [step, setStep] = useState<Step<K> | null>(null);
  const close = () => setStep(null);
  const menu = (label: string, verbs: readonly Verb<K>[], chosen: Chosen) => (
    <Menu
      size="small"
      label={label}
      choices={verbs}
      onChoose={(id) => {
        const verb = verbs.find((found) => found.id === id);
        if (verb !== undefined) setStep({ kind: "ask", verb, chosen, objects: chosen });
      }}
    />
  );
  if (step === null) return { menu, dialog: null };
  const { verb, chosen } = step;
  const dialog =
    step.kind === "ask" ? (
      <Ask verb={verb} kind={kind} objects={step.objects} onClose={close} onMade={(operation) => setStep({ kind: "watch", verb, chosen, operation })} />
    ) : (
      <OperationDialog
        id={step.operation}
        title={plain(verb)}
        onClose={() => {
          chosen.clear();
          close();
        }}
        onRetry={(ids) => setStep({ kind: "ask", verb, chosen, objects: { meant: { ids }, size: ids.length } })}
      />
    );
  return { menu, dialog };
}

const plain = (verb: Pick<Verb, "label">) => verb.label.replace("…", "");

/** What a verb on some objects is to the API. */
export function order<K extends Kind>(verb: Verb<K>, objects: Objects, values: Values, kind: K): Change {
  const told = Object.fromEntries(Object.entries(values).filter(([, value]) => value !== "" && value !== null && value !== false));
  const parameters = Object.keys(told).length === 0 ? {} : { parameters: told };
  return { method: "POST", path: `${pathOf(kind)}/actions`, body: { verb: verb.verb, ...objects.meant, ...parameters, max: Math.min(MAX, Math.max(1, objects.size)) } };
}

function Ask<K extends Kind>({ verb, kind, objects, onClose, onMade }: { verb: Verb<K>; kind: K; objects: Objects; onClose: () => void; onMade: (operation: string) => void }) {
  const [values, setValues] = useState<Values>({});
  const { fields = [] } = verb;
  const noun = kind.slice(0, -1);
  const tooMany = objects.size > MAX ? `Narrow the filter: one operation is about ${MAX.toLocaleString("en")} ${kind} at most.` : null;
  const willDo = (plan: Plan | BulkPlan) => ("targets" in plan ? plan.targets - plan.refused.length : 0);
  return (
    <ConfirmWithPlan
      title={`${plain(verb)}: ${count(objects.size, noun)}`}
      change={order(verb, objects, values, kind)}
      verb={(plan) => (plan === undefined || willDo(plan) === 0 ? plain(verb) : `${plain(verb)} ${count(willDo(plan), noun)}`)}
      isDangerous={verb.isDangerous === true}
      refusal={tooMany ?? missing(fields, values)}
      width="wide"
      done={null}
      onClose={onClose}
      onDone={(answer) => onMade((answer.data as Operation).id)}
    >
      {tooMany !== null && <p>{tooMany}</p>}
      <Fields fields={fields} values={values} onChange={(name, value) => setValues((before) => ({ ...before, [name]: value }))} />
    </ConfirmWithPlan>
  );
}
