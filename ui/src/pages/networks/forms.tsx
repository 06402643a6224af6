/** The forms of fabrics, spaces, VLANs and subnets. */

import { useAll } from "../../api/lists";
import type { Answer } from "../../api/send";
import type { Field, Values } from "../../form/Fields";
import { ObjectDialog } from "../../form/ObjectDialog";
import { byAddress, parsePrefix, written } from "./address";
import type { Fabric, Space, Subnet, Vlan } from "./tree";
import { spaceOf, vlanName } from "./tree";

interface Close {
  onClose: () => void;
  onDone?: (answer: Answer<unknown>) => void;
}

const DESCRIPTION: Field = { name: "description", label: "Description" };

export function FabricDialog({ fabric, ...close }: Close & { fabric?: Fabric | undefined }) {
  const fields: Field[] = [
    { name: "name", label: "Name", help: fabric === undefined ? "fabric- and its number when it is left empty. It comes with an untagged VLAN." : "" },
    { name: "class_type", label: "Class", placeholder: "10g", help: "Machines can be asked for by it: fabric_classes." },
    DESCRIPTION,
  ];
  const initial = { name: fabric?.name ?? "", class_type: fabric?.class_type ?? "", description: fabric?.description ?? "" };
  return <ObjectDialog resource="fabrics" noun="fabric" item={fabric} name={fabric?.name ?? ""} fields={fields} initial={initial} {...close} />;
}

export function SpaceDialog({ space, ...close }: Close & { space?: Space | undefined }) {
  const fields: Field[] = [{ name: "name", label: "Name", isNeeded: true, help: "VLANs of a space may reach each other." }, DESCRIPTION];
  const initial = { name: space?.name ?? "", description: space?.description ?? "" };
  return <ObjectDialog resource="spaces" noun="space" item={space} name={space?.name ?? ""} fields={fields} initial={initial} {...close} />;
}

/** What racks say of a VLAN by router advertisements, in words. */
export const ADVERTISEMENTS = [
  { value: "off", label: "None" },
  { value: "on", label: "Prefixes; addresses by DHCPv6 alone" },
  { value: "slaac", label: "Prefixes; hosts may make addresses of their own (SLAAC)" },
];

const ADVERTISED: Field = { name: "router_advertisements", label: "IPv6 router advertisements", kind: "select", options: ADVERTISEMENTS, help: "Sent by the racks that serve it. No default route is in them: the gateway has to advertise itself." };

export function VlanDialog({ vlan, fabric, ...close }: Close & { vlan?: Vlan | undefined; fabric?: string | undefined }) {
  const fabrics = useAll("fabrics", { fields: ["id", "name"] });
  const spaces = useAll("spaces", { fields: ["id", "name"] });
  const fields: Field[] = [
    { name: "fabric", label: "Fabric", kind: "select", isNeeded: true, options: sorted(fabrics.items.map(({ name }) => ({ value: name, label: name }))) },
    { name: "vid", label: "Tag (VID)", kind: "number", isNeeded: true, help: "1 to 4094; 0 is what is not tagged." },
    { name: "name", label: "Name" },
    { name: "space", label: "Space", kind: "select", options: [{ value: "", label: "No space" }, ...sorted(spaces.items.map(({ name }) => ({ value: name, label: name })))] },
    { name: "mtu", label: "MTU", kind: "number", help: "Bytes of a packet: 1500, or up to 9000 where every switch on the way takes it." },
    // A new one has no rack yet that could send them.
    ...(vlan === undefined ? [] : [ADVERTISED]),
    DESCRIPTION,
  ];
  const initial = {
    fabric: vlan?.fabric ?? fabric ?? fabrics.items[0]?.name ?? "",
    vid: vlan?.vid ?? "",
    name: vlan?.name ?? "",
    space: vlan === undefined ? "" : spaceOf(vlan),
    mtu: vlan?.mtu ?? 1500,
    ...(vlan === undefined ? {} : { router_advertisements: vlan.router_advertisements }),
    description: vlan?.description ?? "",
  };
  return <ObjectDialog resource="vlans" noun="VLAN" waitsFor={[fabrics, spaces]} item={vlan} name={vlan === undefined ? "" : vlanName(vlan)} fields={fields} initial={initial} {...close} />;
}

const REVERSE_ZONES = [
  { value: "2", label: "Whole, and classless where it is smaller than a zone" },
  { value: "1", label: "Whole" },
  { value: "0", label: "None" },
];

export function SubnetDialog({ subnet, vlan, ...close }: Close & { subnet?: Subnet | undefined; vlan?: number | undefined }) {
  const vlans = useAll("vlans");
  const options = sorted(vlans.items.map((one) => ({ value: String(one.id), label: `${one.fabric} / ${vlanName(one)}` })));
  const fields: Field[] = [
    { name: "cidr", label: "Prefix", isNeeded: true, placeholder: "10.20.0.0/24 or fd00:20::/64" },
    { name: "name", label: "Name", help: "The prefix when it is left empty." },
    { name: "vlan", label: "VLAN", kind: "select", isNeeded: true, options },
    { name: "gateway_ip", label: "Gateway", placeholder: "10.20.0.1" },
    { name: "dns_servers", label: "DNS servers", placeholder: "10.20.0.2, 10.20.0.3", help: "Told to clients besides the racks." },
    { name: "managed", label: "Addresses are assigned in it", kind: "checkbox", help: "Off: nothing but reserved ranges is used, and the rest is left to others." },
    { name: "allow_dns", label: "Hosts in it may ask the racks for names", kind: "checkbox" },
    { name: "active_discovery", label: "Racks search it for hosts", kind: "checkbox" },
    { name: "rdns_mode", label: "Reverse zone", kind: "select", options: REVERSE_ZONES },
    DESCRIPTION,
  ];
  const initial = { ...valuesOf(subnet), vlan: String(subnet?.vlan.id ?? vlan ?? options[0]?.value ?? "") };
  return <ObjectDialog resource="subnets" noun="subnet" waitsFor={[vlans]} item={subnet} name={subnet?.name ?? ""} fields={fields} initial={initial} body={withServers} {...close} />;
}

/** What stands in the fields of a subnet at first. */
function valuesOf(subnet: Subnet | undefined): Values {
  return {
    cidr: subnet?.cidr ?? "",
    name: subnet?.name ?? "",
    gateway_ip: subnet?.gateway_ip ?? "",
    dns_servers: subnet?.dns_servers.join(", ") ?? "",
    managed: subnet?.managed ?? true,
    allow_dns: subnet?.allow_dns ?? true,
    active_discovery: subnet?.active_discovery ?? false,
    rdns_mode: String(subnet?.rdns_mode ?? 2),
    description: subnet?.description ?? "",
  };
}

/** The API takes DNS servers with commas between them. */
function withServers(values: Values): Values {
  return typeof values.dns_servers === "string" ? { ...values, dns_servers: values.dns_servers.split(/[\s,]+/).filter(Boolean).join(",") } : values;
}

/** Choices in the order in which people look for them. */
export function sorted<T extends { label: string }>(options: readonly T[]): T[] {
  return [...options].sort((one, other) => one.label.localeCompare(other.label, "en", { numeric: true }));
}

/** The first address that a host can have, and the last: what is proposed where one is asked for. */
export function hosts(cidr: string): { first: string; last: string } | null {
  const prefix = parsePrefix(cidr);
  if (prefix === null) return null;
  const size = 1n << BigInt((prefix.version === 4 ? 32 : 128) - prefix.length);
  const at = (value: bigint) => written({ version: prefix.version, value });
  return size <= 2n ? { first: at(prefix.first), last: at(prefix.first + size - 1n) } : { first: at(prefix.first + 1n), last: at(prefix.first + size - (prefix.version === 4 ? 2n : 1n)) };
}

export const bySubnet = (one: Subnet, other: Subnet) => byAddress(one.cidr, other.cidr);
