/**
 * The one form: fields from a list, what is wrong beside the field that it is about, what would happen on demand, and the same for
 * a shell.
 */

import { useMutation } from "@tanstack/react-query";
import type { FormEvent, ReactNode } from "react";
import { useState } from "react";

import type { Change } from "../api/changes";
import { make, newKey, plan } from "../api/changes";
import { asProblem } from "../api/problem";
import type { Answer } from "../api/send";
import { Button } from "../parts/Button";
import { PlanView } from "../parts/PlanView";
import { ProblemView } from "../parts/Problem";
import { ShowAs } from "../parts/ShowAs";
import { useToasts } from "../parts/Toasts";
import type { Field, Value, Values } from "./Fields";
import { blank, Fields, missing, shown } from "./Fields";
import styles from "./ResourceForm.module.css";

export interface FormProps {
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
function changedOf(values: Values, initial: Values): Values {
  return Object.fromEntries(Object.entries(values).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(initial[name])));
}

export function ResourceForm(props: FormProps) {
  const { fields, initial = {}, change, submit, done, isReversible = false, isPlanned = true, cli, onDone, onCancel, children } = props;
  const [first, setFirst] = useState<Values>(() => ({ ...Object.fromEntries(fields.map((field) => [field.name, blank(field)])), ...initial }));
  const [values, setValues] = useState(first);
  const [key, setKey] = useState(newKey);
  const toasts = useToasts();
  const wanted = Object.fromEntries(shown(fields, values).map((field) => [field.name, values[field.name] ?? null]));
  const current = change(wanted, changedOf(wanted, first));
  const planned = useMutation({ mutationFn: () => plan(current) });
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
  const faultOf = (name: string) => problem?.faultOf(name) ?? null;
  const isElsewhere = problem !== null && Object.keys(wanted).every((name) => faultOf(name) === null);
  const refusal = missing(fields, values);
  const put = (name: string, value: Value) => {
    setValues((before) => ({ ...before, [name]: value }));
    // Another request: what was planned and refused is of the one before.
    setKey(newKey());
    made.reset();
    planned.reset();
  };
  const send = (event: FormEvent) => {
    event.preventDefault();
    if (!made.isPending && refusal === null) made.mutate();
  };
  return (
    <form className={styles.form} onSubmit={send} noValidate>
      <Fields fields={fields} values={values} faultOf={faultOf} onChange={put} />
      {typeof children === "function" ? children(wanted) : children}
      {isElsewhere && <ProblemView error={problem} />}
      {planned.data !== undefined && <PlanView plan={planned.data} />}
      <ShowAs change={current} cli={cli?.(values)} />
      <div className={styles.buttons}>
        <Button type="submit" kind="primary" isPending={made.isPending} refusal={refusal}>
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
