/** Fabrics or spaces, their VLANs, and the subnets of those, as the rows of a tree. */

import type { Item } from "../../api/resources";
import { grouped } from "../../parts/grouped";
import { byAddress, contains, parseAddress, parsePrefix } from "./address";

export type Vlan = Item<"vlans">;
export type Subnet = Item<"subnets">;
export type Fabric = Item<"fabrics">;
export type Space = Item<"spaces">;

export type By = "fabric" | "space";

export type Row =
  | { kind: "group"; key: string; name: string; id: number | null; description: string; vlans: number; subnets: number; isOpen: boolean }
  | { kind: "vlan"; key: string; vlan: Vlan; subnets: number; isOpen: boolean }
  | { kind: "subnet"; key: string; subnet: Subnet };

/** What the API calls the space of VLANs that are in none. */
const NO_SPACE = "undefined";

interface Sources {
  fabrics: readonly Pick<Fabric, "id" | "name" | "description">[];
  spaces: readonly Pick<Space, "id" | "name" | "description">[];
  vlans: readonly Vlan[];
  subnets: readonly Subnet[];
}

/** How a VLAN is called: its tag, and its name if that says more. */
export function vlanName(vlan: Pick<Vlan, "vid" | "name">): string {
  const tag = vlan.vid === 0 ? "untagged" : `VLAN ${vlan.vid}`;
  return vlan.name === "" || vlan.name === "untagged" || vlan.name === String(vlan.vid) ? tag : `${tag} · ${vlan.name}`;
}

/** The space of a VLAN or a subnet; empty for none, which MAAS calls `undefined`. */
export function spaceOf({ space }: { space: string }): string {
  return space === "undefined" ? "" : space;
}

/** Whether a part of the tree is what the words ask for: each stands in it somewhere, or is an address that it has. */
function isMeant(words: readonly string[], texts: readonly string[], subnet: Subnet | null): boolean {
  const text = texts.join("\n").toLowerCase();
  return words.every((word) => {
    if (word === "dhcp:on" || word === "dhcp:off") return text.includes(word);
    const address = parseAddress(word);
    if (address === null) return text.includes(word);
    const prefix = subnet === null ? null : parsePrefix(subnet.cidr);
    return prefix !== null && contains(prefix, address);
  });
}

function textsOf(vlan: Vlan): string[] {
  return [vlan.fabric, vlan.space === NO_SPACE ? "" : vlan.space, vlanName(vlan), vlan.description, `vid:${vlan.vid}`, vlan.dhcp_on || vlan.relay_vlan ? "dhcp:on" : "dhcp:off"];
}

/** The rows that are shown. What a search finds is shown with what it is in, opened. */
export function rowsOf(sources: Sources, by: By, search: string, closed: ReadonlySet<string>): Row[] {
  const words = search.toLowerCase().split(/\s+/).filter((word) => word !== "");
  const isSearched = words.length > 0;
  const subnetsOf = grouped(sources.subnets, (subnet) => subnet.vlan.id);
  const groups = by === "fabric" ? sources.fabrics.map((fabric) => ({ ...fabric, vlans: [] as Vlan[] })) : [...sources.spaces.map((space) => ({ ...space, vlans: [] as Vlan[] })), { id: null, name: "No space", description: "VLANs that are in none", vlans: [] as Vlan[] }];
  const groupOf = new Map(groups.map((group) => [by === "fabric" ? String(group.id) : group.id === null ? NO_SPACE : group.name, group]));
  for (const vlan of sources.vlans) groupOf.get(by === "fabric" ? String(vlan.fabric_id) : vlan.space)?.vlans.push(vlan);
  return groups
    .filter((group) => group.id !== null || group.vlans.length > 0)
    .sort((one, other) => Number(one.id === null) - Number(other.id === null) || one.name.localeCompare(other.name, "en", { numeric: true }))
    .flatMap((group) => {
      const key = `${by}-${group.id ?? "none"}`;
      const isGroupMeant = isMeant(words, [group.name, group.description], null);
      const below = group.vlans
        .sort((one, other) => one.fabric.localeCompare(other.fabric, "en", { numeric: true }) || one.vid - other.vid)
        .map((vlan) => vlanRows(vlan, subnetsOf.get(vlan.id) ?? [], isGroupMeant ? [] : words, isSearched || !closed.has(`vlan-${vlan.id}`)));
      const shown = below.filter((rows) => rows.length > 0);
      if (isSearched && !isGroupMeant && shown.length === 0) return [];
      const isOpen = isSearched || !closed.has(key);
      const subnets = group.vlans.reduce((sum, vlan) => sum + (subnetsOf.get(vlan.id)?.length ?? 0), 0);
      const head: Row = { kind: "group", key, name: group.name, id: group.id, description: group.description, vlans: group.vlans.length, subnets, isOpen };
      return isOpen ? [head, ...shown.flat()] : [head];
    });
}

function vlanRows(vlan: Vlan, subnets: readonly Subnet[], words: readonly string[], isOpen: boolean): Row[] {
  const texts = textsOf(vlan);
  const isVlanMeant = isMeant(words, texts, null);
  const shown = subnets.filter((subnet) => isVlanMeant || isMeant(words, [...texts, subnet.cidr, subnet.name, subnet.description, subnet.gateway_ip ?? ""], subnet));
  if (!isVlanMeant && shown.length === 0) return [];
  const head: Row = { kind: "vlan", key: `vlan-${vlan.id}`, vlan, subnets: subnets.length, isOpen };
  if (!isOpen) return [head];
  const sorted = [...shown].sort((one, other) => byAddress(one.cidr, other.cidr));
  return [head, ...sorted.map((subnet): Row => ({ kind: "subnet", key: `subnet-${subnet.id}`, subnet }))];
}
