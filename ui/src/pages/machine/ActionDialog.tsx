/** Asks for one action on one machine: what it is told, what will happen, and what would change. */

import { useState } from "react";

import type { Machine } from "../../api/resources";
import type { Values } from "../../form/Fields";
import { Fields, missing } from "../../form/Fields";
import { ConfirmWithPlan } from "../../parts/ConfirmWithPlan";
import type { Action } from "./actions";
import { changeOf, cliOf } from "./actions";
import { useDeployFields } from "./deploy";

interface Props {
  action: Action;
  machine: Machine;
  onClose: () => void;
  onDone?: () => void;
}

export function ActionDialog({ action, machine, onClose, onDone }: Props) {
  const [values, setValues] = useState<Values>({});
  const deploy = useDeployFields(machine, action.id === "deploy");
  const fields = action.id === "deploy" ? deploy.fields : (action.fields ?? []);
  const given = { ...deploy.initial, ...values };
  const change = changeOf(action, machine, given);
  const verb = action.does ?? action.label;
  return (
    <ConfirmWithPlan
      title={`${verb}: ${machine.hostname}`}
      verb={verb}
      change={change}
      cli={cliOf(action, machine, change)}
      refusal={deploy.refusal ?? missing(fields, given)}
      isDangerous={action.isDangerous === true}
      isReversible={action.isReversible === true}
      done={action.done(machine)}
      width={action.id === "deploy" ? "wide" : "normal"}
      onClose={onClose}
      onDone={() => onDone?.()}
    >
      <p>{action.explains(machine, given)}</p>
      {deploy.problem}
      <Fields fields={fields} values={given} onChange={(name, value) => setValues((before) => ({ ...before, [name]: value }))} />
    </ConfirmWithPlan>
  );
}
