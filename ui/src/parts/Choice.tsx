/** A choice of a few, all of which are seen: which one holds is pressed. */

import styles from "./Choice.module.css";

interface Props<T extends string> {
  /** What is chosen, for who hears it. */
  label: string;
  /** The values, with what they are called. */
  options: readonly (readonly [value: T, label: string])[];
  value: T;
  onChange: (value: T) => void;
}

export function Choice<T extends string>({ label, options, value, onChange }: Props<T>) {
  return (
    <div className={styles.choice} role="group" aria-label={label}>
      {options.map(([one, words]) => (
        <button key={one} type="button" aria-pressed={one === value} onClick={() => onChange(one)}>
          {words}
        </button>
      ))}
    </div>
  );
}
