/**
 * Fields in a dialog whose plan follows what is typed: what would be refused is said beside the field that it is about, before
 * anything is done. A picture may show what it would look like.
 */

import type { ReactNode } from "react";
import { useState } from "react";

import type { Change } from "../api/changes";
import type { Problem } from "../api/problem";
import type { BulkPlan, Plan } from "../api/resources";
import { ConfirmWithPlan } from "../parts/ConfirmWithPlan";
import { Dialog } from "../parts/Dialog";
import { Loading, ProblemView } from "../parts/Problem";
import type { Field, Value, Values } from "./Fields";
import { blank, Fields, missing, shown } from "./Fields";
import styles from "./ResourceForm.module.css";

/** What is asked, and the change that it becomes. */
export interface Asking {
  title: string;
  verb: string;
  /** What is said when it is done. */
  done: string;
  /** What will happen, in sentences. */
  lead?: string;
  /** The fields, which may depend on what stands in them. */
  fields?: readonly Field[] | ((values: Values) => readonly Field[]);
  initial?: Values;
  /** The change that the values are; `changed` has those alone that differ from the first. */
  change: (values: Values, changed: Values) => Change;
  /** Whether something must be changed first. */
  isEdit?: boolean;
  /** Why it cannot be done yet, besides what is missing. */
  refusal?: (values: Values) => string | null;
  /** What it would look like: as the plan has it, and until there is one, as far as it is known without. */
  picture?: (values: Values, plan: Plan | BulkPlan | undefined) => ReactNode;
  isDangerous?: boolean;
}

interface Props extends Asking {
  /** What its choices come from. */
  waitsFor?: readonly { isPending: boolean; error?: unknown }[];
  onClose: () => void;
}

export function PlannedDialog({ waitsFor = [], ...asking }: Props) {
  const error = waitsFor.find((found) => found.error !== undefined && found.error !== null)?.error;
  if (error === undefined && waitsFor.every(({ isPending }) => !isPending)) return <Ready {...asking} />;
  return (
    <Dialog title={asking.title} isOpen onClose={asking.onClose}>
      {error === undefined ? <Loading /> : <ProblemView error={error} />}
    </Dialog>
  );
}

function Ready({ title, verb, done, lead, fields: asked = [], initial = {}, change, isEdit = false, refusal = () => null, picture, isDangerous = false, onClose }: Omit<Props, "waitsFor">) {
  const [given, setGiven] = useState<Values>({});
  // What it was asked for with stays the first, whatever changes meanwhile.
  const [first] = useState(() => settled(asked, initial).values);
  const { fields, values } = settled(asked, { ...initial, ...given });
  const changed = changedOf(values, first);
  const put = (name: string, value: Value) => setGiven((before) => ({ ...before, [name]: value }));
  return (
    <ConfirmWithPlan
      title={title}
      verb={verb}
      done={done}
      change={change(values, changed)}
      refusal={missing(fields, values) ?? refusal(values) ?? (isEdit && Object.keys(changed).length === 0 ? "Nothing is changed yet." : null)}
      isDangerous={isDangerous}
      isReversible
      isSaid={(problem) => isSaidBy(fields, problem)}
      width={picture === undefined ? "normal" : "wide"}
      isDismissable={fields.length === 0}
      onClose={onClose}
    >
      {(problem, plan) => (
        <>
          {lead !== undefined && <p>{lead}</p>}
          {fields.length > 0 && (
            <div className={styles.form}>
              <Fields fields={fields} values={values} faultOf={(name) => faultOf(fields, name, problem)} onChange={put} />
            </div>
          )}
          {picture?.(values, plan)}
        </>
      )}
    </ConfirmWithPlan>
  );
}

/** The fields that are shown with what stands in them: what can be chosen of one may depend on another. */
export function settled(asked: NonNullable<Asking["fields"]>, given: Values): { fields: readonly Field[]; values: Values } {
  const pass = (by: Values) => {
    const fields = shown(typeof asked === "function" ? asked(by) : asked, by);
    return { fields, values: Object.fromEntries(fields.map((field) => [field.name, valueOf(field, given[field.name])])) };
  };
  const before = pass({ ...given, ...pass(given).values });
  return pass({ ...given, ...before.values });
}

/** What stands in a field: what can be chosen no more is chosen no more. */
function valueOf(field: Field, given: Value | undefined): Value {
  if (given === undefined) return blank(field);
  const has = (value: Value) => field.options?.some((option) => option.value === value) === true;
  if (field.kind === "select") return has(given) ? given : blank(field);
  if (field.kind === "checks") return Array.isArray(given) ? (given as readonly string[]).filter(has) : [];
  return given;
}

function changedOf(values: Values, first: Values): Values {
  return Object.fromEntries(Object.entries(values).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(first[name])));
}

const membersOf = (field: Field) => field.becomes ?? [field.name];

/** What is wrong with what a field becomes. */
export function faultOf(fields: readonly Field[], name: string, problem: Problem | null): string | null {
  const field = fields.find((found) => found.name === name);
  if (field === undefined || problem === null) return null;
  const faults = membersOf(field).flatMap((member) => problem.faultOf(member) ?? []);
  return faults.length === 0 ? null : faults.join(" ");
}

/** Whether all that is wrong stands at some field. */
export function isSaidBy(fields: readonly Field[], problem: Problem): boolean {
  const members = fields.flatMap(membersOf);
  const isOfField = (pointer: string | null | undefined) => members.some((member) => pointer === `/${member}` || pointer?.startsWith(`/${member}/`) === true);
  return problem.errors.length > 0 && problem.errors.every((fault) => isOfField(fault.pointer));
}
