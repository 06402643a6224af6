/** What was just done, for some seconds, with a way back where there is one. */

import type { ReactNode } from "react";
import { createContext, useCallback, useContext, useMemo, useRef, useState } from "react";

import { undo } from "../api/changes";
import { asProblem } from "../api/problem";
import { Button } from "./Button";
import { Icon } from "./Icon";
import { Symbol } from "./Status";
import styles from "./Toasts.module.css";

interface Toast {
  id: number;
  text: string;
  tone: "good" | "bad";
  /** The revision that can be taken back. */
  revision: number | null;
}

interface Toasts {
  /** Says that something was done; with its revision it can be taken back. */
  tell(text: string, revision?: number | null): void;
  /** Says that something failed. */
  fail(error: unknown): void;
}

const Context = createContext<Toasts>({ tell: () => undefined, fail: () => undefined });

/** How long they stay; those with a way back stay longer. */
const STAY_MS = 6_000;
const STAY_UNDO_MS = 20_000;

export function ToastRegion({ children }: { children: ReactNode }) {
  const [shown, setShown] = useState<readonly Toast[]>([]);
  const last = useRef(0);
  const drop = useCallback((id: number) => setShown((now) => now.filter((toast) => toast.id !== id)), []);
  const add = useCallback(
    (toast: Omit<Toast, "id">) => {
      const id = (last.current += 1);
      setShown((now) => [...now.slice(-3), { ...toast, id }]);
      setTimeout(() => drop(id), toast.revision === null && toast.tone === "good" ? STAY_MS : STAY_UNDO_MS);
    },
    [drop],
  );
  const toasts = useMemo<Toasts>(
    () => ({
      tell: (text, revision = null) => add({ text, tone: "good", revision }),
      fail: (error) => {
        const problem = asProblem(error);
        add({ text: problem.detail === "" ? problem.title : problem.detail, tone: "bad", revision: null });
      },
    }),
    [add],
  );
  const takeBack = (toast: Toast) => {
    if (toast.revision === null) return;
    drop(toast.id);
    undo(toast.revision).then(
      (answer) => add({ text: `Taken back: ${toast.text}`, tone: "good", revision: answer.revision }),
      (error: unknown) => toasts.fail(error),
    );
  };
  return (
    <Context value={toasts}>
      {children}
      <div className={styles.region} role="region" aria-label="What was just done" aria-live="polite">
        {shown.map((toast) => (
          <div key={toast.id} className={styles.toast} data-tone={toast.tone}>
            <Symbol tone={toast.tone} />
            <span>{toast.text}</span>
            {toast.revision !== null && (
              <Button size="small" onPress={() => takeBack(toast)}>
                Undo
              </Button>
            )}
            <Button size="small" kind="quiet" label="Dismiss" onPress={() => drop(toast.id)}>
              <Icon name="close" size={12} />
            </Button>
          </div>
        ))}
      </div>
    </Context>
  );
}

export function useToasts(): Toasts {
  return useContext(Context);
}
