/** Disks of a machine and what is made of them, as the API says them. */

/** What is on a disk or partition. Parts of a group have a type of their own, such as `raid` or `lvm-pv`. */
export interface Filesystem {
  fstype: string;
  label?: string | null | undefined;
  mount_point?: string | null | undefined;
  mount_options?: string | null | undefined;
}

export interface Partition {
  id: number;
  device_id: number;
  path: string;
  size: number;
  bootable: boolean;
  tags: readonly string[];
  filesystem?: Filesystem | null | undefined;
}

/** A disk; or what is made of others, which is `virtual`. */
export interface Device {
  id: number;
  name: string;
  type: string;
  size: number;
  available_size: number;
  filesystem?: Filesystem | null | undefined;
  partition_table_type?: string | null | undefined;
  partitions: readonly Partition[];
  model?: string | null | undefined;
  serial?: string | null | undefined;
  id_path?: string | null | undefined;
  block_size?: number | null | undefined;
  tags: readonly string[];
}

/** A device or a partition that something is made of; a partition has the id of its device. */
export interface Member {
  id: number;
  device_id?: number | undefined;
}

export interface Raid {
  id: number;
  name: string;
  level: string;
  size: number;
  devices: readonly Member[];
  spare_devices: readonly Member[];
  virtual_device?: { id: number } | null;
}

export interface VolumeGroup {
  id: number;
  name: string;
  size: number;
  available_size: number;
  devices: readonly Member[];
  logical_volumes: readonly { id: number }[];
}

export interface CacheSet {
  id: number;
  name: string;
  cache_device?: Member | null;
}

export interface Bcache {
  id: number;
  name: string;
  size: number;
  cache_mode: string;
  backing_device?: Member | null;
  cache_set?: { id: number } | null;
  virtual_device?: { id: number } | null;
}

export interface Datastore {
  id: number;
  name: string;
  size: number;
  devices: readonly Member[];
}

/** What a machine says of its disks; of groups only how many there are. */
export interface MachineDisks {
  physicalblockdevice_set: readonly Device[];
  virtualblockdevice_set: readonly Device[];
  raids: readonly unknown[];
  volume_groups: readonly unknown[];
  bcaches: readonly unknown[];
  cache_sets: readonly unknown[];
  special_filesystems: readonly Filesystem[];
  boot_disk: { id: number } | null;
}

/** The groups of a machine, each kind as its list has it. */
export interface Lists {
  raids: readonly Raid[];
  volumeGroups: readonly VolumeGroup[];
  bcaches: readonly Bcache[];
  cacheSets: readonly CacheSet[];
  datastores: readonly Datastore[];
}

/** What a machine says of its disks. The API's document told less of them before it knew groups, so they are read as they come. */
export function disksOf(machine: object): MachineDisks {
  const { physicalblockdevice_set, virtualblockdevice_set, raids, volume_groups, bcaches, cache_sets, special_filesystems, boot_disk } = machine as Partial<MachineDisks>;
  return {
    physicalblockdevice_set: physicalblockdevice_set?.map(whole) ?? [],
    virtualblockdevice_set: virtualblockdevice_set?.map(whole) ?? [],
    raids: raids ?? [],
    volume_groups: volume_groups ?? [],
    bcaches: bcaches ?? [],
    cache_sets: cache_sets ?? [],
    special_filesystems: special_filesystems ?? [],
    boot_disk: boot_disk ?? null,
  };
}

/** A device of a region of a version before has no partitions, and these have no tags. */
const whole = (device: Device): Device => ({ ...device, partitions: (device.partitions ?? []).map((partition) => ({ ...partition, tags: partition.tags ?? [] })), available_size: device.available_size ?? 0, tags: device.tags ?? [] });
