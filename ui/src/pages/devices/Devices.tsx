/** All devices: what has a name and addresses from here and is never deployed. */

import { useState } from "react";
import { useNavigate } from "react-router";

import type { Item } from "../../api/resources";
import { Button } from "../../parts/Button";
import { PageHeader } from "../../parts/PageHeader";
import { Empty } from "../../parts/Problem";
import type { Column } from "../../table/columns";
import type { Facet } from "../../table/ResourceTable";
import { ResourceTable } from "../../table/ResourceTable";
import type { Verb } from "../operations/Bulk";
import { useBulk } from "../operations/Bulk";
import { NewDevice } from "./NewDevice";

type Device = Item<"devices">;

const macs = (device: Device) => device.interface_set.map((found) => found.mac_address);

const COLUMNS: readonly Column<Device>[] = [
  { id: "fqdn", header: "Name", text: (device) => device.fqdn, sort: "hostname", width: "minmax(190px, 1.6fr)", card: "title" },
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
  { id: "owner", header: "Owner", text: (device) => device.owner ?? "", sort: "owner", width: "minmax(80px, 0.6fr)", card: "beside" },
  { id: "zone", header: "Zone", text: (device) => device.zone?.name ?? "", sort: "zone", width: "minmax(80px, 0.6fr)" },
  { id: "domain", header: "Domain", text: (device) => device.domain?.name ?? "", sort: "domain", width: "minmax(90px, 0.7fr)", isHidden: true },
  { id: "description", header: "Description", text: (device) => device.description, width: "minmax(120px, 1.2fr)" },
  { id: "id", header: "Id", cell: (device) => <code>{device.system_id}</code>, text: (device) => device.system_id, sort: "system_id", width: "minmax(80px, 0.5fr)", isHidden: true },
];

const FACETS: readonly Facet[] = [
  { field: "owner", label: "Owner" },
  { field: "zone", label: "Zone" },
  { field: "domain", label: "Domain" },
];

/** What can be done to many of them. */
const VERBS: readonly Verb<"devices">[] = [
  { id: "zone", label: "Move to a zone…", verb: "update", fields: [{ name: "zone", label: "Availability zone", isNeeded: true }] },
  { id: "domain", label: "Move to a domain…", verb: "update", fields: [{ name: "domain", label: "Domain", isNeeded: true }] },
  { id: "delete", label: "Delete", detail: "End their names and addresses", verb: "delete", isDangerous: true },
];

export default function Devices() {
  const [isMaking, setMaking] = useState(false);
  const bulk = useBulk("devices");
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
        groups={FACETS}
        placeholder="owner:anna zone:east printer-*"
        bulk={(chosen) => bulk.menu("Change", VERBS, chosen)}
        href={(device) => `/devices/${device.system_id}`}
        empty={
          <Empty title="There are no devices yet">
            <p>A device is a host that gets a name and addresses from here and is never deployed: a switch, a printer, a virtual machine.</p>
          </Empty>
        }
      />
      {bulk.dialog}
      {isMaking && <NewDevice onClose={() => setMaking(false)} onMade={(id) => void navigate(`/devices/${id}`)} />}
    </>
  );
}
