/** The records of a zone as the racks answer them: those that users made, and those of machines, devices, racks and leases. */

import type { Item } from "../../api/resources";
import { byAddress } from "../networks/address";

export type Domain = Item<"domains">;
export type DnsResource = Item<"dns-resources">;
export type DnsRecord = DnsResource["resource_records"][number];

/** Where a record comes from. */
export type Source = "user" | "machine" | "device" | "rack" | "lease";

export interface Line {
  key: string;
  /** The name below the zone; `@` for the zone itself. */
  name: string;
  type: string;
  data: string;
  /** Its own TTL; null when it has that of the zone. */
  ttl: number | null;
  source: Source;
  /** The page of what it comes from. */
  to?: string | undefined;
  /** What is changed to change it. */
  resource?: DnsResource | undefined;
  record?: DnsRecord | undefined;
}

/** The name below a zone; null when it is not in it. */
export function below(fqdn: string, zone: string): string | null {
  const [name, of] = [fqdn.replace(/\.$/, "").toLowerCase(), zone.toLowerCase()];
  if (name === of) return "@";
  return name.endsWith(`.${of}`) ? fqdn.slice(0, name.length - of.length - 1) : null;
}

/** The zone that a name is in: of several the longest. */
export function zoneOf(fqdn: string, zones: readonly string[]): string | null {
  const all = zones.filter((zone) => below(fqdn, zone) !== null);
  return all.sort((one, other) => other.length - one.length)[0] ?? null;
}

const typeOf = (ip: string) => (ip.includes(":") ? "AAAA" : "A");

interface Sources {
  zone: string;
  zones: readonly string[];
  resources: readonly DnsResource[];
  machines: readonly { fqdn: string; system_id: string; ip_addresses: readonly string[]; address_ttl?: number | null }[];
  devices: readonly { fqdn: string; system_id: string; ip_addresses: readonly string[] }[];
  racks: readonly { fqdn: string; system_id: string; ip_addresses: readonly string[] }[];
  leases: readonly { ip: string; name?: string | null; state: string }[];
  /** Whether names of leases are in this zone. */
  isDefault: boolean;
}

/** All lines of a zone, by name. */
export function linesOf(sources: Sources): Line[] {
  const { zone, zones, resources, machines, devices, racks, leases, isDefault } = sources;
  const isOfZone = (fqdn: string) => zoneOf(fqdn, zones) === zone;
  const lines: Line[] = [];
  for (const resource of resources.filter(({ fqdn }) => isOfZone(fqdn))) {
    const name = below(resource.fqdn, zone) ?? resource.fqdn;
    for (const { ip } of resource.ip_addresses) {
      lines.push({ key: `u${resource.id}-${ip}`, name, type: typeOf(ip), data: ip, ttl: resource.address_ttl ?? null, source: "user", resource });
    }
    for (const record of resource.resource_records) {
      lines.push({ key: `r${record.id}`, name, type: record.rrtype, data: record.rrdata, ttl: record.ttl ?? null, source: "user", resource, record });
    }
  }
  const nodes = [
    ...machines.map((node) => ({ ...node, source: "machine" as const })),
    ...devices.map((node) => ({ ...node, address_ttl: null, source: "device" as const })),
    ...racks.map((node) => ({ ...node, address_ttl: null, source: "rack" as const })),
  ];
  for (const node of nodes.filter(({ fqdn }) => isOfZone(fqdn))) {
    for (const ip of node.ip_addresses) {
      lines.push({ key: `${node.system_id}-${ip}`, name: below(node.fqdn, zone) ?? node.fqdn, type: typeOf(ip), data: ip, ttl: node.address_ttl ?? null, source: node.source, to: node.source === "rack" ? undefined : `/${node.source}s/${node.system_id}` });
    }
  }
  const known = new Set(lines.map((line) => line.data));
  for (const lease of isDefault ? leases : []) {
    // Whoever has a name of higher rank for the address, has it.
    if (lease.state !== "active" || !lease.name || known.has(lease.ip)) continue;
    lines.push({ key: `l${lease.ip}`, name: lease.name, type: typeOf(lease.ip), data: lease.ip, ttl: null, source: "lease" });
  }
  return lines.sort((one, other) => rank(one) - rank(other) || one.name.localeCompare(other.name, "en", { numeric: true }) || one.type.localeCompare(other.type) || byAddress(one.data, other.data));
}

const rank = (line: Line) => (line.name === "@" ? 0 : 1);

/** The lines that have a word somewhere, of the sources that are wanted. */
export function meant(lines: readonly Line[], words: string, source: Source | ""): Line[] {
  const wanted = words.toLowerCase().split(/\s+/).filter((word) => word !== "");
  return lines.filter((line) => (source === "" || line.source === source) && wanted.every((word) => `${line.name} ${line.type} ${line.data}`.toLowerCase().includes(word)));
}
