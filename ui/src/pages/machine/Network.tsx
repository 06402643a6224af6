/** The interfaces of a machine: how they stand on each other, and what can be done with them. */

import { useState } from "react";

import type { Machine } from "../../api/resources";
import { Button } from "../../parts/Button";
import { Icon } from "../../parts/Icon";
import { Menu } from "../../parts/Menu";
import { Facts, Note, Panel } from "../../parts/Panel";
import { Empty } from "../../parts/Problem";
import { networkRefusal, restoreRefusal } from "./changeable";
import type { InterfaceLink } from "./InterfaceTable";
import { InterfaceTable } from "./InterfaceTable";
import type { MachineInterface } from "./network/forms";
import { choicesOf, newChoices } from "./network/choices";
import type { Asked } from "./network/NetworkDialogs";
import { NetworkDialogs } from "./network/NetworkDialogs";
import { NetworkPicture } from "./network/NetworkPicture";
import { tree } from "./network/stack";
import { optional } from "./values";

export function Network({ machine }: { machine: Machine }) {
  const [asked, setAsked] = useState<Asked | null>(null);
  const refusal = networkRefusal(machine);
  const all = machine.interface_set;
  const places = tree(all);
  const menu = (found: MachineInterface) => (
    <Menu
      size="icon"
      kind="quiet"
      label={<Icon name="more" size={14} />}
      name={`Change ${found.name}`}
      choices={choicesOf(machine, found)}
      onChoose={(id) => setAsked({ what: id as "edit", of: found })}
    />
  );
  const canEdit = refusal === null || (machine.status_name === "Deployed" && !machine.locked);
  return (
    <>
      <Panel title="Interfaces" actions={refusal === null && <NewMenu machine={machine} onAsk={setAsked} />}>
        <NetworkPicture interfaces={all} />
        <InterfaceTable
          interfaces={places.map(({ found }) => found)}
          boots={machine.boot_interface?.id}
          places={new Map(places.map((place) => [place.found.id, place]))}
          empty={<Empty title="It has no interfaces">Commission it: then they are read from the hardware.</Empty>}
          {...(canEdit ? { actions: menu } : {})}
          {...(refusal === null ? { linkActions: (found: MachineInterface, link: InterfaceLink) => <LinkButtons machine={machine} found={found} link={link} onAsk={setAsked} /> } : {})}
        />
        {refusal === null ? (
          <Note>Cards are read from the hardware. What stands on them, and their addresses, are set up when the machine is deployed.</Note>
        ) : (
          <Note>They cannot be changed now. {refusal}</Note>
        )}
      </Panel>
      <Gateways machine={machine} onAsk={setAsked} />
      {asked !== null && <NetworkDialogs machine={machine} asked={asked} onClose={() => setAsked(null)} />}
    </>
  );
}

function NewMenu({ machine, onAsk }: { machine: Machine; onAsk: (asked: Asked) => void }) {
  return (
    <>
      <Menu label="New" name="New interface" size="small" choices={newChoices(machine)} onChoose={(id) => onAsk({ what: id as "bond" })} />
      <Button size="small" refusal={restoreRefusal(machine)} onPress={() => onAsk({ what: "restore" })}>
        Restore…
      </Button>
    </>
  );
}

function LinkButtons({ machine, found, link, onAsk }: { machine: Machine; found: MachineInterface; link: InterfaceLink; onAsk: (asked: Asked) => void }) {
  const name = link.ip_address ?? `the link to ${link.subnet?.cidr ?? "no subnet"}`;
  const gateway = optional(link.subnet?.gateway_ip);
  const isDefault = gateway !== null && (gateway === machine.default_gateways.ipv4.gateway_ip || gateway === machine.default_gateways.ipv6.gateway_ip);
  // "No address" alone is what an interface has at least.
  const canGo = link.mode !== "link_up" || found.links.length > 1 || (link.subnet !== null && link.subnet !== undefined);
  return (
    <>
      {gateway !== null && !isDefault && (
        <Button size="small" kind="quiet" label={`Make the gateway of ${name} the default`} onPress={() => onAsk({ what: "gateway", of: found, link })}>
          Make default
        </Button>
      )}
      {canGo && (
        <Button size="small" kind="quiet" label={`Take ${name} away`} onPress={() => onAsk({ what: "unlink", of: found, link })}>
          <Icon name="close" size={11} />
        </Button>
      )}
    </>
  );
}

function Gateways({ machine, onAsk }: { machine: Machine; onAsk: (asked: Asked) => void }) {
  const { ipv4, ipv6 } = machine.default_gateways;
  if (ipv4.gateway_ip === null && ipv6.gateway_ip === null) return null;
  return (
    <Panel
      title="Default gateways"
      actions={
        <Button size="small" refusal={machine.locked ? "It is locked: unlock it first." : null} onPress={() => onAsk({ what: "clear-gateways" })}>
          Leave to the best guess…
        </Button>
      }
    >
      <Facts of={[["IPv4", ipv4.gateway_ip], ["IPv6", ipv6.gateway_ip]]} />
    </Panel>
  );
}
