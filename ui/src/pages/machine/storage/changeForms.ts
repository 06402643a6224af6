/** What is asked when what is made of disks is changed, and the request that it becomes: what is not changed is not sent. */

import type { Field, Values } from "../../../form/Fields";
import type { Asking } from "../../../form/PlannedDialog";
import type { OperationName } from "../paths";
import { request } from "../paths";
import { size } from "../sizes";
import type { Of } from "./forms";
import { CACHE_MODES, SIZE_HELP } from "./forms";
import { cacheSetOptions, levelOf, optionsWith, placesIn, sentMembers, sentOne } from "./groupForms";
import type { Group, GroupKind, Place, Storage } from "./model";
import type { Device } from "./shapes";

const NAME: Field = { name: "name", label: "Name", isNeeded: true };

/** A change of a group. */
export function groupForm(machine: Of, storage: Storage, group: Group): Asking {
  const common = { title: `Change ${group.name}`, verb: "Save", done: `${group.name} was changed`, isEdit: true };
  const fields = FIELDS[group.kind](storage, group);
  const initial = { name: group.name, members: group.members, spares: group.spares, place: group.members[0] ?? "", cache_mode: group.detail, cache_set: String(group.cachedBy ?? "") };
  const refusal = ({ members }: Values) => (group.kind === "raid" && placesIn(members).length < levelOf(group.detail).members ? `It needs at least ${levelOf(group.detail).members} members.` : null);
  const change = (_: Values, changed: Values) => request(machine, UPDATES[group.kind], { id: group.id }, changesOf(group, changed));
  return { ...common, fields, initial, refusal, change };
}

type Update = Extract<OperationName, `update-${string}`>;

const UPDATES: Record<GroupKind, Exclude<Update, "update-interface" | "update-device">> = {
  raid: "update-raid",
  "volume-group": "update-volume-group",
  "cache-set": "update-cache-set",
  bcache: "update-bcache",
  datastore: "update-datastore",
};

type FieldsOf = (storage: Storage, group: Group) => Asking["fields"];

const FIELDS: Record<GroupKind, NonNullable<FieldsOf>> = {
  raid: (storage, group) => (values: Values) => {
    const options = optionsWith(storage, [...group.members, ...group.spares]);
    const isChosen = (value: string) => placesIn(values.members).some((place) => place === value);
    return [
      NAME,
      membersField(options, MEMBERS),
      {
        name: "spares",
        label: "Spares",
        kind: "checks",
        options: options.filter(({ value }) => !isChosen(value)),
        becomes: ["add_spare_devices", "add_spare_partitions", "remove_spare_devices", "remove_spare_partitions"],
        help: "They take the place of one that fails.",
        isShown: () => group.detail !== "raid-0",
      },
    ];
  },
  "volume-group": (storage, group) => [NAME, membersField(optionsWith(storage, group.members), MEMBERS)],
  datastore: (storage, group) => [NAME, membersField(optionsWith(storage, group.members), MEMBERS)],
  bcache: (storage, group) => [
    NAME,
    { name: "place", label: "Its data is on", kind: "select", isNeeded: true, options: optionsWith(storage, group.members), becomes: ["backing_device", "backing_partition"] },
    { name: "cache_set", label: "Cached by", kind: "select", isNeeded: true, options: cacheSetOptions(storage) },
    { name: "cache_mode", label: "Writes go", kind: "select", options: CACHE_MODES },
  ],
  "cache-set": (storage, group) => [{ name: "place", label: "On", kind: "select", isNeeded: true, options: optionsWith(storage, group.members), becomes: ["cache_device", "cache_partition"] }],
};

const MEMBERS = ["add_block_devices", "add_partitions", "remove_block_devices", "remove_partitions"] as const;

function membersField(options: NonNullable<Field["options"]>, becomes: readonly string[]): Field {
  return { name: "members", label: "Members", kind: "checks", isNeeded: true, options, becomes };
}

/** What is sent of the fields that differ: members and spares as those that come and those that go. */
function changesOf(group: Group, { members, spares, place, ...values }: Values): Record<string, unknown> {
  const where = group.kind === "cache-set" ? (["cache_device", "cache_partition"] as const) : (["backing_device", "backing_partition"] as const);
  return {
    ...values,
    ...(members === undefined ? {} : compared(group.members, placesIn(members), ["block_devices", "partitions"])),
    ...(spares === undefined ? {} : compared(group.spares, placesIn(spares), ["spare_devices", "spare_partitions"])),
    ...(place === undefined ? {} : sentOne(where, place)),
  };
}

function compared(before: readonly Place[], after: readonly Place[], [devices, partitions]: readonly [string, string]): Record<string, number[]> {
  return {
    ...sentMembers([`add_${devices}`, `add_${partitions}`], after.filter((place) => !before.includes(place))),
    ...sentMembers([`remove_${devices}`, `remove_${partitions}`], before.filter((place) => !after.includes(place))),
  };
}

/** A logical volume: its name in its group, and its size. */
export function volumeChangeForm(machine: Of, group: Group, volume: Device): Asking {
  return {
    title: `Change ${volume.name}`,
    verb: "Save",
    done: `${volume.name} was changed`,
    isEdit: true,
    fields: [NAME, { name: "size", label: "Size", placeholder: size(volume.size), help: `${SIZE_HELP} At most ${size(volume.size + (group.free ?? 0))}.` }],
    initial: { name: volume.name.slice(group.name.length + 1) },
    change: (_, changed) => request(machine, "update-device", { id: volume.id }, changed),
  };
}

const IDENTITY: readonly Field[] = [
  { name: "model", label: "Model" },
  { name: "serial", label: "Serial number" },
  { name: "id_path", label: "Path", placeholder: "/dev/disk/by-id/wwn-0x5000c500a0b1c2d3", help: "One that stays the same over boots: it is needed where there is no model and serial number." },
];

const TABLES = [
  { value: "GPT", label: "GPT" },
  { value: "MBR", label: "MBR: for systems that know no GPT, up to 2 TiB" },
];

const tableOf = (device: Device) => device.partition_table_type ?? "";

function tableField(device: Device): Field[] {
  return tableOf(device) === "" ? [] : [{ name: "partition_table_type", label: "Partition table", kind: "select", options: TABLES }];
}

/** A disk, or the partition table of what is made of disks. Of a deployed machine only what a disk is told apart by. */
export function deviceForm(machine: Of, device: Device, isIdentityOnly = false): Asking {
  const isDisk = device.type === "physical";
  return {
    title: isDisk ? `Change ${device.name}` : `Partition table of ${device.name}`,
    verb: "Save",
    done: `${device.name} was changed`,
    isEdit: true,
    ...(isDisk ? { lead: isIdentityOnly ? "The machine is deployed: only what the disk is told apart by is changed, after it was replaced." : "What commissioning read is overwritten, until it reads the disk again." } : {}),
    fields: [...(isDisk ? [NAME, ...IDENTITY] : []), ...(isIdentityOnly ? [] : tableField(device))],
    initial: { name: device.name, model: device.model ?? "", serial: device.serial ?? "", id_path: device.id_path ?? "", partition_table_type: tableOf(device) },
    change: (_, changed) => request(machine, "update-device", { id: device.id }, changed),
  };
}

/** A disk that commissioning did not find. */
export function diskForm(machine: Of): Asking {
  return {
    title: "New disk",
    verb: "Add it",
    done: "The disk was added",
    lead: "Disks that are in the machine are found by commissioning: this is for one that is not.",
    fields: [
      { ...NAME, placeholder: "sdb" },
      { name: "size", label: "Size", isNeeded: true, placeholder: "500G", help: SIZE_HELP },
      { name: "block_size", label: "Block size", kind: "select", options: ["512", "4096"].map((value) => ({ value, label: `${value} bytes` })) },
      ...IDENTITY,
    ],
    refusal: ({ model, serial, id_path: path }) => ((model === "" || serial === "") && path === "" ? "It needs a model and a serial number, or a path." : null),
    change: (values) => request(machine, "create-device", {}, Object.fromEntries(Object.entries(values).filter(([, value]) => value !== ""))),
  };
}
