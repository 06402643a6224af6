/** What is asked when disks and partitions are combined, and the request that it becomes. */

import type { Field, Value, Values } from "../../../form/Fields";
import { filled } from "../../../form/Fields";
import type { Asking } from "../../../form/PlannedDialog";
import { request } from "../paths";
import { size } from "../sizes";
import type { Of } from "./forms";
import { CACHE_MODES, SIZE_HELP } from "./forms";
import type { Group, Place, Storage } from "./model";
import { freePlaces, nameOf, sizeOf } from "./model";

const LEVELS = [
  { value: "raid-0", label: "RAID 0: striped, loses all with one disk", members: 2 },
  { value: "raid-1", label: "RAID 1: mirrored", members: 2 },
  { value: "raid-5", label: "RAID 5: one disk may fail", members: 3 },
  { value: "raid-6", label: "RAID 6: two disks may fail", members: 4 },
  { value: "raid-10", label: "RAID 10: striped mirrors", members: 3 },
] as const;

/** What a level is called and needs. */
export function levelOf(level: unknown): (typeof LEVELS)[number] {
  return LEVELS.find((one) => one.value === level) ?? LEVELS[0];
}

/** The places that are chosen. */
export function placesIn(value: Value | undefined): Place[] {
  const all = Array.isArray(value) ? (value as readonly string[]) : typeof value === "string" ? [value] : [];
  return all.filter((text): text is Place => /^(device|partition):\d+$/.test(text));
}

/** The ids of the devices, or of the partitions, among places. */
export function idsOf(places: readonly Place[], kind: "device" | "partition"): number[] {
  return places.filter((place) => place.startsWith(`${kind}:`)).map((place) => Number(place.slice(kind.length + 1)));
}

function optionsOf(storage: Storage): { value: Place; label: string }[] {
  return optionsWith(storage, []);
}

/** Places that can be chosen: those that a group has, and those that nothing has. */
export function optionsWith(storage: Storage, own: readonly Place[]): { value: Place; label: string }[] {
  const had = own.map((place) => ({ place, name: nameOf(storage, place), size: sizeOf(storage.devices, place) ?? 0 }));
  return [...had, ...freePlaces(storage)].map(({ place, name, size: bytes }) => ({ value: place, label: `${name}, ${size(bytes)}` }));
}

/** The cache sets that there are. */
export function cacheSetOptions(storage: Storage): { value: string; label: string }[] {
  const sets = storage.groups.filter((group) => group.kind === "cache-set");
  return sets.map((set) => ({ value: String(set.id), label: `${set.name}, ${size(set.size)}` }));
}

const members = (storage: Storage, more: Partial<Field> = {}): Field => ({ name: "members", label: "Made of", kind: "checks", isNeeded: true, options: optionsOf(storage), becomes: ["block_devices", "partitions"], ...more });

/** The members of a body that places become; those that are empty are left out. */
export function sentMembers(names: readonly [devices: string, partitions: string], places: readonly Place[]): Record<string, number[]> {
  const both = { [names[0]]: idsOf(places, "device"), [names[1]]: idsOf(places, "partition") };
  return Object.fromEntries(Object.entries(both).filter(([, ids]) => ids.length > 0));
}

/** One place as one of two members of a body. */
export function sentOne(names: readonly [device: string, partition: string], value: Value | undefined): Record<string, number> {
  return Object.fromEntries(Object.entries(sentMembers(names, placesIn(value))).map(([name, [id]]) => [name, id ?? 0]));
}

/** The next name of a kind that is free. */
export function nextName(storage: Storage, prefix: string): string {
  const isTaken = (name: string) => storage.groups.some((group) => group.name === name) || storage.devices.some((device) => device.name === name);
  for (let number = 0; ; number += 1) if (!isTaken(`${prefix}${number}`)) return `${prefix}${number}`;
}

export function raidForm(machine: Of, storage: Storage): Asking {
  return {
    title: "New RAID",
    verb: "Make the RAID",
    done: "The RAID was made",
    fields: (values) => {
      const options = optionsOf(storage);
      const chosen = placesIn(values.members);
      return [
        { name: "name", label: "Name", isNeeded: true },
        { name: "level", label: "Level", kind: "select", options: LEVELS },
        members(storage, { label: "Members" }),
        { name: "spares", label: "Spares", kind: "checks", options: options.filter((option) => !chosen.includes(option.value)), becomes: ["spare_devices", "spare_partitions"], help: "They take the place of one that fails.", isShown: (now) => now.level !== "raid-0" },
      ];
    },
    initial: { name: nextName(storage, "md"), level: "raid-1" },
    refusal: ({ level, members: chosen }) => {
      const least = levelOf(level).members;
      return placesIn(chosen).length < least ? `It needs at least ${least} members.` : null;
    },
    change: ({ members: chosen, spares, ...values }) =>
      request(machine, "create-raid", {}, { ...filled(values), ...sentMembers(["block_devices", "partitions"], placesIn(chosen)), ...sentMembers(["spare_devices", "spare_partitions"], placesIn(spares)) }),
  };
}

export function volumeGroupForm(machine: Of, storage: Storage): Asking {
  return {
    title: "New volume group",
    verb: "Make the group",
    done: "The volume group was made",
    fields: [{ name: "name", label: "Name", isNeeded: true }, members(storage)],
    initial: { name: nextName(storage, "vg") },
    change: ({ members: chosen, ...values }) => request(machine, "create-volume-group", {}, { ...filled(values), ...sentMembers(["block_devices", "partitions"], placesIn(chosen)) }),
  };
}

export function volumeForm(machine: Of, group: Group): Asking {
  return {
    title: `New logical volume in ${group.name}`,
    verb: "Make it",
    done: `${group.name} has another volume`,
    fields: [
      { name: "name", label: "Name", isNeeded: true, placeholder: "root" },
      { name: "size", label: "Size", placeholder: `All that is free: ${size(group.free ?? 0)}`, help: SIZE_HELP },
    ],
    change: (values) => request(machine, "create-logical-volume", { id: group.id }, filled(values)),
  };
}

export function cacheSetForm(machine: Of, storage: Storage): Asking {
  return {
    title: "New cache set",
    verb: "Make it",
    done: "The cache set was made",
    lead: "A fast disk, or a part of one, that caches others.",
    fields: [{ name: "place", label: "On", kind: "select", isNeeded: true, options: optionsOf(storage), becomes: ["cache_device", "cache_partition"] }],
    change: ({ place }) => request(machine, "create-cache-set", {}, sentOne(["cache_device", "cache_partition"], place)),
  };
}

export function bcacheForm(machine: Of, storage: Storage): Asking {
  return {
    title: "New cached disk",
    verb: "Make it",
    done: "The cached disk was made",
    fields: [
      { name: "name", label: "Name", isNeeded: true },
      { name: "place", label: "Its data is on", kind: "select", isNeeded: true, options: optionsOf(storage), becomes: ["backing_device", "backing_partition"] },
      { name: "cache_set", label: "Cached by", kind: "select", isNeeded: true, options: cacheSetOptions(storage) },
      { name: "cache_mode", label: "Writes go", kind: "select", options: CACHE_MODES },
    ],
    initial: { name: nextName(storage, "bcache") },
    change: ({ place, ...values }) => request(machine, "create-bcache", {}, { ...filled(values), ...sentOne(["backing_device", "backing_partition"], place) }),
  };
}

export function datastoreForm(machine: Of, storage: Storage): Asking {
  return {
    title: "New datastore",
    verb: "Make it",
    done: "The datastore was made",
    lead: "Where VMware ESXi has its virtual machines. The disks must be laid out for it.",
    fields: [{ name: "name", label: "Name", isNeeded: true }, members(storage)],
    initial: { name: nextName(storage, "datastore") },
    change: ({ members: chosen, ...values }: Values) => request(machine, "create-datastore", {}, { ...filled(values), ...sentMembers(["block_devices", "partitions"], placesIn(chosen)) }),
  };
}
