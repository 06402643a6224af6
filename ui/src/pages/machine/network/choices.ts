/** What can be made on a machine's interfaces and done with each, with the reason why not. */

import type { Machine } from "../../../api/resources";
import type { Choice } from "../../../parts/Menu";
import { networkRefusal } from "../changeable";
import type { MachineInterface } from "./forms";
import { bondable, bridgeable, kindOf, replacedBy, taggable } from "./stack";

/** What can be made. */
export function newChoices({ interface_set: all }: Pick<Machine, "interface_set">): Choice[] {
  const need = (found: readonly unknown[], words: string) => (found.length === 0 ? words : null);
  return [
    { id: "bond", label: "Bond…", detail: "Several cards act as one.", refusal: need(bondable(all), "There is no card that nothing else is made of.") },
    { id: "bridge", label: "Bridge…", detail: "For virtual machines and containers.", refusal: need(bridgeable(all), "There is no interface to make it over.") },
    { id: "vlan", label: "VLAN interface…", detail: "For packets with the tag of a VLAN.", refusal: need(taggable(all), "There is no interface to put it on.") },
    { id: "card", label: "Card…", detail: "One that commissioning did not find." },
  ];
}

/** What can be done with an interface. */
export function choicesOf(machine: Machine, found: MachineInterface): Choice[] {
  const refusal = networkRefusal(machine);
  const over = replacedBy(machine.interface_set, found);
  // A deployed machine's names and hardware addresses are changed after a repair.
  const canEdit = refusal === null || machine.status_name === "Deployed";
  const inOther = over === undefined ? null : `It is in ${over.name}, which has the addresses.`;
  return [
    { id: "link", label: "Give it an address…", refusal: refusal ?? inOther ?? (found.enabled ? null : "It is disabled.") },
    { id: "edit", label: "Change…", refusal: canEdit ? null : refusal },
    { id: "disconnect", label: "Disconnect…", refusal: refusal ?? inOther ?? (found.vlan === null || found.vlan === undefined ? "It is not connected." : null) },
    { id: "remove", label: kindOf(found) === "physical" ? "Forget…" : "Remove…", isDangerous: true, refusal: refusal ?? (over === undefined ? null : `It is in ${over.name}.`) },
  ];
}
