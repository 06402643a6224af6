/** Disks as blocks: what is on each to scale, with what is free; RAIDs, volume groups, caches and datastores above what they are made of. */

import type { Group, Place, Storage } from "./model";
import { levelsOf, memberOf, nameOf, ofDevice, ofPartition, partitionName, wordsOf } from "./model";
import type { Device, Filesystem } from "./shapes";

/** A part of a block. */
export interface Segment {
  key: string;
  kind: "filesystem" | "member" | "blank" | "free";
  name: string;
  /** What is on it. */
  detail: string;
  size: number;
  /** How much of the block it takes in the picture, in percent. */
  share: number;
  isNew: boolean;
}

/** A disk, or what is made of disks. */
export interface Block {
  key: string;
  name: string;
  /** What it is. */
  words: string;
  /** The names of what it is made of. */
  of: readonly string[];
  size: number;
  segments: Segment[];
  isNew: boolean;
}

/** What is too small to be seen is as wide as this, in percent. */
const SHARE_MIN = 5;

/** What is free at the end of a device for its table is not worth a word. */
const FREE_MIN = 8 * 1024 * 1024;

type Sized = Omit<Segment, "share">;

/** The places that are not there yet. */
type News = ReadonlySet<string>;

/** The blocks, level by level, the topmost first; disks are the last level. */
export function blocksOf(storage: Storage, news: News = new Set()): Block[][] {
  const levels = levelsOf(storage);
  const found: Block[][] = [];
  const put = (level: number, block: Block) => {
    while (found.length <= level) found.push([]);
    found[level]?.push(block);
  };
  for (const device of storage.devices) {
    if (device.type === "physical") put(0, blockOf(storage, device, news));
  }
  for (const group of storage.groups) put(levels.group(group), groupBlock(storage, group, news));
  return found.filter((level) => level.length > 0).reverse();
}

function blockOf(storage: Storage, device: Device, news: News): Block {
  const words = ["Disk", ...(device.id === storage.bootDisk ? ["boots from it"] : [])].join(", ");
  return { key: ofDevice(device.id), name: device.name, words, of: [], size: device.size, segments: segmentsOf(storage, device, news), isNew: false };
}

function groupBlock(storage: Storage, group: Group, news: News): Block {
  const cache = storage.groups.filter((other) => other.kind === "cache-set" && other.id === group.cachedBy).map((other) => other.name);
  const of = [...group.members.map((place) => nameOf(storage, place)), ...group.spares.map((place) => `${nameOf(storage, place)} (spare)`), ...cache.map((name) => `${name} (cache)`)];
  return { key: `${group.kind}:${group.id}`, name: group.name, words: wordsOf(group), of, size: group.size, segments: shared(groupSegments(storage, group, news)), isNew: group.isNew === true };
}

function groupSegments(storage: Storage, group: Group, news: News): Sized[] {
  const made = storage.devices.filter((device) => group.makes.includes(device.id));
  if (group.kind === "volume-group") {
    const volumes = made.map((device) => whole(storage, ofDevice(device.id), device.name, device.filesystem, device.size, news));
    return [...volumes, ...free(group.free ?? 0, `${group.kind}:${group.id}`)];
  }
  if (made.length > 0) return made.flatMap((device) => parts(storage, device, news));
  const detail = group.kind === "cache-set" ? "cache" : "";
  return [{ key: `${group.kind}:${group.id}:all`, kind: detail === "" ? "blank" : "member", name: group.name, detail, size: group.size, isNew: group.isNew === true }];
}

/** What is on a device, to scale. */
export function segmentsOf(storage: Storage, device: Device, news: News = new Set()): Segment[] {
  return shared(parts(storage, device, news));
}

function parts(storage: Storage, device: Device, news: News): Sized[] {
  const isUsed = memberOf(storage, ofDevice(device.id)) !== undefined || (device.filesystem !== null && device.filesystem !== undefined);
  if (device.partitions.length === 0) {
    return isUsed ? [whole(storage, ofDevice(device.id), device.name, device.filesystem, device.size, news)] : free(Math.max(device.size, 1), ofDevice(device.id), 0);
  }
  const partitions = device.partitions.map((partition) => whole(storage, ofPartition(partition.id), partitionName(partition), partition.filesystem, partition.size, news));
  return [...partitions, ...free(device.available_size, ofDevice(device.id))];
}

function whole(storage: Storage, place: Place, name: string, filesystem: Filesystem | null | undefined, size: number, news: News): Sized {
  const group = memberOf(storage, place);
  const isNew = news.has(place);
  if (group !== undefined) return { key: place, kind: "member", name, detail: `in ${group.name}`, size, isNew: isNew || group.isNew === true };
  if (filesystem === null || filesystem === undefined) return { key: place, kind: "blank", name, detail: "nothing on it", size, isNew };
  return { key: place, kind: "filesystem", name, detail: contentOf(filesystem), size, isNew };
}

function free(size: number, key: string, least = FREE_MIN): Sized[] {
  return size > least ? [{ key: `${key}:free`, kind: "free", name: "Free", detail: "", size, isNew: false }] : [];
}

/** A filesystem in words: `ext4 at /`. */
export function contentOf({ fstype, label, mount_point: at }: Filesystem): string {
  const named = label === undefined || label === null || label === "" ? fstype : `${fstype} “${label}”`;
  if (fstype === "swap") return at === null || at === undefined ? "swap, not used" : "swap";
  return at === null || at === undefined || at === "" ? `${named}, not mounted` : `${named} at ${at}`;
}

function shared(parts: readonly Sized[]): Segment[] {
  const shares = sharesOf(parts.map((part) => part.size));
  return parts.map((part, at) => ({ ...part, share: shares[at] ?? 0 }));
}

/** How much of a whole each takes, in percent: to scale, but none less than can be seen. */
export function sharesOf(sizes: readonly number[]): number[] {
  const least = Math.min(SHARE_MIN, 100 / Math.max(1, sizes.length));
  if (sizes.every((size) => size === 0)) return sizes.map(() => 100 / sizes.length);
  const small = new Set<number>();
  // Who is widened takes from the others, of which more may become too small then.
  for (let before = -1; before !== small.size; ) {
    before = small.size;
    const rest = sizes.reduce((sum, size, at) => sum + (small.has(at) ? 0 : size), 0);
    const left = 100 - least * small.size;
    for (const [at, size] of sizes.entries()) if (!small.has(at) && (size / rest) * left < least) small.add(at);
  }
  const rest = sizes.reduce((sum, size, at) => sum + (small.has(at) ? 0 : size), 0);
  return sizes.map((size, at) => (small.has(at) ? least : (size / rest) * (100 - least * small.size)));
}
