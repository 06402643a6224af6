/** One field of a form, with its label, its help and what is wrong with it. */

import type { ReactNode } from "react";

import type { Field, Value } from "./Fields";
import styles from "./ResourceForm.module.css";

interface Props {
  id: string;
  field: Field;
  value: Value;
  fault: string | null;
  onChange: (value: Value) => void;
}

export function Input({ id, field, value, fault, onChange }: Props) {
  const told = [fault === null ? null : `${id}-fault`, field.help === undefined ? null : `${id}-help`].filter((part) => part !== null);
  const shared = {
    id,
    name: field.name,
    required: field.isNeeded === true,
    "aria-invalid": fault !== null,
    "aria-describedby": told.length === 0 ? undefined : told.join(" "),
  };
  const after = <Remarks id={id} fault={fault} help={field.help} />;
  if (field.kind === "checkbox") {
    return (
      <div className={styles.field}>
        <label className={styles.check}>
          <input {...shared} type="checkbox" checked={value === true} onChange={(event) => onChange(event.target.checked)} />
          {field.label}
        </label>
        {after}
      </div>
    );
  }
  if (field.kind === "color") {
    return (
      <fieldset className={styles.field}>
        <legend>{field.label}</legend>
        <div className={styles.colors}>
          {field.options?.map((option) => (
            <label key={option.value} className={styles.color}>
              <input type="radio" name={id} value={option.value} checked={value === option.value} onChange={() => onChange(option.value)} />
              <span className={styles.swatch} style={{ background: option.color }} aria-hidden="true" />
              {option.label}
            </label>
          ))}
        </div>
        {after}
      </fieldset>
    );
  }
  if (field.kind === "checks") {
    const chosen = Array.isArray(value) ? (value as readonly string[]) : [];
    const put = (one: string, isChosen: boolean) => onChange((field.options ?? []).map((option) => option.value).filter((other) => (other === one ? isChosen : chosen.includes(other))));
    return (
      <fieldset className={styles.field} aria-invalid={fault !== null} aria-describedby={shared["aria-describedby"]}>
        <legend>
          {field.label}
          {field.isNeeded !== true && <span className={styles.optional}> optional</span>}
        </legend>
        {field.options?.length === 0 && <p className={styles.help}>There is nothing to choose.</p>}
        {field.options?.map((option) => (
          <label key={option.value} className={styles.check}>
            <input type="checkbox" name={`${id}-${option.value}`} checked={chosen.includes(option.value)} onChange={(event) => put(option.value, event.target.checked)} />
            {option.label}
          </label>
        ))}
        {after}
      </fieldset>
    );
  }
  return (
    <div className={styles.field}>
      <label htmlFor={id}>
        {field.label}
        {field.isNeeded !== true && field.kind !== "select" && <span className={styles.optional}> optional</span>}
      </label>
      {control(field, value, shared, onChange)}
      {after}
    </div>
  );
}

/** What is said below a field: what is wrong with it, and what it is for. */
function Remarks({ id, fault, help }: { id: string; fault: string | null; help: string | undefined }) {
  return (
    <>
      {fault !== null && (
        <p id={`${id}-fault`} className={styles.fault} role="alert">
          {fault}
        </p>
      )}
      {help !== undefined && (
        <p id={`${id}-help`} className={styles.help}>
          {help}
        </p>
      )}
    </>
  );
}

function control(field: Field, value: Value, shared: object, onChange: (value: Value) => void): ReactNode {
  switch (field.kind) {
    case "select":
      return (
        <select {...shared} value={String(value ?? "")} onChange={(event) => onChange(event.target.value)}>
          {field.options?.map((option) => (
            <option key={option.value} value={option.value}>
              {option.label}
            </option>
          ))}
        </select>
      );
    case "textarea":
      return <textarea {...shared} rows={4} placeholder={field.placeholder} value={String(value ?? "")} onChange={(event) => onChange(event.target.value)} />;
    case "list":
      return (
        <input
          {...shared}
          type="text"
          placeholder={field.placeholder ?? "one, two"}
          defaultValue={Array.isArray(value) ? value.join(", ") : ""}
          onChange={(event) => onChange(event.target.value.split(",").map((part) => part.trim()).filter((part) => part !== ""))}
        />
      );
    case "number":
      return (
        <input
          {...shared}
          type="text"
          inputMode="numeric"
          placeholder={field.placeholder}
          value={value === null ? "" : String(value)}
          // What is no number goes to the server as it is, which says what is wrong with it.
          onChange={(event) => onChange(event.target.value !== "" && !Number.isNaN(Number(event.target.value)) ? Number(event.target.value) : event.target.value)}
        />
      );
    case "password":
      return <input {...shared} type="password" autoComplete="new-password" value={String(value ?? "")} onChange={(event) => onChange(event.target.value)} />;
    default:
      return <input {...shared} type="text" placeholder={field.placeholder} autoComplete="off" spellCheck={false} value={String(value ?? "")} onChange={(event) => onChange(event.target.value)} />;
  }
}
