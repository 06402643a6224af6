/** What is asked before something of a machine's network is made, changed or removed, with a picture of what it would be. */

import { useFirstPage } from "../../../api/lists";
import type { Machine } from "../../../api/resources";
import type { Values } from "../../../form/Fields";
import type { Asking } from "../../../form/PlannedDialog";
import { PlannedDialog } from "../../../form/PlannedDialog";
import type { InterfaceLink } from "../InterfaceTable";
import { request } from "../paths";
import type { MachineInterface, Vlan } from "./forms";
import { bondForm, bridgeForm, cardForm, editForm, isElsewhere, linkForm, namesOf, vlanForm } from "./forms";
import type { Drawn } from "./graph";
import { NetworkPicture } from "./NetworkPicture";
import type { Changed } from "./preview";
import { withChanged, withLink, withNew, withoutLink, without } from "./preview";

type Filled = { what: "card" | "bond" | "bridge" | "vlan" } | { what: "edit"; of: MachineInterface };
type Confirmed = { what: "restore" | "clear-gateways" } | { what: "disconnect" | "remove"; of: MachineInterface } | { what: "unlink" | "gateway"; of: MachineInterface; link: InterfaceLink };

/** What is being asked for. */
export type Asked = Filled | Confirmed | { what: "link"; of: MachineInterface };

interface Props {
  machine: Machine;
  asked: Asked;
  onClose: () => void;
}

const CHOICES = 1000;

export function NetworkDialogs({ machine, asked, onClose }: Props) {
  const needsVlans = asked.what === "card" || asked.what === "vlan" || asked.what === "edit";
  const vlans = useFirstPage("vlans", { limit: CHOICES }, needsVlans);
  const subnets = useFirstPage("subnets", { sort: "cidr", limit: CHOICES }, asked.what === "link");
  const form = asked.what === "link" ? withLinkDrawn(machine, asked.of, linkForm(machine, asked.of, subnets.data?.items ?? []), subnets.data?.items ?? []) : formOf(machine, asked, vlans.data?.items ?? []);
  const waitsFor = asked.what === "link" ? [subnets] : needsVlans ? [vlans] : [];
  return <PlannedDialog {...form} waitsFor={waitsFor} onClose={onClose} />;
}

function formOf(machine: Machine, asked: Filled | Confirmed, vlans: readonly Vlan[]): Asking {
  const all: readonly Drawn[] = machine.interface_set;
  const drawn = (form: Asking, of: (values: Values) => readonly Drawn[]): Asking => ({ ...form, picture: (values) => <NetworkPicture label="What it would be" interfaces={of(values)} /> });
  const names = (ids: Values[string] | undefined) => namesOf(machine.interface_set, ids);
  switch (asked.what) {
    case "card":
      return cardForm(machine, vlans);
    case "bond":
      return drawn(bondForm(machine), ({ name, parents }) => withNew(all, { kind: "bond", name: String(name), parents: names(parents) }));
    case "bridge":
      return drawn(bridgeForm(machine), ({ name, parent }) => withNew(all, { kind: "bridge", name: String(name) === "" ? `br-${names(parent)[0] ?? ""}` : String(name), parents: names(parent) }));
    case "vlan":
      return drawn(vlanForm(machine, vlans), ({ parent, vlan }) => {
        const vid = vlans.find((found) => String(found.id) === vlan)?.vid;
        return withNew(all, { kind: "vlan", name: `${names(parent)[0] ?? ""}.${vid ?? "?"}`, parents: names(parent), ...(vid === undefined ? {} : { vid }) });
      });
    case "edit":
      return drawn(editForm(machine, asked.of, vlans), (values) => withChanged(all, asked.of, changedIn(machine, asked.of, vlans, values)));
    default:
      return confirmOf(machine, asked, drawn);
  }
}

/** What of an interface the fields say; what is not asked for stays. */
function changedIn(machine: Machine, found: MachineInterface, vlans: readonly Vlan[], { name, enabled, parents, parent, vlan }: Values): Changed {
  const chosen = vlan === undefined ? found.vlan : vlans.find((one) => String(one.id) === vlan);
  return {
    name: String(name ?? ""),
    enabled: enabled === undefined ? found.enabled : enabled === true,
    parents: parents === undefined && parent === undefined ? found.parents : namesOf(machine.interface_set, parents ?? parent),
    vlan: chosen ?? null,
  };
}

/** What is asked without fields. */
function confirmOf(machine: Machine, asked: Confirmed, drawn: (form: Asking, of: () => readonly Drawn[]) => Asking): Asking {
  switch (asked.what) {
    case "restore":
      return {
        title: "Restore what commissioning found",
        verb: "Restore it",
        done: `The network of ${machine.hostname} is that of its hardware`,
        lead: "Bonds, bridges, VLAN interfaces and all addresses go. What is left are the cards, of which the one that it boots from is linked to the subnet that it was seen on.",
        change: () => request(machine, "restore-networking", {}),
        isDangerous: true,
      };
    case "clear-gateways":
      return {
        title: "Leave the default gateways to the best guess",
        verb: "Leave them",
        done: `The default gateways of ${machine.hostname} are the best guess`,
        lead: "They are those of the first links that have one, and the interface that it boots from comes first.",
        change: () => request(machine, "clear-default-gateways", {}),
      };
    case "disconnect":
      return drawn({
        title: `Disconnect ${asked.of.name}`,
        verb: "Disconnect it",
        done: `${asked.of.name} was disconnected`,
        lead: "Its links end, with their addresses, and it is on no VLAN any more.",
        change: () => request(machine, "disconnect", { id: asked.of.id }),
        isDangerous: true,
      }, () => withoutLink(machine.interface_set, asked.of.id));
    case "remove": {
      const form: Asking = { title: `Remove ${asked.of.name}`, verb: "Remove", done: `${asked.of.name} was removed`, change: () => request(machine, "delete-interface", { id: asked.of.id }), isDangerous: true };
      return drawn(form, () => without(machine.interface_set, asked.of.name));
    }
    case "unlink":
      return drawn({
        title: `Take ${asked.link.ip_address ?? "the link"} from ${asked.of.name}`,
        verb: "Take it away",
        done: `${asked.link.ip_address ?? "The link"} was taken from ${asked.of.name}`,
        change: () => request(machine, "unlink-subnet", { id: asked.of.id }, { id: asked.link.id }),
        isDangerous: true,
      }, () => withoutLink(machine.interface_set, asked.of.id, asked.link));
    case "gateway":
      return {
        title: `Default gateway by ${asked.of.name}`,
        verb: "Make it the default",
        done: `${machine.hostname} has another default gateway`,
        lead: `What it has no other route to goes to ${asked.link.subnet?.gateway_ip ?? "the gateway"} of ${asked.link.subnet?.cidr ?? "the subnet"}.`,
        change: () => request(machine, "set-default-gateway", { id: asked.of.id }, { link_id: asked.link.id }),
      };
  }
}

type Subnet = Parameters<typeof linkForm>[2][number];

function withLinkDrawn(machine: Machine, found: MachineInterface, form: Asking, subnets: readonly Subnet[]): Asking {
  return {
    ...form,
    picture: ({ mode, subnet, ip_address: ip }) => {
      const chosen = subnets.find((one) => String(one.id) === subnet);
      const link = { mode: String(mode).toLowerCase(), ip_address: typeof ip === "string" && ip !== "" ? ip : null, subnet: chosen ?? null };
      return <NetworkPicture label="What it would be" interfaces={withLink(machine.interface_set, found.id, link, isElsewhere(found, chosen))} />;
    },
  };
}
