/** What is asked when disks are divided, formatted and mounted, and the request that it becomes. */

import type { Field, Values } from "../../../form/Fields";
import { filled } from "../../../form/Fields";
import type { Asking } from "../../../form/PlannedDialog";
import { request } from "../paths";
import { size } from "../sizes";
import type { Group, Storage } from "./model";
import type { Row } from "./rows";
import type { Device } from "./shapes";

export interface Of {
  system_id: string;
  hostname: string;
}

export const SIZE_HELP = "Bytes, or with a unit: 500M, 20G, 1T.";
const plain = (values: readonly string[]) => values.map((value) => ({ value, label: value }));

const LAYOUTS = [
  { value: "flat", label: "flat: one partition for all" },
  { value: "lvm", label: "lvm: a logical volume for all" },
  { value: "bcache", label: "bcache: one partition, cached by another disk" },
  { value: "vmfs6", label: "vmfs6: VMware ESXi 6" },
  { value: "vmfs7", label: "vmfs7: VMware ESXi 7" },
  { value: "blank", label: "blank: nothing, to begin from" },
  { value: "custom", label: "custom: as a commissioning script told" },
];
export const CACHE_MODES = [
  { value: "writethrough", label: "writethrough: to both at once" },
  { value: "writeback", label: "writeback: to the cache first" },
  { value: "writearound", label: "writearound: past the cache" },
];

/** A layout of all disks. */
export function layoutForm(machine: Of, storage: Storage): Asking {
  const disks = storage.devices.filter((device) => device.type === "physical");
  const options = (words: string, of: readonly Device[]) => [{ value: "", label: words }, ...of.map((disk) => ({ value: String(disk.id), label: `${disk.name}, ${size(disk.size)}` }))];
  const isFor = (...layouts: readonly string[]) => ({ isShown: ({ storage_layout: layout }: Values) => layouts.includes(String(layout ?? LAYOUTS[0]?.value)) });
  const [linux, all] = [isFor("flat", "lvm", "bcache"), isFor("flat", "lvm", "bcache", "vmfs6", "vmfs7")];
  const percent = `${SIZE_HELP} Or a part of the disk: 50%.`;
  return {
    title: "Apply a layout",
    verb: "Apply it",
    done: `The disks of ${machine.hostname} were laid out`,
    lead: "All partitions, filesystems, RAIDs, volume groups and caches that are set up here go first. The disks themselves are written to when the machine is deployed.",
    fields: [
      { name: "storage_layout", label: "Layout", kind: "select", options: LAYOUTS },
      { name: "root_device", label: "Root disk", kind: "select", options: options("The one that it boots from", disks), ...all },
      { name: "boot_size", label: "Size of /boot", help: percent, placeholder: "None of its own", ...linux },
      { name: "root_size", label: "Size of the root partition", placeholder: "All that is left", ...all },
      { name: "vg_name", label: "Name of the volume group", placeholder: "vgroot", ...isFor("lvm") },
      { name: "lv_name", label: "Name of the logical volume", placeholder: "lvroot", ...isFor("lvm") },
      { name: "lv_size", label: "Size of the logical volume", placeholder: "All of the group", ...isFor("lvm") },
      { name: "cache_device", label: "Caching disk", kind: "select", options: options("The smallest SSD", disks.filter((disk) => disk.id !== storage.bootDisk)), ...isFor("bcache") },
      { name: "cache_mode", label: "Writes go", kind: "select", options: CACHE_MODES, ...isFor("bcache") },
      { name: "cache_no_part", label: "The whole disk caches", kind: "checkbox", ...isFor("bcache") },
      { name: "cache_size", label: "Size of the cache", placeholder: "All of the disk", isShown: (values) => values.storage_layout === "bcache" && values.cache_no_part !== true },
    ],
    change: (values) => request(machine, "set-storage-layout", {}, filled(values)),
    isDangerous: true,
  };
}

export function restoreForm(machine: Of): Asking {
  return {
    title: "Restore the layout of the site",
    verb: "Restore it",
    done: `The disks of ${machine.hostname} are laid out as the site has it`,
    lead: "The disks are laid out as they were after commissioning: by the default layout of the site. What was set up here goes.",
    change: () => request(machine, "restore-storage", {}),
    isDangerous: true,
  };
}

export function partitionForm(machine: Of, device: Device): Asking {
  const room = device.partitions.length === 0 ? device.size : device.available_size;
  return {
    title: `New partition of ${device.name}`,
    verb: "Make it",
    done: `${device.name} has another partition`,
    fields: [
      { name: "size", label: "Size", placeholder: `All that is free: ${size(room)}`, help: SIZE_HELP },
      { name: "bootable", label: "Marked for booting", kind: "checkbox" },
    ],
    change: ({ bootable, ...values }) => request(machine, "create-partition", { device_id: device.id }, { ...filled(values), ...(bootable === true ? { bootable: true } : {}) }),
  };
}

const FORMATS = ["ext4", "xfs", "btrfs", "ext2", "fat32", "vfat", "swap"];

/** An operation on a row, which is a device or a partition of one. */
function on(machine: Of, { device, partition }: Row, verb: "format" | "unformat" | "mount" | "unmount", body: Values = {}) {
  if (partition !== null) return request(machine, `${verb}-partition`, { device_id: partition.device_id, id: partition.id }, body);
  return request(machine, `${verb}-device`, { id: device?.id ?? 0 }, body);
}

export function formatForm(machine: Of, row: Row): Asking {
  return {
    title: `Format ${row.name}`,
    verb: "Format",
    done: `${row.name} will be formatted`,
    ...(row.filesystem === null ? {} : { lead: "The filesystem that is set up on it is replaced, and mounted no more." }),
    fields: [
      { name: "fstype", label: "Filesystem", kind: "select", options: plain(FORMATS) },
      { name: "label", label: "Label" },
    ],
    change: (values) => on(machine, row, "format", filled(values)),
  };
}

const MOUNT_OPTIONS: Field = { name: "mount_options", label: "Options", placeholder: "noatime" };

export function mountForm(machine: Of, row: Row): Asking {
  const isSwap = row.filesystem?.fstype === "swap";
  return {
    title: `Mount ${row.name}`,
    verb: "Mount",
    done: `${row.name} will be mounted`,
    fields: [{ name: "mount_point", label: "Where", isNeeded: true, placeholder: "/srv", isShown: () => !isSwap }, MOUNT_OPTIONS],
    initial: { mount_point: (isSwap ? "" : row.filesystem?.mount_point) ?? "", mount_options: row.filesystem?.mount_options ?? "" },
    change: (values) => on(machine, row, "mount", filled(values)),
  };
}

export function unmountForm(machine: Of, row: Row): Asking {
  return { title: `Unmount ${row.name}`, verb: "Unmount", done: `${row.name} will not be mounted`, lead: "The filesystem stays.", change: () => on(machine, row, "unmount") };
}

export function unformatForm(machine: Of, row: Row): Asking {
  return { title: `Take the filesystem off ${row.name}`, verb: "Take it off", done: `${row.name} has no filesystem`, change: () => on(machine, row, "unformat"), isDangerous: true };
}

export function bootForm(machine: Of, device: Device): Asking {
  return {
    title: `Boot from ${device.name}`,
    verb: "Boot from it",
    done: `${machine.hostname} boots from ${device.name}`,
    lead: "The boot loader is installed there. What its firmware boots from is not changed by this.",
    change: () => request(machine, "set-boot-disk", { id: device.id }),
  };
}

const DELETES: Record<Group["kind"], "delete-raid" | "delete-volume-group" | "delete-cache-set" | "delete-bcache" | "delete-datastore"> = {
  raid: "delete-raid",
  "volume-group": "delete-volume-group",
  "cache-set": "delete-cache-set",
  bcache: "delete-bcache",
  datastore: "delete-datastore",
};

export function deleteForm(machine: Of, row: Row): Asking {
  const { group, partition, device } = row;
  const isDisk = group === null && partition === null && device?.type === "physical";
  const lead = isDisk
    ? "It comes back when the machine is commissioned and the disk is still there."
    : group === null
      ? "What is set up on it goes with it."
      : "What is made of it goes with it; what it is made of is free then.";
  const change = () => {
    if (group !== null) return request(machine, DELETES[group.kind], { id: group.id });
    if (partition !== null) return request(machine, "delete-partition", { device_id: partition.device_id, id: partition.id });
    return request(machine, "delete-device", { id: device?.id ?? 0 });
  };
  return { title: `${isDisk ? "Forget" : "Delete"} ${row.name}`, verb: isDisk ? "Forget it" : "Delete", done: `${row.name} was ${isDisk ? "forgotten" : "deleted"}`, lead, change, isDangerous: true };
}

export function specialForm(machine: Of): Asking {
  return {
    title: "Mount without a disk",
    verb: "Mount",
    done: "It will be mounted",
    lead: "A filesystem in the machine's memory: what is on it is lost when it restarts.",
    fields: [{ name: "fstype", label: "Filesystem", kind: "select", options: plain(["tmpfs", "ramfs"]) }, { name: "mount_point", label: "Where", isNeeded: true, placeholder: "/tmp" }, { ...MOUNT_OPTIONS, placeholder: "size=1G" }],
    change: (values) => request(machine, "mount-special", {}, filled(values)),
  };
}

export function unmountSpecialForm(machine: Of, at: string): Asking {
  return { title: `Unmount ${at}`, verb: "Unmount", done: `${at} will not be mounted`, change: () => request(machine, "unmount-special", {}, { mount_point: at }) };
}
