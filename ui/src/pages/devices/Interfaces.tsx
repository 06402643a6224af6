/** The interfaces of a device, and what they are linked to; all of it can be changed. */

import type { ComponentProps } from "react";
import { useState } from "react";

import { useFirstPage } from "../../api/lists";
import type { Item } from "../../api/resources";
import { pathOf } from "../../api/resources";
import type { Field, Values } from "../../form/Fields";
import { filled } from "../../form/Fields";
import { FormDialog } from "../../form/FormDialog";
import { Button } from "../../parts/Button";
import { ConfirmWithPlan } from "../../parts/ConfirmWithPlan";
import { Icon } from "../../parts/Icon";
import { Menu } from "../../parts/Menu";
import { Panel } from "../../parts/Panel";
import { Empty } from "../../parts/Problem";
import type { Interface, InterfaceLink } from "../machine/InterfaceTable";
import { InterfaceTable, vlanOf } from "../machine/InterfaceTable";

type Device = Item<"devices">;

/** What is being asked for. */
type Asked = { what: "new" } | { what: "edit" | "link" | "remove"; of: Interface } | { what: "unlink"; of: Interface; link: InterfaceLink };

const CHOICES = 1000;

export function Interfaces({ device }: { device: Device }) {
  const [asked, setAsked] = useState<Asked | null>(null);
  const close = () => setAsked(null);
  const menu = (found: Interface) => (
    <Menu
      size="icon"
      kind="quiet"
      label={<Icon name="more" size={14} />}
      name={`Change ${found.name}`}
      choices={[
        { id: "link", label: "Give it an address…" },
        { id: "edit", label: "Change…" },
        { id: "remove", label: "Remove…", isDangerous: true },
      ]}
      onChoose={(id) => setAsked({ what: id as "link", of: found })}
    />
  );
  const unlink = (found: Interface, link: InterfaceLink) => (
    <Button size="small" kind="quiet" label={`Take ${link.ip_address ?? "the link"} away`} onPress={() => setAsked({ what: "unlink", of: found, link })}>
      <Icon name="close" size={11} />
    </Button>
  );
  return (
    <Panel
      title="Interfaces"
      actions={
        <Button size="small" onPress={() => setAsked({ what: "new" })}>
          New interface
        </Button>
      }
    >
      <InterfaceTable interfaces={device.interface_set} empty={<Empty title="It has no interfaces">Without one it gets no addresses.</Empty>} actions={menu} linkActions={unlink} />
      {asked !== null && <Ask device={device} asked={asked} onClose={close} />}
    </Panel>
  );
}

function Ask({ device, asked, onClose }: { device: Device; asked: Asked; onClose: () => void }) {
  const all = `${pathOf("devices", device.system_id)}/interfaces`;
  switch (asked.what) {
    case "new":
      return <Edit title="New interface" submit="Make" done="The interface was made" onClose={onClose} change={(values) => ({ method: "POST", path: `${all}/create-physical`, body: filled(values) })} />;
    case "edit":
      return (
        <Edit
          title={`Change ${asked.of.name}`}
          submit="Save"
          done={`${asked.of.name} was changed`}
          found={asked.of}
          onClose={onClose}
          change={(_, changed) => ({ method: "PATCH", path: `${all}/${asked.of.id}`, body: changed })}
        />
      );
    case "link":
      return <LinkDialog of={asked.of} path={`${all}/${asked.of.id}/link-subnet`} onClose={onClose} />;
    case "remove":
      return (
        <ConfirmWithPlan
          title={`Remove ${asked.of.name}`}
          verb="Remove"
          isDangerous
          isReversible
          change={{ method: "DELETE", path: `${all}/${asked.of.id}` }}
          done={`${asked.of.name} was removed`}
          onClose={onClose}
        />
      );
    case "unlink":
      return (
        <ConfirmWithPlan
          title={`Take ${asked.link.ip_address ?? "the link"} from ${asked.of.name}`}
          verb="Take it away"
          isDangerous
          isReversible
          change={{ method: "POST", path: `${all}/${asked.of.id}/unlink-subnet`, body: { id: asked.link.id } }}
          done={`${asked.link.ip_address ?? "The link"} was taken from ${asked.of.name}`}
          onClose={onClose}
        />
      );
  }
}

type EditProps = Pick<ComponentProps<typeof FormDialog>, "title" | "submit" | "done" | "change" | "onClose"> & { found?: Interface };

function Edit({ found, ...form }: EditProps) {
  const vlans = useFirstPage("vlans", { limit: CHOICES });
  const all = vlans.data?.items ?? [];
  const here = found?.vlan ?? null;
  const options = [...(here !== null && !all.some((vlan) => vlan.id === here.id) ? [here] : []), ...all].map((vlan) => ({ value: String(vlan.id), label: vlanOf(vlan) }));
  const fields: Field[] = [
    { name: "mac_address", label: "MAC address", isNeeded: true, placeholder: "52:54:00:12:34:57" },
    { name: "name", label: "Name", placeholder: "eth0" },
    { name: "vlan", label: "Fabric and VLAN", kind: "select", options: [{ value: "", label: "Not known" }, ...options] },
    { name: "tags", label: "Tags", kind: "list" },
  ];
  const initial: Values = found === undefined ? {} : { mac_address: found.mac_address, name: found.name, vlan: here === null ? "" : String(here.id), tags: found.tags };
  return <FormDialog waitsFor={[vlans]} fields={fields} initial={initial} isReversible {...form} />;
}

const MODES = [
  { value: "STATIC", label: "An address that stays" },
  { value: "DHCP", label: "By DHCP, another one each time" },
  { value: "LINK_UP", label: "None, only the link" },
];

/** Subnets of the interface's VLAN come first: on others the address would not work. */
function LinkDialog({ of, path, onClose }: { of: Interface; path: string; onClose: () => void }) {
  const read = useFirstPage("subnets", { sort: "cidr", limit: CHOICES });
  const isNear = (subnet: Item<"subnets">) => of.vlan?.id === subnet.vlan.id;
  const subnets = [...(read.data?.items ?? [])].sort((one, other) => Number(isNear(other)) - Number(isNear(one)));
  const options = subnets.map((subnet) => ({ value: String(subnet.id), label: `${subnet.cidr}${subnet.name === subnet.cidr ? "" : ` ${subnet.name}`} (${vlanOf(subnet.vlan)})` }));
  return (
    <FormDialog
      title={`Give ${of.name} an address`}
      waitsFor={[read]}
      fields={[
        { name: "subnet", label: "Subnet", kind: "select", isNeeded: true, options },
        { name: "mode", label: "How", kind: "select", isNeeded: true, options: MODES },
        { name: "ip_address", label: "Address", placeholder: "The next free one", isShown: (values) => values.mode === "STATIC" },
      ]}
      change={(values) => ({ method: "POST", path, body: filled(values) })}
      submit="Give"
      done={`${of.name} was linked`}
      isReversible
      onClose={onClose}
    />
  );
}
