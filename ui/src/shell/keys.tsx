/**
 * Keys of the page: `/` or `g m`, one after the other. Whoever has one says what it does, and `?` shows all of them. Keys that
 * are typed into a field are left alone.
 */

import type { ReactNode } from "react";
import { createContext, useContext, useEffect, useMemo, useRef, useState } from "react";

import { Dialog } from "../parts/Dialog";
import { grouped } from "../parts/grouped";
import styles from "./keys.module.css";

export interface KeyBinding {
  /** `?`, `g m`, `Ctrl+k`. */
  keys: string;
  /** What it does. */
  label: string;
  /** Where it is shown. */
  group: string;
  /** What runs; none for a key that a part handles by itself. */
  run?: (() => void) | undefined;
}

interface Registry {
  add(bindings: readonly KeyBinding[]): () => void;
  all(): KeyBinding[];
}

const Context = createContext<Registry>({ add: () => () => undefined, all: () => [] });

/** How long one may take for the second key. */
const SEQUENCE_MS = 1_200;

/** What was pressed, in our words; null for what is typed. */
export function pressed(event: KeyboardEvent): string | null {
  const target = event.target instanceof HTMLElement ? event.target : null;
  const isTyping = target !== null && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
  if (event.ctrlKey || event.metaKey) return event.key.length === 1 ? `Ctrl+${event.key.toLowerCase()}` : null;
  if (isTyping || event.altKey) return null;
  return event.key.length === 1 ? event.key : null;
}

export function Keys({ children }: { children: ReactNode }) {
  const bound = useRef(new Set<readonly KeyBinding[]>());
  const [help, setHelp] = useState<readonly KeyBinding[] | null>(null);
  const registry = useMemo<Registry>(
    () => ({
      add: (bindings) => {
        bound.current.add(bindings);
        return () => bound.current.delete(bindings);
      },
      all: () => [...bound.current].flat(),
    }),
    [],
  );
  useEffect(() => {
    let before = "";
    let at = 0;
    const down = (event: KeyboardEvent) => {
      const key = pressed(event);
      if (key === null || event.defaultPrevented) return;
      if (key === "?") {
        setHelp([{ keys: "?", label: "Show these keys", group: "Everywhere" }, ...registry.all()]);
        return;
      }
      // A dialog has the keys while it is open.
      if (document.querySelector('[role="dialog"]') !== null && key !== "Ctrl+k") return;
      const isSequence = before !== "" && event.timeStamp - at < SEQUENCE_MS;
      const wanted = isSequence ? `${before} ${key}` : key;
      const found = registry.all().find((binding) => binding.keys === wanted);
      before = found === undefined && !isSequence ? key : "";
      at = event.timeStamp;
      if (found?.run === undefined) return;
      event.preventDefault();
      found.run();
    };
    window.addEventListener("keydown", down);
    return () => window.removeEventListener("keydown", down);
  }, [registry]);
  return (
    <Context value={registry}>
      {children}
      <Dialog title="Keys" isOpen={help !== null} onClose={() => setHelp(null)} width="wide">
        {help !== null && <KeyList bindings={help} />}
      </Dialog>
    </Context>
  );
}

function KeyList({ bindings }: { bindings: readonly KeyBinding[] }) {
  const groups = grouped(bindings, (binding) => binding.group);
  return (
    <div className={styles.groups}>
      {[...groups].map(([group, of]) => (
        <section key={group}>
          <h3>{group}</h3>
          <dl>
            {of.map((binding) => (
              <div key={binding.keys + binding.label}>
                <dt>
                  {binding.keys.split(" ").map((key) => (
                    <kbd key={key}>{key}</kbd>
                  ))}
                </dt>
                <dd>{binding.label}</dd>
              </div>
            ))}
          </dl>
        </section>
      ))}
    </div>
  );
}

/** Binds keys while the component is there. Pass what stays the same (`useMemo`). */
export function useKeys(bindings: readonly KeyBinding[]): void {
  const registry = useContext(Context);
  useEffect(() => registry.add(bindings), [registry, bindings]);
}
