/** One verb on the machines or devices that are selected: what it is told, what would happen, and what became of each. */

import { useMutation, useQuery } from "@tanstack/react-query";
import { useDeferredValue, useId, useState } from "react";

import type { Change } from "../../api/changes";
import { make, newKey, planMany } from "../../api/changes";
import { asProblem } from "../../api/problem";
import type { Operation } from "../../api/resources";
import { pathOf } from "../../api/resources";
import type { Values } from "../../form/ResourceForm";
import { Input } from "../../form/Input";
import { Button } from "../../parts/Button";
import { Dialog } from "../../parts/Dialog";
import { count, PlanView } from "../../parts/PlanView";
import { Loading, ProblemView } from "../../parts/Problem";
import { ShowAs } from "../../parts/ShowAs";
import type { Chosen } from "../../table/ResourceTable";
import type { Meant } from "../../table/selection";
import { OperationView } from "./OperationView";
import type { Verb } from "./verbs";

/** How many one operation may be about. */
const MAX = 1000;

type Kind = "machines" | "devices";

interface Props {
  verb: Verb;
  kind?: Kind;
  chosen: Chosen;
  onClose: () => void;
}

export function BulkDialog({ verb, kind = "machines", chosen, onClose }: Props) {
  const [objects, setObjects] = useState<{ meant: Meant; size: number }>(chosen);
  const [made, setMade] = useState<string | null>(null);
  const close = () => {
    if (made !== null) chosen.clear();
    onClose();
  };
  if (made !== null) {
    const retry = (ids: string[]) => {
      setObjects({ meant: { ids }, size: ids.length });
      setMade(null);
    };
    return <OperationView id={made} title={verb.label.replace("…", "")} onClose={close} onRetry={retry} />;
  }
  return <Ask verb={verb} kind={kind} objects={objects} onClose={close} onMade={setMade} />;
}

/** What a verb on some objects is to the API. */
export function order(verb: Verb, objects: { meant: Meant; size: number }, values: Values, kind: Kind = "machines"): Change {
  const told = Object.entries(values).filter(([, value]) => value !== "" && value !== null && value !== false);
  const parameters = { ...verb.fixed, ...Object.fromEntries(told) };
  const body = { verb: verb.verb, ...objects.meant, ...(Object.keys(parameters).length === 0 ? {} : { parameters }), max: Math.min(MAX, Math.max(1, objects.size)) };
  return { method: "POST", path: `${pathOf(kind)}/actions`, body };
}

function Ask({ verb, kind, objects, onClose, onMade }: { verb: Verb; kind: Kind; objects: { meant: Meant; size: number }; onClose: () => void; onMade: (id: string) => void }) {
  const [values, setValues] = useState<Values>({});
  const [key, setKey] = useState(newKey);
  const id = useId();
  const change = order(verb, objects, values, kind);
  const noun = kind.slice(0, -1);
  const settled = useDeferredValue(change);
  const isTooMany = objects.size > MAX;
  const missing = verb.fields?.find((field) => field.isNeeded === true && (values[field.name] ?? "") === "");
  const isReady = !isTooMany && missing === undefined;
  const planned = useQuery({
    queryKey: ["plan", undefined, settled],
    queryFn: ({ signal }) => planMany(settled, signal),
    enabled: isReady,
    gcTime: 0,
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  });
  const made = useMutation({
    mutationFn: () => make<Operation>(change, { ifPlan: planned.data?.plan, key }),
    onSuccess: (answer) => onMade(answer.data.id),
  });
  const again = () => {
    made.reset();
    setKey(newKey());
    void planned.refetch();
  };
  const isOutdated = made.error !== null && asProblem(made.error).status === 412;
  const willDo = planned.data === undefined ? 0 : planned.data.targets - planned.data.refused.length;
  const refusal = isTooMany
    ? `One operation is about ${MAX} ${kind} at most.`
    : missing !== undefined
      ? `${missing.label} is missing.`
      : planned.data === undefined
        ? "What it would do is being found out."
        : willDo === 0
          ? "It would be refused for all of them."
          : null;
  const label = verb.label.replace("…", "");
  return (
    <Dialog
      title={`${label}: ${count(objects.size, noun)}`}
      isOpen
      onClose={onClose}
      width="wide"
      footer={
        <>
          <Button onPress={onClose}>Cancel</Button>
          {isOutdated ? (
            <Button kind="primary" onPress={again}>
              Look again
            </Button>
          ) : (
            <Button kind={verb.isDangerous === true ? "danger" : "primary"} refusal={refusal} isPending={made.isPending} onPress={() => made.mutate()}>
              {label} {willDo > 0 ? count(willDo, noun) : ""}
            </Button>
          )}
        </>
      }
    >
      {isTooMany && <p>Narrow the filter: one operation is about {MAX.toLocaleString("en")} {kind} at most.</p>}
      {verb.fields?.map((field) => (
        <Input
          key={field.name}
          id={`${id}-${field.name}`}
          field={field}
          value={values[field.name] ?? (field.kind === "checkbox" ? false : "")}
          fault={null}
          onChange={(value) => {
            setValues((before) => ({ ...before, [field.name]: value }));
            setKey(newKey());
            made.reset();
          }}
        />
      ))}
      {isReady && planned.isPending && <Loading what="Finding out what would happen" />}
      {planned.error !== null && <ProblemView error={planned.error} onRetry={again} />}
      {planned.data !== undefined && isReady && <PlanView plan={planned.data} />}
      {made.error !== null && <ProblemView error={made.error} />}
      <ShowAs change={change} />
    </Dialog>
  );
}
