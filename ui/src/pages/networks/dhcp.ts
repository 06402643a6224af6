/** Who serves DHCP on a VLAN, and what is wrong with it. */

import type { Item } from "../../api/resources";
import type { Tone } from "../../parts/Status";
import type { Finding } from "../../parts/Verdict";
import { isConnected } from "../controllers/controller";
import type { Vlan } from "./tree";
import { vlanName } from "./tree";

export type Rack = Item<"racks">;

/** What is known of a rack by its id; null while it is not known, or may not be seen. */
export type Racks = ReadonlyMap<string, Rack> | null;

export function byId({ data, items }: { data?: unknown; items: readonly Rack[] }): Racks {
  return data === undefined ? null : new Map(items.map((rack) => [rack.system_id, rack]));
}

const rackName = (id: string, racks: Racks) => racks?.get(id)?.hostname ?? id;

/** The racks that a VLAN names, in the order in which they move up. */
export function servers(vlan: Vlan): string[] {
  return [vlan.primary_rack, vlan.secondary_rack, ...vlan.further_racks].filter((id): id is string => typeof id === "string" && id !== "");
}

/** DHCP of a VLAN at a glance. */
export function dhcpState(vlan: Vlan, racks: Racks): { tone: Tone; word: string } {
  if (vlan.relay_vlan !== null && vlan.relay_vlan !== undefined) {
    const via = `Relayed to ${vlan.relay_vlan.fabric} ${vlanName(vlan.relay_vlan)}`;
    if (vlan.relay_vlan.dhcp_on && vlan.relay_agent) return byRacks(vlan, racks, via);
    return { tone: vlan.relay_vlan.dhcp_on ? "good" : "bad", word: vlan.relay_vlan.dhcp_on ? via : `${via}, where it is off` };
  }
  if (vlan.dhcp_on) return byRacks(vlan, racks, "On");
  if (vlan.relay_to.length > 0) return byRacks(vlan, racks, `Relayed to ${vlan.relay_to.join(", ")}`);
  if (vlan.proxy_dhcp) return byRacks(vlan, racks, "Of another server, with what to boot");
  return { tone: "idle", word: "Off" };
}

/** What is done by the racks that a VLAN names, and which of them are there. */
function byRacks(vlan: Vlan, racks: Racks, what: string): { tone: Tone; word: string } {
  const named = servers(vlan);
  if (racks === null && named.length > 0) return { tone: "good", word: what };
  const away = named.filter((id) => !isThere(id, racks));
  const names = named.map((id) => rackName(id, racks)).join(", ");
  if (named.length === 0) return { tone: "bad", word: `${what}, by no rack` };
  if (away.length === named.length) return { tone: "bad", word: `${what}, but ${names} ${named.length > 1 ? "are" : "is"} away` };
  if (away.length > 0) return { tone: "warn", word: `${what}, ${away.map((id) => rackName(id, racks)).join(", ")} ${away.length > 1 ? "are" : "is"} away` };
  return { tone: "good", word: `${what}, by ${names}` };
}

function isThere(id: string, racks: Racks): boolean {
  const rack = racks?.get(id);
  return rack !== undefined && isConnected(rack);
}

/** What is wrong with DHCP on a VLAN. Racks that may not be seen are not said to be away. */
export function dhcpFindings(vlan: Vlan, racks: Racks): Finding[] {
  const found: Finding[] = [];
  const other = vlan.external_dhcp ?? "";
  const isOfIpv6 = other.includes(":");
  // Racks say what to boot beside a server of IPv4 alone.
  if (other !== "" && (isOfIpv6 || !vlan.proxy_dhcp)) {
    found.push({
      tone: "warn",
      text: `Another ${isOfIpv6 ? "DHCPv6" : "DHCP"} server, ${other}, answers on ${vlan.fabric} ${vlanName(vlan)}`,
      help: "Clients take whichever answer comes first: switch one of them off.",
    });
  }
  if (racks === null) return found;
  const state = dhcpState(vlan, racks);
  if (state.tone === "bad" && vlan.relay_vlan && !vlan.relay_vlan.dhcp_on) {
    found.push({ tone: "bad", text: `Nobody answers DHCP on ${vlan.fabric} ${vlanName(vlan)}`, help: `It is relayed to ${vlanName(vlan.relay_vlan)}, where DHCP is off: switch it on there.` });
  } else if (state.tone === "bad") {
    found.push({ tone: "bad", text: `Nobody answers DHCP on ${vlan.fabric} ${vlanName(vlan)}`, help: `${state.word}: look at the host of the rack and its link to the regions, or have another rack serve it.` });
  } else if (state.tone === "warn") {
    const named = servers(vlan);
    const there = named.filter((id) => isThere(id, racks)).length;
    const who = there === 1 ? "One rack alone serves" : `${there} of ${named.length} racks serve`;
    found.push({ tone: "warn", text: `${who} DHCP on ${vlan.fabric} ${vlanName(vlan)}`, help: state.word });
  }
  return found;
}
