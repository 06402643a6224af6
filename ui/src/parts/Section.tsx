/** A part of a page in a frame, with a title; and what is known of a thing, line by line. */

import type { ReactNode } from "react";
import { useId } from "react";

import styles from "./Section.module.css";

interface SectionProps {
  title: string;
  /** Beside the title: what can be done here. */
  beside?: ReactNode;
  children: ReactNode;
}

export function Section({ title, beside, children }: SectionProps) {
  const id = useId();
  return (
    <section className={styles.section} aria-labelledby={id}>
      <header>
        <h2 id={id}>{title}</h2>
        {beside !== undefined && <div className={styles.beside}>{beside}</div>}
      </header>
      {children}
    </section>
  );
}

/** Sections beside each other, as many as there is room for. */
export function Sections({ children }: { children: ReactNode }) {
  return <div className={styles.sections}>{children}</div>;
}

/** What is known: a name and a value each. What is not known is not shown, or said by its name. */
export function Facts({ of }: { of: readonly (readonly [name: string, value: ReactNode])[] }) {
  const known = of.filter(([, value]) => value !== null && value !== undefined && value !== "" && value !== false);
  return (
    <dl className={styles.facts}>
      {known.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** A sentence about what is not there. */
export function Note({ children }: { children: ReactNode }) {
  return <p className={styles.note}>{children}</p>;
}
