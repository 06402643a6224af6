/**
 * The one form: fields from a list, what is wrong beside the field that it is about, what would happen on demand, and the same for
 * a shell.
 */

import { useMutation } from "@tanstack/react-query";
import type { FormEvent, ReactNode } from "react";
import { useId, useState } from "react";

import type { Change } from "../api/changes";
import { make, newKey, plan } from "../api/changes";
import { asProblem } from "../api/problem";
import type { Plan } from "../api/resources";
import type { Answer } from "../api/send";
import { Button } from "../parts/Button";
import { PlanView } from "../parts/PlanView";
import { ProblemView } from "../parts/Problem";
import { ShowAs } from "../parts/ShowAs";
import { useToasts } from "../parts/Toasts";
import { Input } from "./Input";
import styles from "./ResourceForm.module.css";

export type Value = string | number | boolean | readonly string[] | null;
export type Values = Record<string, Value>;

/** A field. */
export interface Field {
  /** The member of the body. */
  name: string;
  label: string;
  kind?: "text" | "number" | "checkbox" | "select" | "textarea" | "password" | "list" | "color";
  help?: string;
  placeholder?: string;
  isNeeded?: boolean;
  /** What can be chosen; of colors, how each looks. */
  options?: readonly { value: string; label: string; color?: string }[];
  /** Whether it is shown, by the values of the others. */
  isShown?: (values: Values) => boolean;
}

interface Props {
  fields: readonly Field[];
  /** What stands in the fields at first. */
  initial?: Values;
  /** The change that the values are; `changed` has those alone that differ from the first. */
  change: (values: Values, changed: Values) => Change;
  submit: string;
  /** What is said when it is done. */
  done: string;
  isReversible?: boolean;
  /** Whether it can be asked what would happen. */
  isPlanned?: boolean;
  cli?: (values: Values) => string;
  onDone?: (answer: Answer<unknown>) => void;
  onCancel?: () => void;
  /** What stands below the fields, also by what stands in them. */
  children?: ReactNode | ((values: Values) => ReactNode);
}

/** What differs from the first values. */
export function changedOf(values: Values, initial: Values): Values {
  return Object.fromEntries(Object.entries(values).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(initial[name])));
}

function blank(field: Field): Value {
  if (field.kind === "checkbox") return false;
  if (field.kind === "list") return [];
  return field.kind === "select" ? (field.options?.[0]?.value ?? "") : "";
}

export function ResourceForm(props: Props) {
  const { fields, initial = {}, change, submit, done, isReversible = false, isPlanned = true, cli, onDone, onCancel, children } = props;
  const [first, setFirst] = useState<Values>(() => ({ ...Object.fromEntries(fields.map((field) => [field.name, blank(field)])), ...initial }));
  const [values, setValues] = useState(first);
  const [key, setKey] = useState(newKey);
  const toasts = useToasts();
  const id = useId();
  const shown = fields.filter((field) => field.isShown?.(values) !== false);
  const wanted = Object.fromEntries(shown.map((field) => [field.name, values[field.name] ?? null]));
  const current = change(wanted, changedOf(wanted, first));
  const planned = useMutation({ mutationFn: () => plan<Plan>(current) });
  const made = useMutation({
    mutationFn: () => make<unknown>(current, { key, ifPlan: planned.data?.plan }),
    onSuccess: (answer) => {
      toasts.tell(done, isReversible ? answer.revision : null);
      // A form that stays goes on from here.
      setFirst(values);
      setKey(newKey());
      onDone?.(answer);
    },
  });
  const error = made.error ?? planned.error;
  const problem = error === null ? null : asProblem(error);
  const faults = new Map(shown.map((field) => [field.name, problem?.faultOf(field.name) ?? null]));
  const isElsewhere = problem !== null && ![...faults.values()].some((fault) => fault !== null);
  const put = (name: string, value: Value) => {
    setValues((before) => ({ ...before, [name]: value }));
    // Another request: what was planned and refused is of the one before.
    setKey(newKey());
    made.reset();
    planned.reset();
  };
  const missing = shown.find((field) => field.isNeeded === true && (values[field.name] === "" || values[field.name] === null));
  const send = (event: FormEvent) => {
    event.preventDefault();
    if (!made.isPending && missing === undefined) made.mutate();
  };
  return (
    <form className={styles.form} onSubmit={send} noValidate>
      {shown.map((field) => (
        <Input key={field.name} id={`${id}-${field.name}`} field={field} value={values[field.name] ?? null} fault={faults.get(field.name) ?? null} onChange={(value) => put(field.name, value)} />
      ))}
      {typeof children === "function" ? children(wanted) : children}
      {isElsewhere && <ProblemView error={problem} />}
      {planned.data !== undefined && <PlanView plan={planned.data} />}
      <ShowAs change={current} cli={cli?.(values)} />
      <div className={styles.buttons}>
        <Button type="submit" kind="primary" isPending={made.isPending} refusal={missing === undefined ? null : `${missing.label} is missing.`}>
          {submit}
        </Button>
        {isPlanned && (
          <Button onPress={() => planned.mutate()} isPending={planned.isPending}>
            What would happen?
          </Button>
        )}
        {onCancel !== undefined && (
          <Button kind="quiet" onPress={onCancel}>
            Cancel
          </Button>
        )}
      </div>
    </form>
  );
}
