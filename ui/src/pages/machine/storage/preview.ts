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
  const partition = { id: NEW_ID, device_id: device.id, path: `${device.name}-part${number}`, size: taken, bootable: false, filesystem: null };
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
  const sizes = members.map((place) => sizeOf(storage.devices, place) ?? 0);
  const size = kind === "raid" ? raidSize(detail, sizes) : sizes.reduce((sum, one) => sum + one, 0);
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

/** How large a RAID is: the smallest of its members counts for each. */
export function raidSize(level: string, sizes: readonly number[]): number {
  const least = Math.min(...sizes);
  if (sizes.length === 0) return 0;
  switch (level) {
    case "raid-0":
      return least * sizes.length;
    case "raid-5":
      return least * Math.max(0, sizes.length - 1);
    case "raid-6":
      return least * Math.max(0, sizes.length - 2);
    case "raid-10":
      return (least * sizes.length) / 2;
    default:
      return least;
  }
}
