/** What is said of a host that racks saw. */

import type { Item } from "../../api/resources";
import { Status } from "../../parts/Status";
import { Time } from "../../parts/Time";
import type { Column } from "../../table/columns";
import type { Facet } from "../../table/ResourceTable";

export type Discovery = Item<"discoveries">;

/** Where it was seen: the fabric and the VLAN. */
export function placeOf(seen: Discovery): string {
  return `${seen.fabric_name}, ${seen.vid === null || seen.vid === undefined ? "untagged" : `VLAN ${seen.vid}`}`;
}

/** Which rack saw it, on which link. */
export function observerOf(seen: Discovery): string {
  return `${seen.observer.hostname} ${seen.observer.interface_name}`;
}

export const COLUMNS: readonly Column<Discovery>[] = [
  { id: "ip", header: "Address", cell: (seen) => <code>{seen.ip}</code>, text: (seen) => seen.ip, sort: "ip", width: "minmax(150px, 1.1fr)", card: "title" },
  { id: "mac", header: "MAC address", cell: (seen) => <code>{seen.mac_address}</code>, text: (seen) => seen.mac_address, sort: "mac_address", width: "minmax(145px, 1fr)", card: "below" },
  { id: "vendor", header: "Made by", text: (seen) => seen.mac_organization ?? "", sort: "mac_organization", width: "minmax(130px, 1.2fr)", card: "below" },
  { id: "hostname", header: "Name", text: (seen) => seen.hostname ?? "", sort: "hostname", width: "minmax(110px, 1fr)", card: "below" },
  { id: "rack", header: "Seen by", text: observerOf, sort: "observer.hostname", width: "minmax(120px, 0.9fr)" },
  { id: "place", header: "Fabric and VLAN", text: placeOf, sort: "fabric_name", width: "minmax(140px, 1fr)" },
  {
    id: "dhcp",
    header: "DHCP",
    cell: (seen) => (seen.is_external_dhcp ? <Status tone="warn">Foreign server</Status> : null),
    text: (seen) => (seen.is_external_dhcp ? "foreign server" : ""),
    width: "minmax(126px, 0.7fr)",
  },
  { id: "seen", header: "Last seen", cell: (seen) => <Time at={seen.last_seen} />, text: (seen) => seen.last_seen, sort: "last_seen", width: "minmax(110px, 0.7fr)", card: "beside" },
];

export const FACETS: readonly Facet[] = [
  { field: "observer.hostname", label: "Rack" },
  { field: "fabric_name", label: "Fabric" },
  { field: "vid", label: "VLAN" },
  { field: "mac_organization", label: "Made by" },
];
