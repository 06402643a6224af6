/** What tables say of a machine. */

import type { Machine } from "../../api/resources";
import { inWords, machineTone, powerTone, Status } from "../../parts/Status";
import type { Column } from "../../table/columns";
import type { Facet, Group } from "../../table/ResourceTable";
import type { View } from "../../table/Views";
import styles from "./Machines.module.css";

/** MiB as people say it. */
export function memory(mib: number): string {
  return mib >= 1024 ? `${round(mib / 1024)} GiB` : `${mib} MiB`;
}

function round(number: number): string {
  return Number.isInteger(number) ? String(number) : number.toFixed(1);
}

/** Why a machine is as it is, in few words; empty when nothing is to be said. */
export function reason(machine: Machine): string {
  return machineTone(machine.status_name) === "bad" ? machine.error_description || machine.status_message : machineTone(machine.status_name) === "busy" ? machine.status_message : "";
}

export const COLUMNS: readonly Column<Machine>[] = [
  {
    id: "fqdn",
    header: "Name",
    text: (machine) => machine.fqdn,
    sort: "hostname",
    width: "minmax(170px, 1.6fr)",
    card: "title",
  },
  {
    id: "status",
    header: "Status",
    cell: (machine) => (
      <span className={styles.state}>
        <Status tone={machineTone(machine.status_name)}>{machine.status_name}</Status>
        {machine.locked && <span className={styles.locked} title="It is not released, deleted or edited">locked</span>}
      </span>
    ),
    text: (machine) => machine.status_name,
    sort: "status",
    width: "minmax(196px, 1.1fr)",
    card: "beside",
  },
  {
    id: "reason",
    header: "Why",
    cell: (machine) => (reason(machine) === "" ? null : <span className={styles.reason} title={reason(machine)}>{reason(machine)}</span>),
    text: reason,
    width: "minmax(120px, 1.6fr)",
    card: "below",
  },
  {
    id: "power",
    header: "Power",
    cell: (machine) => <Status tone={powerTone(machine.power_state)}>{inWords(machine.power_state)}</Status>,
    text: (machine) => machine.power_state,
    sort: "power",
    width: "minmax(74px, 0.5fr)",
    card: "below",
  },
  {
    id: "ip",
    header: "Addresses",
    cell: (machine) => <span title={machine.ip_addresses.join("\n")}>{machine.ip_addresses.join(", ")}</span>,
    text: (machine) => machine.ip_addresses.join(" "),
    sort: "ip",
    width: "minmax(116px, 0.9fr)",
    card: "below",
  },
  {
    id: "owner",
    header: "Owner",
    text: (machine) => machine.owner ?? "",
    sort: "owner",
    width: "minmax(80px, 0.7fr)",
  },
  {
    id: "pool",
    header: "Pool",
    text: (machine) => machine.pool?.name ?? "",
    sort: "pool",
    width: "minmax(80px, 0.6fr)",
  },
  {
    id: "zone",
    header: "Zone",
    text: (machine) => machine.zone?.name ?? "",
    sort: "zone",
    width: "minmax(80px, 0.6fr)",
    isHidden: true,
  },
  {
    id: "tags",
    header: "Tags",
    cell: (machine) => machine.tag_names.map((tag) => <span key={tag} className={styles.tag}>{tag}</span>),
    text: (machine) => machine.tag_names.join(" "),
    width: "minmax(90px, 0.9fr)",
  },
  {
    id: "cpus",
    header: "CPUs",
    cell: (machine) => (machine.cpu_count === 0 ? "" : machine.cpu_count),
    text: (machine) => machine.cpu_count,
    sort: "cpus",
    width: "minmax(60px, 0.3fr)",
    isNumeric: true,
  },
  {
    id: "memory",
    header: "Memory",
    cell: (machine) => (machine.memory === 0 ? "" : memory(machine.memory)),
    text: (machine) => machine.memory,
    sort: "memory",
    width: "minmax(80px, 0.4fr)",
    isNumeric: true,
  },
  {
    id: "mac",
    header: "MAC addresses",
    cell: (machine) => <code>{macs(machine).join(", ")}</code>,
    text: (machine) => macs(machine).join(" "),
    sort: "mac",
    width: "minmax(140px, 1fr)",
    isHidden: true,
  },
  {
    id: "architecture",
    header: "Architecture",
    text: (machine) => machine.architecture,
    sort: "architecture",
    width: "minmax(120px, 0.8fr)",
    isHidden: true,
  },
  {
    id: "id",
    header: "Id",
    cell: (machine) => <code>{machine.system_id}</code>,
    text: (machine) => machine.system_id,
    sort: "system_id",
    width: "minmax(80px, 0.6fr)",
    isHidden: true,
  },
];

function macs(machine: Machine): string[] {
  return machine.interface_set.map((found) => found.mac_address).filter((mac) => typeof mac === "string");
}

export const FACETS: readonly Facet[] = [
  { field: "status", label: "Status", words: inWords, tone: machineTone },
  { field: "power", label: "Power", words: inWords },
  { field: "pool", label: "Pool" },
  { field: "zone", label: "Zone" },
  { field: "owner", label: "Owner" },
  { field: "tag", label: "Tag" },
];

/** A machine has many tags: it cannot be grouped by them. */
export const GROUPS: readonly Group[] = [
  ...FACETS.filter(({ field }) => field !== "tag"),
  { field: "domain", label: "Domain" },
  { field: "architecture", label: "Architecture" },
  { field: "power_type", label: "Power driver" },
];

/** What needs somebody: it failed, is broken, or takes longer than it may. */
export const ATTENTION = "status:failed*,broken OR deadline:>0s";

export const VIEWS: readonly View[] = [
  { name: "Needs attention", filter: ATTENTION, sort: "-failed_at", group: "" },
  { name: "Under way", filter: "status:commissioning,testing,deploying,releasing,disk_erasing", sort: "hostname", group: "status" },
  { name: "By pool", filter: "", sort: "hostname", group: "pool" },
];
