/** What is asked when an interface is made or changed, and the request that it becomes. */

import type { Machine } from "../../../api/resources";
import type { components } from "../../../api/schema";
import type { Field, Values } from "../../../form/Fields";
import { filled } from "../../../form/Fields";
import type { Asking } from "../../../form/PlannedDialog";
import { vlanOf } from "../InterfaceTable";
import { request } from "../paths";
import { optional } from "../values";
import { bondFields, bridgeFields, paramsOf } from "./params";
import { bondable, bridgeable, kindOf, taggable } from "./stack";

export type MachineInterface = Machine["interface_set"][number];
export type Vlan = components["schemas"]["Vlan"];

const NAME: Field = { name: "name", label: "Name" };
const MAC: Field = { name: "mac_address", label: "MAC address", placeholder: "52:54:00:12:34:57" };
const MTU: Field = { name: "mtu", label: "MTU", kind: "number", placeholder: "That of the VLAN" };
const TAGS: Field = { name: "tags", label: "Tags", kind: "list" };
const ACCEPT_RA: Field = { name: "accept_ra", label: "It heeds router advertisements (IPv6)", kind: "checkbox" };
const OF_PARENT = "That of the first of them, if none is given.";

const choices = (of: readonly MachineInterface[]) => of.map(({ id, name, vlan }) => ({ value: String(id), label: vlan === null || vlan === undefined ? name : `${name} (${vlanOf(vlan)})` }));

/** The names of the interfaces that are chosen. */
export function namesOf(all: readonly MachineInterface[], ids: Values[string] | undefined): string[] {
  const chosen = Array.isArray(ids) ? (ids as readonly string[]) : [String(ids ?? "")];
  return all.filter((found) => chosen.includes(String(found.id))).map((found) => found.name);
}

/** The next name of a kind that is free. */
export function nextName(all: readonly { name: string }[], prefix: string): string {
  for (let number = 0; ; number += 1) if (!all.some((found) => found.name === `${prefix}${number}`)) return `${prefix}${number}`;
}

export function cardForm(machine: Machine, vlans: readonly Vlan[]): Asking {
  return {
    title: "New interface",
    verb: "Add it",
    done: "The interface was added",
    lead: "Cards that are in the machine are found by commissioning: this is for one that is not.",
    fields: [{ ...MAC, isNeeded: true }, { ...NAME, placeholder: "The next ethN" }, vlanField(vlans, null), TAGS],
    change: (values) => request(machine, "create-physical", {}, filled(values)),
  };
}

/** What takes the place of the interfaces that it is made of. */
interface Replacing extends Pick<Asking, "title" | "verb" | "done" | "lead" | "initial"> {
  operation: "create-bond" | "create-bridge";
  /** Its name, and what it is made of. */
  own: readonly Field[];
  ofKind: (values: Values) => Field[];
}

function replacingForm(machine: Machine, { operation, own, ofKind, ...asking }: Replacing): Asking {
  return {
    ...asking,
    fields: (values) => [...own, ...ofKind(values), { ...MAC, help: OF_PARENT }, MTU, TAGS],
    change: (values) => request(machine, operation, {}, filled(values)),
  };
}

function bondParents(all: readonly MachineInterface[], own?: MachineInterface): Field {
  return { name: "parents", label: "Made of", kind: "checks", isNeeded: true, options: choices(bondable(all, own)), help: "Cards of one VLAN that nothing else is made of." };
}

function bridgeParent(all: readonly MachineInterface[], own?: MachineInterface): Field {
  return { name: "parent", label: "Made over", kind: "select", isNeeded: true, options: choices(bridgeable(all, own)) };
}

export function bondForm(machine: Machine): Asking {
  const all = machine.interface_set;
  return replacingForm(machine, {
    operation: "create-bond",
    title: "New bond",
    verb: "Make the bond",
    done: "The bond was made",
    lead: "Several cards act as one: it takes their place in the network, and they have no addresses of their own any more.",
    own: [{ ...NAME, isNeeded: true }, bondParents(all)],
    ofKind: bondFields,
    initial: { name: nextName(all, "bond") },
  });
}

export function bridgeForm(machine: Machine): Asking {
  return replacingForm(machine, {
    operation: "create-bridge",
    title: "New bridge",
    verb: "Make the bridge",
    done: "The bridge was made",
    lead: "Virtual machines and containers are connected to it. It takes the place of the interface that it is made over.",
    own: [{ ...NAME, placeholder: "br- and the name of the interface" }, bridgeParent(machine.interface_set)],
    ofKind: bridgeFields,
  });
}

/** The tagged VLANs that an interface can be put on: those of the fabric that it is in. */
export function taggedOf(vlans: readonly Vlan[], parent: MachineInterface | undefined): Vlan[] {
  return vlans.filter((vlan) => vlan.vid !== 0 && vlan.fabric_id === parent?.vlan?.fabric_id);
}

export function vlanForm(machine: Machine, vlans: readonly Vlan[]): Asking {
  const parents = taggable(machine.interface_set);
  return {
    title: "New VLAN interface",
    verb: "Make it",
    done: "The VLAN interface was made",
    lead: "It has the packets of one VLAN that come with its tag.",
    fields: (values) => {
      const parent = parents.find((found) => String(found.id) === values.parent) ?? parents[0];
      const tagged = taggedOf(vlans, parent);
      return [
        { name: "parent", label: "On", kind: "select", isNeeded: true, options: choices(parents) },
        { name: "vlan", label: "VLAN", kind: "select", isNeeded: true, options: tagged.map((vlan) => ({ value: String(vlan.id), label: vlanOf(vlan) })), help: tagged.length === 0 ? "There is no tagged VLAN in its fabric: make one below Networks." : "Those of the fabric that it is in." },
        MTU,
        TAGS,
      ];
    },
    change: (values) => request(machine, "create-vlan", {}, filled(values)),
  };
}

function vlanField(vlans: readonly Vlan[], here: Vlan | null): Field {
  const known = here !== null && !vlans.some((vlan) => vlan.id === here.id) ? [here, ...vlans] : vlans;
  return { name: "vlan", label: "Fabric and VLAN", kind: "select", options: [{ value: "", label: "Not connected" }, ...known.map((vlan) => ({ value: String(vlan.id), label: vlanOf(vlan) }))] };
}

/** Of a deployed machine only what follows a repair is changed. */
export function editForm(machine: Machine, found: MachineInterface, vlans: readonly Vlan[]): Asking {
  const kind = kindOf(found);
  const isVlan = kind === "vlan";
  const parents = machine.interface_set.filter((other) => found.parents.includes(other.name));
  // A VLAN interface stays in the fabric of what it is on.
  const options = isVlan ? taggedOf(vlans, parents[0]) : vlans;
  const vlan = vlanField(options, found.vlan ?? null);
  const ofKind = (values: Values): Field[] => {
    const all = machine.interface_set;
    if (kind === "bond") return [bondParents(all, found), ...bondFields(values)];
    if (kind === "bridge") return [bridgeParent(all, found), ...bridgeFields(values)];
    return kind === "physical" ? [{ name: "enabled", label: "It is used", kind: "checkbox" }] : [{ name: "parent", label: "On", kind: "select", isNeeded: true, options: choices(taggable(all, found)) }];
  };
  const isDeployed = machine.status_name === "Deployed";
  return {
    title: `Change ${found.name}`,
    verb: "Save",
    done: `${found.name} was changed`,
    ...(isDeployed ? { lead: "The machine is deployed: what its system is set up with is not changed, only what tells the interface apart." } : {}),
    fields: (values) => [
      { ...NAME, isNeeded: true },
      ...(isVlan ? [] : [{ ...MAC, isNeeded: true }]),
      ...(isDeployed ? [] : [{ ...vlan, ...(isVlan ? { options: vlan.options?.slice(1) ?? [] } : {}) }, ...ofKind(values), MTU, ACCEPT_RA, TAGS]),
    ],
    initial: {
      ...paramsOf(found),
      name: found.name,
      mac_address: found.mac_address,
      vlan: String(found.vlan?.id ?? ""),
      tags: found.tags,
      enabled: found.enabled,
      parents: parents.map((parent) => String(parent.id)),
      parent: String(parents[0]?.id ?? ""),
    },
    change: (_, changed) => request(machine, "update-interface", { id: found.id }, changed),
    isEdit: true,
  };
}

type Subnet = components["schemas"]["Subnet"];

const LINK_MODES = [
  { value: "AUTO", label: "Assigned: an address of the subnet when it is deployed" },
  { value: "STATIC", label: "Fixed: an address that stays" },
  { value: "DHCP", label: "By DHCP" },
  { value: "LINK_UP", label: "No address, only the link" },
];

/** Whether a subnet is on another VLAN than the interface: to link it moves the interface there. */
export function isElsewhere(found: Pick<MachineInterface, "vlan">, subnet: Subnet | undefined): boolean {
  return subnet !== undefined && found.vlan !== null && found.vlan !== undefined && found.vlan.id !== subnet.vlan.id;
}

export function linkForm(machine: Machine, found: MachineInterface, subnets: readonly Subnet[]): Asking {
  const sorted = [...subnets].sort((one, other) => Number(isElsewhere(found, one)) - Number(isElsewhere(found, other)));
  const options = sorted.map((subnet) => ({ value: String(subnet.id), label: `${subnet.cidr}${subnet.name === subnet.cidr ? "" : ` ${subnet.name}`} (${vlanOf(subnet.vlan)})` }));
  const chosen = (values: Values) => subnets.find((subnet) => String(subnet.id) === values.subnet);
  const gives = ({ mode }: Values) => mode === "AUTO" || mode === "STATIC";
  return {
    title: `Give ${found.name} an address`,
    verb: "Give it",
    done: `${found.name} was linked`,
    fields: (values) => [
      { name: "mode", label: "How", kind: "select", isNeeded: true, options: LINK_MODES },
      {
        name: "subnet",
        label: "Subnet",
        kind: "select",
        isNeeded: gives(values),
        options: gives(values) ? options : [{ value: "", label: "That of its VLAN" }, ...options],
        ...(isElsewhere(found, chosen(values)) ? { help: "It is on another VLAN: the interface is put on that one, and its other links end." } : {}),
        isShown: () => values.mode !== "LINK_UP",
      },
      { name: "ip_address", label: "Address", placeholder: "A free one", isShown: () => values.mode === "STATIC" },
      { name: "default_gateway", label: "The gateway of the subnet is that of the machine", kind: "checkbox", isShown: (now) => gives(now) && optional(chosen(now)?.gateway_ip) !== null },
    ],
    initial: { mode: "AUTO" },
    change: (values) => {
      const { default_gateway: isDefault, ...body } = filled(values);
      return request(machine, "link-subnet", { id: found.id }, { ...body, ...(isDefault === true ? { default_gateway: true } : {}), ...(isElsewhere(found, chosen(values)) ? { force: true } : {}) });
    },
  };
}
