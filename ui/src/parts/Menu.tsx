/** A button that opens a menu. */

import type { ReactNode } from "react";
import { Menu as AriaMenu, MenuItem, MenuTrigger, Popover } from "react-aria-components";

import { Button } from "./Button";
import { Icon } from "./Icon";
import styles from "./Menu.module.css";

export interface Choice {
  id: string;
  label: string;
  /** What it does, in small. */
  detail?: string | undefined;
  isDangerous?: boolean | undefined;
  /** Why it cannot be chosen now: it stands there with that, for keys and ears as well. */
  refusal?: string | null | undefined;
  /** The page that it leads to. */
  href?: string | undefined;
}

interface Props {
  label: ReactNode;
  /** What the button is called when its label is a picture. */
  name?: string | undefined;
  choices: readonly Choice[];
  onChoose: (id: string) => void;
  /** Those that are chosen, where several or one of them may be. */
  chosen?: readonly string[] | undefined;
  mode?: "single" | "multiple" | "none";
  kind?: "plain" | "quiet" | "primary";
  size?: "normal" | "small" | "icon";
  refusal?: string | null | undefined;
}

export function Menu({ label, name, choices, onChoose, chosen = [], mode = "none", kind = "plain", size = "normal", refusal }: Props) {
  return (
    <MenuTrigger>
      <Button kind={kind} size={size} label={name} refusal={refusal}>
        {label}
        {size !== "icon" && <Icon name="chevron" size={12} />}
      </Button>
      <Popover className={styles.popover ?? ""} placement="bottom end">
        <AriaMenu
          className={styles.menu ?? ""}
          aria-label={name ?? "Choices"}
          selectionMode={mode}
          selectedKeys={chosen}
          onAction={(id) => {
            const choice = choices.find((found) => found.id === id);
            if (choice !== undefined && !isRefused(choice)) onChoose(choice.id);
          }}
        >
          {choices.map((choice) => (
            <MenuItem key={choice.id} id={choice.id} textValue={choice.label} className={styles.item ?? ""} data-dangerous={choice.isDangerous === true || undefined} data-refused={isRefused(choice) || undefined}>
              {mode !== "none" && <span className={styles.tick}>{chosen.includes(choice.id) && <Icon name="check" size={13} />}</span>}
              <span className={styles.words}>
                {choice.label}
                {isRefused(choice) ? <small>{choice.refusal}</small> : choice.detail !== undefined && <small>{choice.detail}</small>}
              </span>
            </MenuItem>
          ))}
        </AriaMenu>
      </Popover>
    </MenuTrigger>
  );
}

function isRefused(choice: Choice): boolean {
  return choice.refusal !== undefined && choice.refusal !== null;
}
