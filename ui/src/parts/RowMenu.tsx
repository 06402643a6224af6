/** What can be done with a row of a table: to change and to delete it. */

import { Icon } from "./Icon";
import { Menu } from "./Menu";

interface Props {
  /** What the row is called. */
  name: string;
  onChange?: () => void;
  onDelete: () => void;
}

export function RowMenu({ name, onChange, onDelete }: Props) {
  const choices = [...(onChange === undefined ? [] : [{ id: "change", label: "Change…" }]), { id: "delete", label: "Delete…", isDangerous: true }];
  return <Menu label={<Icon name="more" />} name={`What can be done with ${name}`} size="icon" kind="quiet" choices={choices} onChoose={(id) => (id === "change" ? onChange?.() : onDelete())} />;
}
