/** Who answers DHCP on a VLAN: nobody, racks, the racks of another VLAN through a relay, or servers of others. */

import type { ReactNode } from "react";

import { pathOf } from "../../api/resources";
import type { Field, Values } from "../../form/Fields";
import { ResourceForm } from "../../form/ResourceForm";
import { isConnected } from "../controllers/controller";
import type { Rack } from "./dhcp";
import { servers } from "./dhcp";
import { sorted } from "./forms";
import type { Vlan } from "./tree";
import { vlanName } from "./tree";

/** The racks that could serve it: those that do, then those with an interface on it, then the others. */
export function racksOf(vlan: Vlan, racks: readonly Rack[]): { rack: Rack; role: string; link: string | null }[] {
  const serving = servers(vlan);
  const rank = (id: string, link: string | null) => (serving.includes(id) ? serving.indexOf(id) : serving.length + (link === null ? 1 : 0));
  return racks
    .map((rack) => {
      return { rack, role: roleOf(rack.system_id, vlan), link: linkOf(rack, vlan.id) };
    })
    .sort((one, other) => rank(one.rack.system_id, one.link) - rank(other.rack.system_id, other.link) || one.rack.hostname.localeCompare(other.rack.hostname, "en", { numeric: true }));
}

function roleOf(id: string, vlan: Vlan): string {
  if (id === vlan.primary_rack) return "Primary";
  if (id === vlan.secondary_rack) return "Secondary";
  return vlan.further_racks.includes(id) ? "Further" : "";
}

/** The interface of a rack on a VLAN, with its addresses. */
function linkOf(rack: Rack, vlan: number): string | null {
  const found = (rack.interface_set as readonly { name?: string; vlan?: { id?: number } | null; links?: readonly { ip_address?: string | null }[] }[]).find((one) => one.vlan?.id === vlan);
  if (found === undefined) return null;
  const addresses = (found.links ?? []).map((link) => link.ip_address ?? "").filter((ip) => ip !== "");
  return [found.name ?? "an interface", ...addresses].join(", ");
}

const NOBODY = { dhcp_on: false, relay_vlan: "", relay_agent: false, relay_to: "", proxy_dhcp: false };

/** The API takes addresses, and racks, with commas between them. */
const listed = (written: unknown) => (typeof written === "string" ? written.split(/[\s,]+/).filter(Boolean).join(",") : "");

/** The choice that a VLAN stands for. */
function modeOf(vlan: Vlan): Mode {
  if (vlan.relay_vlan) return "relay";
  if (vlan.dhcp_on) return "racks";
  if (vlan.relay_to.length > 0) return "others";
  return vlan.proxy_dhcp ? "proxy" : "off";
}

/** What the choice of who serves DHCP is as fields of the VLAN. */
export function dhcpBody(values: Values): Record<string, unknown> {
  const racks = { primary_rack: values.primary_rack, secondary_rack: values.secondary_rack, further_racks: listed(values.further_racks), service_addresses: listed(values.service_addresses) };
  if (values.mode === "racks") return { ...NOBODY, ...racks, dhcp_on: true };
  if (values.mode === "relay") return { ...NOBODY, relay_vlan: values.relay_vlan, ...(values.relay_agent === true ? { ...racks, relay_agent: true } : {}) };
  if (values.mode === "others") return { ...NOBODY, ...racks, relay_to: listed(values.relay_to) };
  if (values.mode === "proxy") return { ...NOBODY, ...racks, proxy_dhcp: true };
  return NOBODY;
}

type Mode = "off" | "racks" | "relay" | "others" | "proxy";

interface Props {
  vlan: Vlan;
  vlans: readonly Vlan[];
  racks: readonly Rack[];
  /** How it stands in the form at first, where it is not as it is. */
  mode?: Mode;
  onDone: () => void;
  onCancel?: () => void;
  children?: ReactNode;
}

export function DhcpForm({ vlan, vlans, racks, mode, onDone, onCancel, children }: Props) {
  const named = racksOf(vlan, racks).map(({ rack, link }) => ({ value: rack.system_id, label: `${rack.hostname}, ${isConnected(rack) ? "connected" : "away"}${link === null ? "" : `, on ${link}`}` }));
  const relays = sorted(vlans.filter((one) => one.id !== vlan.id && !one.relay_vlan).map((one) => ({ value: String(one.id), label: `${one.fabric} / ${vlanName(one)}${one.dhcp_on ? "" : " – DHCP is off there"}` })));
  const areRacksNamed = (values: Values) => values.mode !== "off" && (values.mode !== "relay" || values.relay_agent === true);
  const fields: Field[] = [
    {
      name: "mode",
      label: "Who answers",
      kind: "select",
      isNeeded: true,
      options: [
        { value: "off", label: "Nobody: DHCP is off" },
        { value: "racks", label: "Racks with an interface on this VLAN" },
        { value: "relay", label: "Racks of another VLAN, through a relay" },
        { value: "others", label: "Servers of others, to which racks relay it" },
        { value: "proxy", label: "A server of others on this VLAN; racks say what to boot (ProxyDHCP)" },
      ],
    },
    { name: "relay_vlan", label: "Relayed to", kind: "select", isNeeded: true, options: relays, isShown: (values) => values.mode === "relay" },
    { name: "relay_agent", label: "Racks on this VLAN relay it", kind: "checkbox", help: "Off: the relay is set up on the router or switch of this VLAN.", isShown: (values) => values.mode === "relay" },
    { name: "relay_to", label: "Servers", isNeeded: true, placeholder: "192.0.2.67, 2001:db8::67", help: "Each of them is sent every message.", isShown: (values) => values.mode === "others" },
    { name: "primary_rack", label: "Primary rack", kind: "select", isNeeded: true, options: named, isShown: areRacksNamed },
    { name: "secondary_rack", label: "Secondary rack", kind: "select", options: [{ value: "", label: "None: clients get no answer while the first is away" }, ...named], help: "Both do the same; either alone is enough.", isShown: areRacksNamed },
    { name: "further_racks", label: "Further racks", placeholder: "rack-3, rack-4", help: "By name, six at most. They do the same, and the first of them moves up when one of the two above goes. Empty for none.", isShown: areRacksNamed },
    { name: "service_addresses", label: "Service addresses", placeholder: "10.0.0.5, fd00::5", help: "Clients know the racks by these, one of each family at most: they move to a rack that lives. Empty for none.", isShown: areRacksNamed },
  ];
  const [primary, secondary, ...further] = servers(vlan);
  const nameOf = (id: string) => racks.find((rack) => rack.system_id === id)?.hostname ?? id;
  const initial = {
    mode: mode ?? modeOf(vlan),
    relay_agent: vlan.relay_agent,
    relay_to: vlan.relay_to.join(", "),
    service_addresses: vlan.service_addresses.join(", "),
    primary_rack: primary ?? named[0]?.value ?? "",
    secondary_rack: secondary ?? "",
    further_racks: further.map(nameOf).join(", "),
    relay_vlan: String(vlan.relay_vlan?.id ?? relays[0]?.value ?? ""),
  };
  return (
    <ResourceForm
      fields={fields}
      initial={initial}
      change={(values) => ({ method: "PATCH", path: pathOf("vlans", String(vlan.id)), body: dhcpBody(values), ifMatch: vlan.revision })}
      submit="Save"
      done={`DHCP on ${vlanName(vlan)} was changed`}
      isReversible
      onDone={onDone}
      {...(onCancel === undefined ? {} : { onCancel })}
    >
      {children}
    </ResourceForm>
  );
}
