/** All devices: what has a name and addresses from here and is never deployed. */

import { useState } from "react";
import { useNavigate } from "react-router";

import type { Item } from "../../api/resources";
import { Button } from "../../parts/Button";
import { Menu } from "../../parts/Menu";
import { PageHeader } from "../../parts/PageHeader";
import { Empty } from "../../parts/Problem";
import type { Column } from "../../table/columns";
import type { Chosen, Facet } from "../../table/ResourceTable";
import { ResourceTable } from "../../table/ResourceTable";
import { BulkDialog } from "../machines/BulkDialog";
import type { Verb } from "../machines/verbs";
import { NewDevice } from "./NewDevice";

type Device = Item<"devices">;

const macs = (device: Device) => device.interface_set.map((found) => found.mac_address);

const COLUMNS: readonly Column<Device>[] = [
  { id: "fqdn", header: "Name", cell: (device) => device.fqdn, text: (device) => device.fqdn, sort: "hostname", width: "minmax(190px, 1.6fr)", card: "title" },
  {
    id: "ip",
    header: "Addresses",
    cell: (device) => <span title={device.ip_addresses.join("\n")}>{device.ip_addresses.join(", ")}</span>,
    text: (device) => device.ip_addresses.join(" "),
    sort: "ip",
    width: "minmax(130px, 1fr)",
    card: "below",
  },
  { id: "mac", header: "MAC addresses", cell: (device) => <code>{macs(device).join(", ")}</code>, text: (device) => macs(device).join(" "), sort: "mac", width: "minmax(150px, 1.2fr)", card: "below" },
  { id: "owner", header: "Owner", cell: (device) => device.owner ?? "", text: (device) => device.owner ?? "", sort: "owner", width: "minmax(80px, 0.6fr)", card: "beside" },
  { id: "zone", header: "Zone", cell: (device) => device.zone?.name ?? "", text: (device) => device.zone?.name ?? "", sort: "zone", width: "minmax(80px, 0.6fr)" },
  { id: "domain", header: "Domain", cell: (device) => device.domain?.name ?? "", text: (device) => device.domain?.name ?? "", sort: "domain", width: "minmax(90px, 0.7fr)", isHidden: true },
  { id: "description", header: "Description", cell: (device) => device.description, text: (device) => device.description, width: "minmax(120px, 1.2fr)" },
  { id: "id", header: "Id", cell: (device) => <code>{device.system_id}</code>, text: (device) => device.system_id, sort: "system_id", width: "minmax(80px, 0.5fr)", isHidden: true },
];

const FACETS: readonly Facet[] = [
  { field: "owner", label: "Owner" },
  { field: "zone", label: "Zone" },
  { field: "domain", label: "Domain" },
];

const GROUPS = [
  ["owner", "Owner"],
  ["zone", "Zone"],
  ["domain", "Domain"],
] as const;

/** What can be done to many of them. */
const VERBS: readonly Verb[] = [
  { id: "zone", label: "Move to a zone…", verb: "update", group: "more", fields: [{ name: "zone", label: "Availability zone", isNeeded: true }] },
  { id: "domain", label: "Move to a domain…", verb: "update", group: "more", fields: [{ name: "domain", label: "Domain", isNeeded: true }] },
  { id: "delete", label: "Delete", detail: "End their names and addresses", verb: "delete", group: "more", isDangerous: true },
];

export default function Devices() {
  const [isMaking, setMaking] = useState(false);
  const [asked, setAsked] = useState<{ verb: Verb; chosen: Chosen } | null>(null);
  const navigate = useNavigate();
  return (
    <>
      <PageHeader title="Devices">
        <Button kind="primary" onPress={() => setMaking(true)}>
          New device
        </Button>
      </PageHeader>
      <ResourceTable
        resource="devices"
        noun={["device", "devices"]}
        columns={COLUMNS}
        defaultSort="hostname"
        facets={FACETS}
        groups={GROUPS}
        placeholder="owner:anna zone:east printer-*"
        bulk={(chosen) => (
          <Menu
            size="small"
            label="Change"
            choices={VERBS}
            onChoose={(id) => {
              const verb = VERBS.find((found) => found.id === id);
              if (verb !== undefined) setAsked({ verb, chosen });
            }}
          />
        )}
        href={(device) => `/devices/${device.system_id}`}
        empty={
          <Empty title="There are no devices yet">
            <p>A device is a host that gets a name and addresses from here and is never deployed: a switch, a printer, a virtual machine.</p>
          </Empty>
        }
      />
      {asked !== null && <BulkDialog kind="devices" verb={asked.verb} chosen={asked.chosen} onClose={() => setAsked(null)} />}
      {isMaking && <NewDevice onClose={() => setMaking(false)} onMade={(id) => void navigate(`/devices/${id}`)} />}
    </>
  );
}
