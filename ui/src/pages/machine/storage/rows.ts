/** The table of a machine's disks: each with its partitions, then what is made of them, from the lowest to the topmost. */

import { contentOf } from "./blocks";
import type { Group, Place, Storage } from "./model";
import { levelsOf, memberOf, nameOf, ofDevice, ofPartition, partitionName, wordsOf } from "./model";
import type { Device, Filesystem, Partition } from "./shapes";

export interface Row {
  key: string;
  depth: number;
  name: string;
  /** What it is. */
  words: string;
  size: number;
  /** What nothing has of it; none where that is not said. */
  free: number | null;
  /** What is on it. */
  content: string;
  filesystem: Filesystem | null;
  /** Where something can be put on; none for a volume group and the like. */
  place: Place | null;
  device: Device | null;
  partition: Partition | null;
  group: Group | null;
}

/** What a disk, a partition or what is made of disks is marked with. */
export function tagsOf({ device, partition }: Pick<Row, "device" | "partition">): readonly string[] {
  return partition?.tags ?? device?.tags ?? [];
}

export function rowsOf(storage: Storage): Row[] {
  const levels = levelsOf(storage);
  const disks = storage.devices.filter((device) => device.type === "physical").flatMap((device) => deviceRows(storage, device, kindOfDisk(device)));
  const groups = [...storage.groups].sort((one, other) => levels.group(one) - levels.group(other));
  return [...disks, ...groups.flatMap((group) => groupRows(storage, group))];
}

function kindOfDisk({ tags }: Device): string {
  return tags.includes("ssd") ? "SSD" : tags.includes("rotary") ? "Hard disk" : "Disk";
}

function groupRows(storage: Storage, group: Group): Row[] {
  const made = storage.devices.filter((device) => group.makes.includes(device.id));
  const words = `${wordsOf(group)} of ${[...group.members, ...group.spares].map((place) => nameOf(storage, place)).join(", ")}`;
  const [only] = made;
  // What is one device is a row with it.
  if (group.kind !== "volume-group" && only !== undefined) {
    return deviceRows(storage, only, words).map((row, at) => (at === 0 ? { ...row, key: `${group.kind}:${group.id}`, group } : row));
  }
  const itself: Row = { key: `${group.kind}:${group.id}`, depth: 0, name: group.name, words, size: group.size, free: group.free, content: group.kind === "cache-set" ? "cache" : "", filesystem: null, place: null, device: null, partition: null, group };
  return [itself, ...made.map((device) => rowOf(storage, ofDevice(device.id), { key: ofDevice(device.id), depth: 1, name: device.name, words: `Logical volume in ${group.name}`, size: device.size, free: null, device, partition: null }, device.filesystem))];
}

function deviceRows(storage: Storage, device: Device, words: string): Row[] {
  const isFree = device.partitions.length > 0;
  const itself = rowOf(storage, ofDevice(device.id), { key: ofDevice(device.id), depth: 0, name: device.name, words, size: device.size, free: isFree ? device.available_size : null, device, partition: null }, device.filesystem);
  const table = device.partition_table_type;
  const told = isFree ? { ...itself, content: `${table === null || table === undefined ? "" : `${table}, `}${device.partitions.length} partition${device.partitions.length === 1 ? "" : "s"}` } : itself;
  return [
    told,
    ...device.partitions.map((partition) =>
      rowOf(storage, ofPartition(partition.id), { key: ofPartition(partition.id), depth: 1, name: partitionName(partition), words: partition.bootable ? "Partition, bootable" : "Partition", size: partition.size, free: null, device, partition }, partition.filesystem),
    ),
  ];
}

type Known = Pick<Row, "key" | "depth" | "name" | "words" | "size" | "free" | "device" | "partition">;

function rowOf(storage: Storage, place: Place, known: Known, filesystem: Filesystem | null | undefined): Row {
  const group = memberOf(storage, place);
  const found = filesystem ?? null;
  const content = group !== undefined ? `in ${group.name}` : found === null ? "" : contentOf(found);
  // What makes it a part of a group is no filesystem of its own.
  return { ...known, place, content, filesystem: group === undefined ? found : null, group: null };
}
