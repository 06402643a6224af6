/** What the disks of a machine would look like with what is asked for: as far as a picture needs it. The region decides the rest. */

import type { Group, GroupKind, Place, Storage } from "./model";
import { deviceAt, ofDevice, ofPartition, sizeOf } from "./model";
import type { Device, Filesystem } from "./shapes";

/** Nothing has it. */
const NEW_ID = -1;

/** The disks with another partition. */
export function withPartition(storage: Storage, device: Device, size: number | null): Storage {
  const room = device.partitions.length === 0 ? device.size : device.available_size;
  const taken = Math.min(size ?? room, room);
  const number = device.partitions.length + 1;
  const partition = { id: NEW_ID, device_id: device.id, path: `${device.name}-part${number}`, size: taken, bootable: false, tags: [], filesystem: null };
  return withDevice(storage, { ...device, partitions: [...device.partitions, partition], available_size: room - taken });
}

/** The place of what `withPartition` adds. */
export const NEW_PARTITION: Place = ofPartition(NEW_ID);

/** The disks with another filesystem somewhere. */
export function withFilesystem(storage: Storage, place: Place, filesystem: Filesystem | null): Storage {
  const device = deviceAt(storage, place);
  if (device === undefined) return storage;
  if (ofDevice(device.id) === place) return withDevice(storage, { ...device, filesystem });
  return withDevice(storage, { ...device, partitions: device.partitions.map((partition) => (ofPartition(partition.id) === place ? { ...partition, filesystem } : partition)) });
}

function withDevice(storage: Storage, device: Device): Storage {
  return { ...storage, devices: storage.devices.map((other) => (other.id === device.id ? device : other)) };
}

/** A group that is asked for. */
export interface Wanted {
  kind: GroupKind;
  name: string;
  detail?: string;
  members: readonly Place[];
  spares?: readonly Place[];
  cachedBy?: number | null;
}

/** The disks with another group. */
export function withGroup(storage: Storage, { kind, name, detail = "", members, spares = [], cachedBy = null }: Wanted): Storage {
  const sizes = (places: readonly Place[]) => places.map((place) => sizeOf(storage.devices, place) ?? 0);
  const size = groupSize({ kind, detail }, sizes(members), sizes(spares));
  const group: Group = { kind, id: NEW_ID, name: name === "" ? "new" : name, detail, size, free: kind === "volume-group" ? size : null, members, spares, makes: [], cachedBy, isNew: true };
  return { ...storage, groups: [...storage.groups, group] };
}

/** The disks with another logical volume. */
export function withVolume(storage: Storage, group: Group, name: string, size: number | null): Storage {
  const room = group.free ?? 0;
  const taken = Math.min(size ?? room, room);
  const device: Device = { id: NEW_ID, name: `${group.name}-${name === "" ? "new" : name}`, type: "virtual", size: taken, available_size: taken, partitions: [], tags: [], filesystem: null };
  const grown = { ...group, makes: [...group.makes, NEW_ID], free: room - taken };
  return { ...storage, devices: [...storage.devices, device], groups: storage.groups.map((other) => (other === group ? grown : other)) };
}

/** The place of what `withVolume` adds. */
export const NEW_VOLUME: Place = ofDevice(NEW_ID);

/** What each member of a RAID has at its end, and a RAID once. */
const SUPERBLOCK = 128 * 1024;

/** What logical volumes are whole numbers of. */
const EXTENT = 4 * 1024 * 1024;

/** How large a RAID is: the smallest of its members, spares too, counts for each. */
export function raidSize(level: string, active: readonly number[], spares: readonly number[] = []): number {
  if (active.length === 0) return 0;
  const least = Math.min(...active, ...spares);
  const all = [...active, ...spares];
  const striped = level === "raid-0" ? all.reduce((sum, one) => sum + one, 0) - SUPERBLOCK * (all.length - 1) : least * dataMembers(level, active.length);
  return Math.max(0, Math.floor(striped) - SUPERBLOCK);
}

/** How many members of a RAID have data that the others have not. */
function dataMembers(level: string, members: number): number {
  if (level === "raid-5") return Math.max(0, members - 1);
  if (level === "raid-6") return Math.max(0, members - 2);
  return level === "raid-10" ? members / 2 : 1;
}

/** How large a volume group is: LVM has the first part of each of its members. */
export function volumeGroupSize(sizes: readonly number[]): number {
  const extents = Math.floor(sizes.reduce((sum, one) => sum + one, 0) / EXTENT);
  return Math.max(0, extents - sizes.length) * EXTENT;
}

/** How large a group is, by the sizes of what it is made of. */
export function groupSize({ kind, detail }: Pick<Group, "kind" | "detail">, members: readonly number[], spares: readonly number[] = []): number {
  if (kind === "raid") return raidSize(detail, members, spares);
  return kind === "volume-group" ? volumeGroupSize(members) : members.reduce((sum, one) => sum + one, 0);
}
