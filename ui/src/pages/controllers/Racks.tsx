/** All racks: which are away, what they serve, and how new they are. */

import { PageHeader } from "../../parts/PageHeader";
import { Empty } from "../../parts/Problem";
import type { Column } from "../../table/columns";
import type { Facet } from "../../table/ResourceTable";
import { ResourceTable } from "../../table/ResourceTable";
import type { Rack } from "./controller";
import { isConnected, servicesInWords } from "./controller";
import { SessionStatus } from "./SessionStatus";

export const COLUMNS: readonly Column<Rack>[] = [
  { id: "hostname", header: "Name", text: (rack) => rack.hostname, sort: "hostname", width: "minmax(150px, 1.2fr)", card: "title" },
  {
    id: "session",
    header: "Session",
    cell: (rack) => <SessionStatus rack={rack} />,
    text: (rack) => (isConnected(rack) ? "connected" : "away"),
    width: "minmax(110px, 0.7fr)",
    card: "beside",
  },
  { id: "services", header: "Services", cell: (rack) => <span title={servicesInWords(rack)}>{servicesInWords(rack)}</span>, text: servicesInWords, width: "minmax(200px, 2fr)", card: "below" },
  { id: "ip", header: "Addresses", cell: (rack) => <span title={rack.ip_addresses.join("\n")}>{rack.ip_addresses.join(", ")}</span>, text: (rack) => rack.ip_addresses.join(" "), width: "minmax(120px, 1fr)", card: "below" },
  { id: "zone", header: "Zone", text: (rack) => rack.zone?.name ?? "", sort: "zone.name", width: "minmax(90px, 0.6fr)" },
  { id: "version", header: "Version", text: (rack) => rack.version, sort: "version", width: "minmax(90px, 0.5fr)" },
  { id: "description", header: "Description", cell: (rack) => <span title={rack.description}>{rack.description}</span>, text: (rack) => rack.description, width: "minmax(140px, 1.4fr)" },
  { id: "id", header: "Id", cell: (rack) => <code>{rack.system_id}</code>, text: (rack) => rack.system_id, width: "minmax(80px, 0.5fr)", isHidden: true },
];

const FACETS: readonly Facet[] = [
  { field: "zone.name", label: "Zone" },
  { field: "version", label: "Version" },
];

export default function Racks() {
  return (
    <>
      <PageHeader title="Racks" />
      <ResourceTable
        resource="racks"
        noun={["rack", "racks"]}
        columns={COLUMNS}
        defaultSort="hostname"
        facets={FACETS}
        groups={FACETS}
        placeholder="Name, address, version:0.1* zone.name:east"
        href={(rack) => `/racks/${rack.system_id}`}
        empty={
          <Empty title="No rack has joined">
            <p>
              On the host of a region, <code>ironraft cluster token create --role rack</code> prints a token; <code>ironraft rack join</code> takes it on the host of a rack.
            </p>
          </Empty>
        }
      />
    </>
  );
}
