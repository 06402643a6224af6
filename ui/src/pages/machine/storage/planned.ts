/**
 * What a plan makes of a machine's disks, as far as a picture needs it.
 *
 * The plan says what differs of the machine as it is stored; what it does not name stays as the disks have it now. A region of
 * another version may store it otherwise: what is not understood makes no picture.
 */

import type { BulkPlan, Plan } from "../../../api/resources";
import { size as sizeWords } from "../sizes";
import type { Group, GroupKind, Place, Storage } from "./model";
import { ofDevice, ofPartition, partitionName, sizeOf } from "./model";
import { groupSize } from "./preview";
import type { Device, Filesystem, Partition } from "./shapes";

/** Where something is, as it is stored. */
interface StoredPlace {
  device?: number;
  partition?: number;
}

interface StoredPartition {
  id: number;
  number: number;
  size_bytes: number;
  bootable?: boolean;
  tags?: readonly string[];
}

interface StoredTable {
  device: number;
  kind: string;
  partitions: readonly StoredPartition[];
}

/** A member of a group has the id of the group; everything else is formatted. */
interface StoredFilesystem {
  on: StoredPlace;
  content: Partial<Record<Part, number>> & { formatted?: string };
  label?: string;
  mount?: { point: string; options?: string };
}

type Part = "physical_volume" | "raid_member" | "raid_spare" | "bcache_backing" | "bcache_cache" | "vmfs_extent";

interface StoredGroup {
  id: number;
  name: string;
  kind: {
    volume_group?: { volumes?: readonly { name: string; size_bytes: number; device: { id: number } }[] };
    raid?: { level: string; device: { id: number } };
    bcache?: { mode: string; cache_set: number; device: { id: number } };
    vmfs?: { device: { id: number } };
  };
}

/** The members of a stored machine's storage that differ. */
interface Differing {
  tables?: readonly StoredTable[];
  filesystems?: readonly StoredFilesystem[];
  special?: readonly { fstype: string; mount: { point: string; options?: string } }[];
  groups?: readonly StoredGroup[];
  cache_sets?: readonly number[];
}

/** The disks as they would be, with the places on them and the groups that would be other ones. */
export interface PlannedStorage {
  storage: Storage;
  news: ReadonlySet<Place>;
}

const ROOT = "/storage";

/** The disks as a plan makes them; null where it says nothing of them, or nothing that is understood. */
export function plannedStorage(now: Storage, machine: { system_id: string }, plan: Plan | BulkPlan | undefined): PlannedStorage | null {
  const found = plan?.changes.find((object) => object.resource === "machines" && object.id === machine.system_id);
  if (found === undefined) return null;
  const members = found.differences.filter(({ pointer }) => pointer === ROOT || pointer.startsWith(`${ROOT}/`));
  if (members.length === 0) return null;
  try {
    return marked(now, planned(now, differing(members)));
  } catch {
    return null;
  }
}

function differing(members: readonly { pointer: string; after: unknown }[]): Differing {
  const whole = members.find(({ pointer }) => pointer === ROOT);
  if (whole !== undefined) return { tables: [], filesystems: [], special: [], groups: [], cache_sets: [], ...((whole.after ?? {}) as Differing) };
  // An empty list is not stored.
  return Object.fromEntries(members.map(({ pointer, after }) => [pointer.slice(ROOT.length + 1), after ?? []]));
}

/** The order of groups in a picture: that of `storageOf`, so that nothing moves that does not change. */
const ORDER: readonly GroupKind[] = ["raid", "cache-set", "bcache", "volume-group", "datastore"];

/** The disks with what differs, from the partitions up. */
function planned(now: Storage, { tables, filesystems, special, groups: stored, cache_sets: sets }: Differing): Storage {
  const content = filesystems === undefined ? null : new Map(filesystems.map((found) => [placeOf(found.on), found]));
  const groups = membered(cached(stored === undefined ? now.groups : [...now.groups.filter(({ kind }) => kind === "cache-set"), ...stored.map((group) => groupOf(group, now))], sets), content);
  const made = stored === undefined ? now.devices.filter(({ type }) => type !== "physical") : stored.flatMap((group) => devicesOf(group, now));
  const bare = [...now.devices.filter(({ type }) => type === "physical"), ...made];
  const divided = tables === undefined ? bare : bare.map((device) => dividedBy(device, tables.find((table) => table.device === device.id)));
  const filled = content === null ? divided : divided.map((device) => filledWith(device, content));
  const ordered = [...groups].sort((one, other) => ORDER.indexOf(one.kind) - ORDER.indexOf(other.kind));
  return sized({ ...now, devices: filled, groups: ordered, special: special?.map(({ fstype, mount }) => ({ fstype, mount_point: mount.point, mount_options: mount.options })) ?? now.special });
}

function placeOf({ device, partition }: StoredPlace): Place {
  if (device !== undefined) return ofDevice(device);
  if (partition !== undefined) return ofPartition(partition);
  throw new Error("it is nowhere");
}

const NOTHING = { detail: "", size: 0, free: null, members: [], spares: [], makes: [], cachedBy: null };

/** A group, without what it is made of: its parts name it. */
function groupOf({ id, name, kind }: StoredGroup, now: Storage): Group {
  const of = (found: GroupKind, more: Partial<Group>): Group => {
    const before = now.groups.find((group) => group.kind === found && group.id === id);
    return { ...NOTHING, kind: found, id, name, members: before?.members ?? [], spares: before?.spares ?? [], ...more };
  };
  const { volume_group: volumes, raid, bcache, vmfs } = kind;
  if (raid !== undefined) return of("raid", { detail: raid.level.replace(/^raid(?=\d)/, "raid-"), makes: [raid.device.id] });
  if (bcache !== undefined) return of("bcache", { detail: bcache.mode, makes: [bcache.device.id], cachedBy: bcache.cache_set });
  if (vmfs !== undefined) return of("datastore", { makes: [vmfs.device.id] });
  if (volumes !== undefined) return of("volume-group", { makes: (volumes.volumes ?? []).map((volume) => volume.device.id) });
  throw new Error(`${name} is of no kind that is known`);
}

/** The devices that a group makes, as large as it is known to be so far. */
function devicesOf({ name, kind }: StoredGroup, now: Storage): Device[] {
  const device = (id: number, called: string, size: number): Device => {
    const before = now.devices.find((found) => found.id === id && found.type !== "physical");
    return { id, type: "virtual", partitions: before?.partitions ?? [], tags: before?.tags ?? [], filesystem: before?.filesystem, partition_table_type: before?.partition_table_type, name: called, size, available_size: before?.available_size ?? 0 };
  };
  const volumes = (kind.volume_group?.volumes ?? []).map((volume) => device(volume.device.id, `${name}-${volume.name}`, volume.size_bytes));
  const only = kind.raid ?? kind.bcache ?? kind.vmfs;
  return [...volumes, ...(only === undefined ? [] : [device(only.device.id, name, 0)])];
}

/** The groups with the cache sets that there would be; they are called by their order. */
function cached(groups: readonly Group[], sets: readonly number[] | undefined): Group[] {
  if (sets === undefined) return [...groups];
  const others = groups.filter(({ kind }) => kind !== "cache-set");
  const known = (id: number) => groups.find((group) => group.kind === "cache-set" && group.id === id);
  return [...sets.map((id, at): Group => ({ ...NOTHING, ...known(id), kind: "cache-set", id, name: `cache${at}` })), ...others];
}

const PARTS: Record<GroupKind, Part> = { raid: "raid_member", "volume-group": "physical_volume", "cache-set": "bcache_cache", bcache: "bcache_backing", datastore: "vmfs_extent" };

/** The groups with what they are made of. */
function membered(groups: readonly Group[], content: ReadonlyMap<Place, StoredFilesystem> | null): Group[] {
  if (content === null) return [...groups];
  const having = (part: Part, id: number) => [...content].filter(([, found]) => found.content[part] === id).map(([place]) => place);
  return groups.map((group) => ({ ...group, members: having(PARTS[group.kind], group.id), spares: group.kind === "raid" ? having("raid_spare", group.id) : [] }));
}

function dividedBy(device: Device, table: StoredTable | undefined): Device {
  const partitions = (table?.partitions ?? []).map((found): Partition => {
    const before = device.partitions.find(({ id }) => id === found.id);
    return { id: found.id, device_id: device.id, path: `${device.name}-part${found.number}`, size: found.size_bytes, bootable: found.bootable === true, tags: found.tags ?? [], filesystem: before?.filesystem };
  });
  return { ...device, partition_table_type: table === undefined ? null : table.kind.toUpperCase(), partitions };
}

function filledWith(device: Device, content: ReadonlyMap<Place, StoredFilesystem>): Device {
  const on = (place: Place): Filesystem | null => {
    const found = content.get(place);
    const fstype = found?.content.formatted;
    if (found === undefined || fstype === undefined) return null;
    return { fstype, label: found.label, mount_point: found.mount?.point, mount_options: found.mount?.options };
  };
  return { ...device, filesystem: on(ofDevice(device.id)), partitions: device.partitions.map((partition) => ({ ...partition, filesystem: on(ofPartition(partition.id)) })) };
}

/** Sizes follow from what things are made of: the lowest first, until nothing changes any more. */
function sized(storage: Storage): Storage {
  let [devices, groups] = [storage.devices, storage.groups];
  for (let left = groups.length + 1; left > 0; left -= 1) {
    const at = (place: Place) => sizeOf(devices, place) ?? 0;
    const volumes = (group: Group) => devices.filter((device) => group.makes.includes(device.id)).reduce((sum, device) => sum + device.size, 0);
    groups = groups.map((group) => {
      const size = groupSize(group, group.members.map(at), group.spares.map(at));
      return { ...group, size, free: group.kind === "volume-group" ? Math.max(0, size - volumes(group)) : null };
    });
    const madeBy = new Map(groups.filter(({ kind }) => kind !== "volume-group").flatMap((group) => group.makes.map((id) => [id, group.size] as const)));
    devices = devices.map((device) => ({ ...device, size: device.type === "physical" ? device.size : (madeBy.get(device.id) ?? device.size) }));
  }
  const used = (device: Device) => device.partitions.reduce((sum, partition) => sum + partition.size, 0);
  return { ...storage, groups, devices: devices.map((device) => ({ ...device, available_size: device.partitions.length === 0 ? device.available_size : Math.max(0, device.size - used(device)) })) };
}

/** What is new or other than before is marked. Sizes are as people say them: what is made here is not exact. */
function marked(before: Storage, after: Storage): PlannedStorage {
  const places = (storage: Storage) =>
    new Map(
      storage.devices.flatMap((device) => [
        [ofDevice(device.id), said(device.name, device.size, device.filesystem)] as const,
        ...device.partitions.map((partition) => [ofPartition(partition.id), said(partitionName(partition), partition.size, partition.filesystem, partition.bootable)] as const),
      ]),
    );
  const was = places(before);
  const members = new Set<Place>(before.groups.flatMap((group) => [...group.members, ...group.spares]));
  const isMember = new Set<Place>(after.groups.flatMap((group) => [...group.members, ...group.spares]));
  const isOther = ([place, words]: readonly [Place, string]) => was.get(place) !== words && !(members.has(place) && isMember.has(place));
  const news = new Set([...places(after)].filter(isOther).map(([place]) => place));
  const groupWords = ({ name, detail, members: of, spares, cachedBy }: Group) => JSON.stringify([name, detail, of, spares, cachedBy]);
  const known = new Map(before.groups.map((group) => [`${group.kind}:${group.id}`, groupWords(group)]));
  const groups = after.groups.map((group) => ({ ...group, isNew: known.get(`${group.kind}:${group.id}`) !== groupWords(group) }));
  return { storage: { ...after, groups }, news };
}

function said(name: string, bytes: number, filesystem: Filesystem | null | undefined, isBootable = false): string {
  const { fstype = "", label = "", mount_point: at = "", mount_options: options = "" } = filesystem ?? {};
  return JSON.stringify([name, sizeWords(bytes), fstype, label ?? "", at ?? "", options ?? "", isBootable]);
}
