/** Who answers DHCP on a VLAN: nobody, racks, or the racks of another VLAN through a relay. */

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
  const rank = (role: string, link: string | null) => (role === "Primary" ? 0 : role === "Secondary" ? 1 : link === null ? 3 : 2);
  return racks
    .map((rack) => {
      const role = rack.system_id === vlan.primary_rack ? "Primary" : rack.system_id === vlan.secondary_rack ? "Secondary" : "";
      return { rack, role, link: linkOf(rack, vlan.id) };
    })
    .sort((one, other) => rank(one.role, one.link) - rank(other.role, other.link) || one.rack.hostname.localeCompare(other.rack.hostname, "en", { numeric: true }));
}

/** The interface of a rack on a VLAN, with its addresses. */
function linkOf(rack: Rack, vlan: number): string | null {
  const found = (rack.interface_set as readonly { name?: string; vlan?: { id?: number } | null; links?: readonly { ip_address?: string | null }[] }[]).find((one) => one.vlan?.id === vlan);
  if (found === undefined) return null;
  const addresses = (found.links ?? []).map((link) => link.ip_address ?? "").filter((ip) => ip !== "");
  return [found.name ?? "an interface", ...addresses].join(", ");
}

/** What the choice of who serves DHCP is as fields of the VLAN. */
export function dhcpBody(values: Values): Record<string, unknown> {
  if (values.mode === "racks") return { dhcp_on: true, primary_rack: values.primary_rack, secondary_rack: values.secondary_rack, relay_vlan: "" };
  if (values.mode === "relay") return { dhcp_on: false, relay_vlan: values.relay_vlan };
  return { dhcp_on: false, relay_vlan: "" };
}

interface Props {
  vlan: Vlan;
  vlans: readonly Vlan[];
  racks: readonly Rack[];
  /** How it stands in the form at first, where it is not as it is. */
  mode?: "off" | "racks" | "relay";
  onDone: () => void;
  onCancel?: () => void;
  children?: ReactNode;
}

export function DhcpForm({ vlan, vlans, racks, mode, onDone, onCancel, children }: Props) {
  const named = racksOf(vlan, racks).map(({ rack, link }) => ({ value: rack.system_id, label: `${rack.hostname}, ${isConnected(rack) ? "connected" : "away"}${link === null ? "" : `, on ${link}`}` }));
  const relays = sorted(vlans.filter((one) => one.id !== vlan.id && !one.relay_vlan).map((one) => ({ value: String(one.id), label: `${one.fabric} / ${vlanName(one)}${one.dhcp_on ? "" : " – DHCP is off there"}` })));
  const isRacks = (values: Values) => values.mode === "racks";
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
      ],
    },
    { name: "primary_rack", label: "Primary rack", kind: "select", isNeeded: true, options: named, isShown: isRacks },
    { name: "secondary_rack", label: "Secondary rack", kind: "select", options: [{ value: "", label: "None: clients get no answer while the first is away" }, ...named], help: "Both answer; either alone is enough.", isShown: isRacks },
    { name: "relay_vlan", label: "Relayed to", kind: "select", isNeeded: true, options: relays, help: "The relay itself is set up on the router or switch of this VLAN.", isShown: (values) => values.mode === "relay" },
  ];
  const [primary, secondary] = servers(vlan);
  const initial = {
    mode: mode ?? (vlan.relay_vlan ? "relay" : vlan.dhcp_on ? "racks" : "off"),
    primary_rack: primary ?? named[0]?.value ?? "",
    secondary_rack: secondary ?? "",
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
