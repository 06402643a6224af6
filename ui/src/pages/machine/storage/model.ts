/** The disks of a machine and what is made of them, put together: what pictures, tables and choices are made of. */

import type { Device, Filesystem, Lists, MachineDisks, Member, Partition } from "./shapes";

/** A whole device, or a partition of one. */
export type Place = `device:${number}` | `partition:${number}`;

export type GroupKind = "raid" | "volume-group" | "cache-set" | "bcache" | "datastore";

/** Devices and partitions that are combined. */
export interface Group {
  kind: GroupKind;
  id: number;
  name: string;
  /** Its level, or how it caches. */
  detail: string;
  size: number;
  /** What nothing has of it; none where it is divided as a device. */
  free: number | null;
  members: readonly Place[];
  spares: readonly Place[];
  /** The devices that it is. */
  makes: readonly number[];
  /** The cache set that caches it. */
  cachedBy: number | null;
  isNew?: boolean;
}

export interface Storage {
  devices: readonly Device[];
  groups: readonly Group[];
  special: readonly Filesystem[];
  bootDisk: number | null;
}

const KINDS: Record<GroupKind, string> = { raid: "RAID", "volume-group": "Volume group", "cache-set": "Cache set", bcache: "Cached disk", datastore: "Datastore" };

export const NO_LISTS: Lists = { raids: [], volumeGroups: [], bcaches: [], cacheSets: [], datastores: [] };

/** What a group is called. */
export function wordsOf(group: Pick<Group, "kind" | "detail">): string {
  if (group.kind === "raid") return group.detail.replace(/^raid-/, "RAID ");
  return group.detail === "" ? KINDS[group.kind] : `${KINDS[group.kind]}, ${group.detail}`;
}

export const ofDevice = (id: number): Place => `device:${id}`;
export const ofPartition = (id: number): Place => `partition:${id}`;

function placeOf(member: Member): Place {
  return member.device_id === undefined ? ofDevice(member.id) : ofPartition(member.id);
}

const placesOf = (members: readonly (Member | null | undefined)[]) => members.flatMap((member) => (member === null || member === undefined ? [] : [placeOf(member)]));
const idOf = (made: { id: number } | null | undefined) => (made === null || made === undefined ? [] : [made.id]);

export function storageOf(disks: MachineDisks, lists: Lists): Storage {
  const devices = [...disks.physicalblockdevice_set, ...disks.virtualblockdevice_set];
  const sizeAt = (place: Place | undefined) => (place === undefined ? 0 : (sizeOf(devices, place) ?? 0));
  const nothing = { detail: "", free: null, spares: [], makes: [], cachedBy: null };
  const groups: Group[] = [
    ...lists.raids.map((raid): Group => ({ ...nothing, kind: "raid", id: raid.id, name: raid.name, detail: raid.level, size: raid.size, members: placesOf(raid.devices), spares: placesOf(raid.spare_devices), makes: idOf(raid.virtual_device) })),
    ...lists.cacheSets.map((set): Group => {
      const members = placesOf([set.cache_device]);
      return { ...nothing, kind: "cache-set", id: set.id, name: set.name, size: sizeAt(members[0]), members };
    }),
    ...lists.bcaches.map((cached): Group => ({ ...nothing, kind: "bcache", id: cached.id, name: cached.name, detail: cached.cache_mode, size: cached.size, members: placesOf([cached.backing_device]), makes: idOf(cached.virtual_device), cachedBy: cached.cache_set?.id ?? null })),
    ...lists.volumeGroups.map((group): Group => ({ ...nothing, kind: "volume-group", id: group.id, name: group.name, size: group.size, free: group.available_size, members: placesOf(group.devices), makes: group.logical_volumes.map((volume) => volume.id) })),
    // The device that a datastore is has its name.
    ...lists.datastores.map((store): Group => ({ ...nothing, kind: "datastore", id: store.id, name: store.name, size: store.size, members: placesOf(store.devices), makes: disks.virtualblockdevice_set.filter((device) => device.name === store.name).map((device) => device.id) })),
  ];
  return { devices, groups, special: disks.special_filesystems, bootDisk: disks.boot_disk?.id ?? null };
}

export function sizeOf(devices: readonly Device[], place: Place): number | null {
  const found = devices.find((device) => ofDevice(device.id) === place) ?? devices.flatMap((device) => device.partitions).find((partition) => ofPartition(partition.id) === place);
  return found?.size ?? null;
}

/** `sda-part2` of `/dev/disk/by-dname/sda-part2`. */
export function partitionName(partition: Pick<Partition, "path" | "id">): string {
  const last = partition.path.split("/").at(-1) ?? "";
  return last === "" ? `partition ${partition.id}` : last;
}

/** What a device or partition is called. */
export function nameOf(storage: Storage, place: Place): string {
  for (const device of storage.devices) {
    if (ofDevice(device.id) === place) return device.name;
    const partition = device.partitions.find((found) => ofPartition(found.id) === place);
    if (partition !== undefined) return partitionName(partition);
  }
  return place;
}

/** The device that a place is, or is on. */
export function deviceAt(storage: Storage, place: Place): Device | undefined {
  return storage.devices.find((device) => ofDevice(device.id) === place || device.partitions.some((partition) => ofPartition(partition.id) === place));
}

/** The group that something is a part of. */
export function memberOf(storage: Storage, place: Place): Group | undefined {
  return storage.groups.find((group) => group.members.includes(place) || group.spares.includes(place));
}

/** The group that a device is made by. */
export function madeBy(storage: Storage, device: Pick<Device, "id">): Group | undefined {
  return storage.groups.find((group) => group.makes.includes(device.id));
}

/** Places with nothing on them, which something can be made of. */
export function freePlaces(storage: Storage): { place: Place; name: string; size: number }[] {
  const isFree = (place: Place, filesystem: Filesystem | null | undefined) => (filesystem === null || filesystem === undefined) && memberOf(storage, place) === undefined;
  return storage.devices.flatMap((device) => {
    const whole = device.partitions.length === 0 && isFree(ofDevice(device.id), device.filesystem) ? [{ place: ofDevice(device.id), name: device.name, size: device.size }] : [];
    const parts = device.partitions.filter((partition) => isFree(ofPartition(partition.id), partition.filesystem));
    return [...whole, ...parts.map((partition) => ({ place: ofPartition(partition.id), name: partitionName(partition), size: partition.size }))];
  });
}

/** How many are below each group, and below each device that one makes. */
export function levelsOf(storage: Storage): { group: (group: Group) => number; device: (device: Device) => number } {
  const known = new Map<Group, number>();
  const ofGroup = (group: Group, behind: readonly Group[]): number => {
    const before = known.get(group);
    if (before !== undefined) return before;
    if (behind.includes(group)) return 0;
    const under = [...group.members, ...group.spares].map((place) => {
      const device = deviceAt(storage, place);
      return device === undefined ? 0 : of(device, [...behind, group]);
    });
    const cache = storage.groups.find((other) => other.kind === "cache-set" && other.id === group.cachedBy);
    const level = 1 + Math.max(0, ...under, ...(cache === undefined || group.kind !== "bcache" ? [] : [ofGroup(cache, [...behind, group])]));
    known.set(group, level);
    return level;
  };
  const of = (device: Device, behind: readonly Group[]): number => {
    const maker = madeBy(storage, device);
    return maker === undefined ? 0 : ofGroup(maker, behind);
  };
  return { group: (group) => ofGroup(group, []), device: (device) => of(device, []) };
}
