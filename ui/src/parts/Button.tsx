/** A button. One that cannot be pressed says why. */

import type { ReactNode } from "react";
import { Button as AriaButton } from "react-aria-components";

import styles from "./Button.module.css";

interface Props {
  children: ReactNode;
  onPress?: (() => void) | undefined;
  kind?: "plain" | "primary" | "danger" | "quiet";
  size?: "normal" | "small" | "icon";
  type?: "button" | "submit";
  /** Why it cannot be pressed now. */
  refusal?: string | null | undefined;
  isPending?: boolean;
  label?: string | undefined;
  autoFocus?: boolean;
}

export function Button({ children, onPress, kind = "plain", size = "normal", type = "button", refusal, isPending = false, label, autoFocus = false }: Props) {
  const isRefused = refusal !== undefined && refusal !== null;
  const button = (
    <AriaButton
      className={styles.button ?? ""}
      data-kind={kind}
      data-size={size}
      type={type}
      isDisabled={isRefused}
      autoFocus={autoFocus}
      {...(label === undefined ? {} : { "aria-label": label })}
      {...(onPress === undefined ? {} : { onPress: () => !isPending && onPress() })}
    >
      {isPending && (
        <span className={styles.pending}>
          <span className="visually-hidden">Under way: </span>
        </span>
      )}
      {children}
    </AriaButton>
  );
  return isRefused ? <span title={refusal}>{button}</span> : button;
}
