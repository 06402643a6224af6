/** Reads the groups of a machine's disks: its own shape says only which there are. */

import { useRead } from "../../../api/lists";
import type { Machine } from "../../../api/resources";
import { below, LISTS } from "../paths";
import type { Storage } from "./model";
import { NO_LISTS, storageOf } from "./model";
import type { Bcache, CacheSet, Datastore, Raid, VolumeGroup } from "./shapes";
import { disksOf } from "./shapes";

interface Read {
  storage: Storage;
  /** The same: disks are shown also while their groups are refused. */
  data: Storage;
  isPending: boolean;
  error: unknown;
  refetch: () => void;
}

/** Datastores are the one kind that a machine's shape does not name: their parts have this on them. */
const STORE = "vmfs6";

export function useStorage(machine: Machine): Read {
  const disks = disksOf(machine);
  const all = [...disks.physicalblockdevice_set, ...disks.virtualblockdevice_set];
  const hasStore = all.some((device) => [device.filesystem, ...device.partitions.map((partition) => partition.filesystem)].some((found) => found?.fstype === STORE));
  const raids = useGroups<Raid>(machine, "raids", disks.raids.length > 0);
  const volumeGroups = useGroups<VolumeGroup>(machine, "volumeGroups", disks.volume_groups.length > 0);
  const bcaches = useGroups<Bcache>(machine, "bcaches", disks.bcaches.length > 0);
  const cacheSets = useGroups<CacheSet>(machine, "cacheSets", disks.cache_sets.length > 0);
  const datastores = useGroups<Datastore>(machine, "datastores", hasStore);
  const reads = [raids, volumeGroups, bcaches, cacheSets, datastores];
  const lists = { raids: raids.items ?? NO_LISTS.raids, volumeGroups: volumeGroups.items ?? [], bcaches: bcaches.items ?? [], cacheSets: cacheSets.items ?? [], datastores: datastores.items ?? [] };
  const storage = storageOf(disks, lists);
  return {
    storage,
    data: storage,
    isPending: reads.some((read) => read.isPending),
    error: reads.find((read) => read.error !== null)?.error ?? null,
    refetch: () => reads.forEach((read) => read.refetch()),
  };
}

function useGroups<T>(machine: Machine, list: keyof typeof LISTS, isThere: boolean) {
  const read = useRead<T[]>(below(machine, LISTS[list]), "machines", {}, false, isThere);
  return { items: isThere ? read.value : undefined, isPending: isThere && read.isPending, error: isThere ? read.error : null, refetch: () => isThere && void read.refetch() };
}
