/** What can be made of a machine's disks and done with each, with the reason why not. */

import type { Choice } from "../../../parts/Menu";
import type { Storage } from "./model";
import { freePlaces, memberOf, ofDevice } from "./model";
import type { Row } from "./rows";
import { tagsOf } from "./rows";

/** Why disks cannot be divided and combined, and why filesystems cannot be made and mounted; null where they can. */
export interface May {
  layOut: string | null;
  mount: string | null;
  /** Why what a disk is told apart by cannot be changed. */
  identify: string | null;
}

/** Filesystems that are a part of something else. */
const PARTS = ["vmfs6", "raid", "raid-spare", "lvm-pv", "bcache-backing", "bcache-cache"];

/** What partitions are whole numbers of. */
const PARTITION_MIN = 4 * 1024 * 1024;

export type RowAction = "partition" | "format" | "unformat" | "mount" | "unmount" | "boot" | "volume" | "edit" | "table" | "tag" | "untag" | "delete";

/** What can be done with a row; what makes no sense there is left out. */
export function choicesOf(row: Row, storage: Storage, may: May): Choice[] {
  const choices: (Choice & { id: RowAction })[] = [];
  const add = (id: RowAction, label: string, refusal: string | null, more: Pick<Choice, "isDangerous"> = {}) => choices.push({ id, label, refusal, ...more });
  const { place, device, partition, group } = row;
  const over = place === null ? undefined : memberOf(storage, place);
  const isUsed = over === undefined ? null : `It is in ${over.name}.`;
  const isVolume = device !== null && storage.groups.some((found) => found.kind === "volume-group" && found.makes.includes(device.id));
  const isDatastore = group?.kind === "datastore" || PARTS.includes(row.filesystem?.fstype ?? "");
  const isDisk = device?.type === "physical" && partition === null;
  if (group !== null || isVolume) add("edit", "Change…", may.layOut);
  if (isDisk) add("edit", "Change…", may.identify);
  if (group?.kind === "volume-group") add("volume", "New logical volume…", may.layOut ?? ((group.free ?? 0) < PARTITION_MIN ? "Nothing of it is free." : null));
  if (device !== null && partition === null && !isVolume && !isDatastore) {
    const noRoom = device.partitions.length > 0 && device.available_size < PARTITION_MIN ? "Nothing of it is free." : null;
    add("partition", "New partition…", may.layOut ?? isUsed ?? (row.filesystem === null ? noRoom : "A filesystem takes all of it."));
  }
  if (place !== null && !isDatastore) {
    const isDivided = partition === null && device !== null && device.partitions.length > 0;
    const isBoot = partition === null && device?.id === storage.bootDisk ? "The machine boots from it: make a partition first." : null;
    if (!isDivided) {
      const isMounted = isInUse(row) ? "It is mounted." : null;
      add("format", row.filesystem === null ? "Format…" : "Format anew…", may.mount ?? isUsed ?? isBoot);
      if (row.filesystem !== null) {
        add("mount", isInUse(row) ? "Mount elsewhere…" : "Mount…", may.mount);
        if (isInUse(row)) add("unmount", "Unmount…", may.mount);
        add("unformat", "Take the filesystem off…", may.mount ?? isMounted);
      }
    }
  }
  if (isDisk && device.id !== storage.bootDisk) add("boot", "Boot from it…", may.layOut ?? isUsed);
  if (!isDisk && device !== null && partition === null && device.partitions.length > 0) add("table", "Partition table…", may.layOut);
  if (device !== null) {
    // Partitions are marked at any time.
    const refusal = partition === null ? may.layOut : null;
    add("tag", "Tag…", refusal);
    if (tagsOf(row).length > 0) add("untag", "Take a tag off…", refusal);
  }
  add("delete", isDisk ? "Forget…" : "Delete…", may.layOut ?? inUse(row, storage), { isDangerous: true });
  return choices;
}

/** Whether its filesystem is mounted, or its swap space used. */
export function isInUse({ filesystem }: Pick<Row, "filesystem">): boolean {
  return filesystem?.mount_point !== null && filesystem?.mount_point !== undefined && filesystem.mount_point !== "";
}

/** Why it cannot go: something is made of it. */
function inUse({ place, group, device, partition }: Row, storage: Storage): string | null {
  const over = place === null ? undefined : memberOf(storage, place);
  if (over !== undefined) return `It is in ${over.name}.`;
  if (group?.kind === "cache-set") {
    const cached = storage.groups.find((other) => other.kind === "bcache" && other.cachedBy === group.id);
    return cached === undefined ? null : `It caches ${cached.name}.`;
  }
  if (device !== null && partition === null) {
    const part = device.partitions.map((one) => memberOf(storage, `partition:${one.id}`)).find((found) => found !== undefined);
    return part === undefined ? null : `A partition of it is in ${part.name}.`;
  }
  const above = group?.makes.map((id) => memberOf(storage, ofDevice(id))).find((found) => found !== undefined);
  return above === undefined ? null : `A volume of it is in ${above.name}.`;
}

export type NewAction = "raid" | "volume-group" | "cache-set" | "bcache" | "datastore" | "disk" | "special";

/** What can be made of what is free. */
export function newChoices(storage: Storage, may: May): Choice[] {
  const isFree = freePlaces(storage).length === 0 ? "No disk or partition is free." : null;
  const hasCache = storage.groups.some((group) => group.kind === "cache-set") ? null : "There is no cache set: make one first.";
  const choices: (Choice & { id: NewAction })[] = [
    { id: "raid", label: "RAID…", detail: "Disks that act as one.", refusal: may.layOut ?? isFree },
    { id: "volume-group", label: "Volume group…", detail: "Logical volumes of LVM.", refusal: may.layOut ?? isFree },
    { id: "cache-set", label: "Cache set…", detail: "A fast disk that caches others.", refusal: may.layOut ?? isFree },
    { id: "bcache", label: "Cached disk…", detail: "With a cache set in front of it.", refusal: may.layOut ?? hasCache ?? isFree },
    { id: "datastore", label: "Datastore…", detail: "For VMware ESXi.", refusal: may.layOut ?? isFree },
    { id: "disk", label: "Disk…", detail: "One that commissioning did not find.", refusal: may.layOut },
    { id: "special", label: "Mount without a disk…", detail: "A filesystem in memory.", refusal: may.mount },
  ];
  return choices;
}
