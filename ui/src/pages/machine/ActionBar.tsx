/** What can be done with a machine: what makes sense now as buttons, everything else in menus, with the reason why not. */

import { useState } from "react";

import type { Machine } from "../../api/resources";
import { pathOf } from "../../api/resources";
import { ask } from "../../api/send";
import { Button } from "../../parts/Button";
import { Icon } from "../../parts/Icon";
import type { Choice } from "../../parts/Menu";
import { Menu } from "../../parts/Menu";
import { useToasts } from "../../parts/Toasts";
import type { Action } from "./actions";
import { ACTIONS, offered, refusalOf } from "./actions";

const QUERY = "query-power-state";

export function ActionBar({ machine, onAsk }: { machine: Machine; onAsk: (action: Action) => void }) {
  const toasts = useToasts();
  const [isAsking, setAsking] = useState(false);
  const first = offered(machine);
  const group = (...of: Action["group"][]): Choice[] =>
    ACTIONS.filter((action) => of.includes(action.group))
      .map((action) => ({ id: action.id, label: action.label, refusal: refusalOf(action, machine), isDangerous: action.isDangerous }))
      // What can be done comes first.
      .sort((one, other) => Number(one.refusal !== null) - Number(other.refusal !== null));
  const query = () => {
    setAsking(true);
    ask<{ state: string }>(`${pathOf("machines", machine.system_id)}/${QUERY}`)
      .then(
        ({ data }) => toasts.tell(`The power of ${machine.hostname} is ${data.state}`),
        (error: unknown) => toasts.fail(error),
      )
      .finally(() => setAsking(false));
  };
  const choose = (id: string) => {
    if (id === QUERY) query();
    const action = ACTIONS.find((found) => found.id === id);
    if (action !== undefined) onAsk(action);
  };
  const queried: Choice = { id: QUERY, label: "Ask the BMC", detail: isAsking ? "It is being asked." : "Is it on?", refusal: machine.power_type === "manual" ? "There is none: its power type is manual." : null };
  return (
    <>
      {first.map((action, at) => (
        <Button key={action.id} kind={at === 0 && action.isDangerous !== true ? "primary" : "plain"} onPress={() => onAsk(action)}>
          {action.label}
        </Button>
      ))}
      <Menu label="Power" choices={[...group("power"), queried]} onChoose={choose} />
      <Menu label={<Icon name="more" />} name="More that can be done" size="icon" choices={group("life", "care")} onChoose={choose} />
    </>
  );
}
