/** Asks for one action on one machine: what it is told, what will happen, and what would change. */

import { useId, useState } from "react";

import type { Machine } from "../../api/resources";
import type { Values } from "../../form/ResourceForm";
import { Input } from "../../form/Input";
import { ConfirmWithPlan } from "../../parts/ConfirmWithPlan";
import type { Action } from "./actions";
import { changeOf, cliOf } from "./actions";
import { useDeployFields } from "./deploy";
import styles from "./Machine.module.css";

interface Props {
  action: Action;
  machine: Machine;
  onClose: () => void;
  onDone?: () => void;
}

export function ActionDialog({ action, machine, onClose, onDone }: Props) {
  const [values, setValues] = useState<Values>({});
  const id = useId();
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
      refusal={deploy.refusal}
      isDangerous={action.isDangerous === true}
      isReversible={action.isReversible === true}
      done={action.done(machine)}
      width={action.id === "deploy" ? "wide" : "normal"}
      onClose={onClose}
      onDone={() => onDone?.()}
    >
      <p className={styles.explained}>{action.explains(machine)}</p>
      {deploy.problem}
      {fields.map((field) => (
        <Input
          key={field.name}
          id={`${id}-${field.name}`}
          field={field}
          value={given[field.name] ?? (field.kind === "checkbox" ? false : "")}
          fault={null}
          onChange={(value) => setValues((before) => ({ ...before, [field.name]: value }))}
        />
      ))}
    </ConfirmWithPlan>
  );
}
