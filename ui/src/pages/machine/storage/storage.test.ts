/** How disks are put together, how they are drawn, and what is asked of them. */

import { describe, expect, test } from "vitest";

import { settled } from "../../../form/PlannedDialog";
import type { Asking } from "../../../form/PlannedDialog";
import type { Values } from "../../../form/Fields";
import { blocksOf, contentOf, segmentsOf, sharesOf } from "./blocks";
import { bytesOf } from "./bytes";
import { choicesOf, newChoices } from "./choices";
import { deleteForm, formatForm, layoutForm, mountForm, partitionForm } from "./forms";
import { deviceForm, diskForm, groupForm, volumeChangeForm } from "./changeForms";
import { bcacheForm, cacheSetForm, raidForm, volumeForm, volumeGroupForm } from "./groupForms";
import type { Group, Storage } from "./model";
import { freePlaces, NO_LISTS, storageOf, wordsOf } from "./model";
import { plannedStorage } from "./planned";
import { NEW_PARTITION, raidSize, withFilesystem, withGroup, withPartition, withVolume } from "./preview";
import type { Row } from "./rows";
import { rowsOf } from "./rows";
import type { Device, Filesystem, Lists, Partition } from "./shapes";
import { disksOf } from "./shapes";
import { tagForm, untagForm } from "./tagForms";

const GB = 1e9;
const KIB_128 = 128 * 1024;
const fs = (fstype: string, mount_point: string | null = null): Filesystem => ({ fstype, mount_point });
const part = (id: number, device: number, name: string, gb: number, filesystem: Filesystem | null = null): Partition => ({ id, device_id: device, path: `/dev/disk/by-dname/${name}`, size: gb * GB, bootable: false, tags: [], filesystem });
const disk = (id: number, name: string, gb: number, more: Partial<Device> = {}): Device => ({ id, name, type: "physical", size: gb * GB, available_size: 0, partitions: [], tags: [], ...more });

const SDA = disk(1, "sda", 100, { available_size: 20 * GB, partition_table_type: "GPT", tags: ["ssd"], partitions: [part(11, 1, "sda-part1", 0.5, fs("fat32", "/boot/efi")), part(12, 1, "sda-part2", 79.5, fs("ext4", "/"))] });
const SDB = disk(2, "sdb", 200, { filesystem: fs("raid") });
const SDC = disk(3, "sdc", 200, { filesystem: fs("raid") });
const SDD = disk(4, "sdd", 300);
const SDE = disk(7, "sde", 50, { filesystem: fs("bcache-cache") });
const MD0 = disk(5, "md0", 200, { type: "virtual", filesystem: fs("lvm-pv") });
const LV = disk(6, "vg0-data", 150, { type: "virtual", filesystem: fs("xfs", "/srv") });
const LISTS: Lists = {
  ...NO_LISTS,
  raids: [{ id: 21, name: "md0", level: "raid-1", size: 200 * GB, devices: [SDB, SDC], spare_devices: [], virtual_device: MD0 }],
  volumeGroups: [{ id: 22, name: "vg0", size: 200 * GB, available_size: 50 * GB, devices: [MD0], logical_volumes: [LV] }],
  cacheSets: [{ id: 23, name: "cache0", cache_device: SDE }],
};
const DISKS = { physicalblockdevice_set: [SDA, SDB, SDC, SDD, SDE], virtualblockdevice_set: [MD0, LV], boot_disk: SDA };
const STORAGE = storageOf(disksOf(DISKS), LISTS);
const MACHINE = { system_id: "abc", hostname: "web" };
const MAY = { layOut: null, mount: null, identify: null };

const row = (name: string, storage: Storage = STORAGE): Row => {
  const found = rowsOf(storage).find((one) => one.name === name);
  if (found === undefined) throw new Error(`there is no ${name}`);
  return found;
};
const group = (name: string): Group => {
  const found = STORAGE.groups.find((one) => one.name === name);
  if (found === undefined) throw new Error(`there is no ${name}`);
  return found;
};
const sent = (form: Asking, given: Values = {}) => {
  const { values } = settled(form.fields ?? [], { ...form.initial, ...given });
  const { method, path, body } = form.change(values, given);
  return { request: `${method} ${path.replace("/api/v1/machines/abc/", "")}`, body };
};

describe("disks as blocks", () => {
  test("have what is made of them above, level by level", () => {
    expect(blocksOf(STORAGE).map((level) => level.map((block) => [block.name, block.words, block.of.join("+")]))).toEqual([
      [["vg0", "Volume group", "md0"]],
      [["md0", "RAID 1", "sdb+sdc"], ["cache0", "Cache set", "sde"]],
      [["sda", "Disk, boots from it", ""], ["sdb", "Disk", ""], ["sdc", "Disk", ""], ["sdd", "Disk", ""], ["sde", "Disk", ""]],
    ]);
  });

  test("have partitions and what is free to scale, and say what is on them", () => {
    const segments = segmentsOf(STORAGE, SDA);
    expect(segments.map(({ name, kind, detail }) => [name, kind, detail])).toEqual([
      ["sda-part1", "filesystem", "fat32 at /boot/efi"],
      ["sda-part2", "filesystem", "ext4 at /"],
      ["Free", "free", ""],
    ]);
    expect(segments.map(({ share }) => Math.round(share))).toEqual([5, 76, 19]);
    expect(segmentsOf(STORAGE, SDB).map(({ kind, detail }) => [kind, detail])).toEqual([["member", "in md0"]]);
    expect(segmentsOf(STORAGE, SDD).map(({ kind }) => kind)).toEqual(["free"]);
    expect(blocksOf(STORAGE)[0]?.[0]?.segments.map(({ name, share }) => [name, share])).toEqual([["vg0-data", 75], ["Free", 25]]);
  });

  test.each([
    [[], []],
    [[7], [100]],
    [[1, 1], [50, 50]],
    [[0, 0], [50, 50]],
    [[1, 999], [5, 95]],
    [[1, 1, 98], [5, 5, 90]],
    [[4, 5, 91], [5, 5, 90]],
  ])("give %j the shares %j", (sizes, shares) => {
    expect(sharesOf(sizes).map(Math.round)).toEqual(shares);
  });

  test("give very many parts shares that are a whole together", () => {
    const shares = sharesOf(Array.from({ length: 40 }, (_, at) => 1 + at));
    expect(Math.round(shares.reduce((sum, share) => sum + share, 0))).toBe(100);
    expect(Math.min(...shares)).toBeGreaterThan(0);
  });

  test("say filesystems in words", () => {
    expect([fs("ext4"), fs("ext4", "/"), { ...fs("xfs", "/srv"), label: "data" }, fs("swap"), fs("swap", "none")].map(contentOf)).toEqual(["ext4, not mounted", "ext4 at /", "xfs “data” at /srv", "swap, not used", "swap"]);
  });

  test("end where groups stand on themselves", () => {
    const circle = storageOf(disksOf({ physicalblockdevice_set: [], virtualblockdevice_set: [MD0], boot_disk: null }), { ...NO_LISTS, raids: [{ id: 1, name: "md0", level: "raid-0", size: 0, devices: [MD0], spare_devices: [], virtual_device: MD0 }] });
    expect(blocksOf(circle).flat()).toHaveLength(1);
  });
});

test("a region that does not know partitions yet is shown by its disks", () => {
  const old = disksOf({ physicalblockdevice_set: [{ id: 1, name: "sda", type: "physical", size: 5 }], boot_disk: null });
  expect(rowsOf(storageOf(old, NO_LISTS)).map(({ name, words }) => [name, words])).toEqual([["sda", "Disk"]]);
  expect(disksOf({}).special_filesystems).toEqual([]);
});

test("datastores are found by the name of their device, cached disks stand on their caches", () => {
  const [store, cached] = [disk(8, "datastore1", 9, { type: "virtual", filesystem: fs("vmfs6", "/vmfs/volumes/datastore1") }), disk(9, "bcache0", 9, { type: "virtual" })];
  const lists = { ...LISTS, datastores: [{ id: 31, name: "datastore1", size: 9, devices: [SDD] }], bcaches: [{ id: 32, name: "bcache0", size: 9, cache_mode: "writeback", backing_device: part(12, 1, "sda-part2", 1), cache_set: { id: 23 }, virtual_device: cached }] };
  const storage = storageOf(disksOf({ ...DISKS, virtualblockdevice_set: [MD0, LV, store, cached] }), lists);
  expect(storage.groups.filter(({ kind }) => kind === "datastore" || kind === "bcache").map(({ makes }) => makes)).toEqual([[9], [8]]);
  expect(blocksOf(storage)[0]?.map(({ name, of }) => [name, of])).toContainEqual(["bcache0", ["sda-part2", "cache0 (cache)"]]);
  expect(choicesOf(row("datastore1", storage), storage, MAY).map(({ id }) => id)).toEqual(["edit", "tag", "delete"]);
  expect(choicesOf(row("cache0", storage), storage, MAY)).toMatchObject([{ id: "edit", refusal: null }, { id: "delete", refusal: "It caches bcache0." }]);
});

describe("the table of disks", () => {
  test("has disks with their partitions, then groups with what they are", () => {
    expect(rowsOf(STORAGE).map(({ name, depth, words, content }) => [name, depth, words, content])).toEqual([
      ["sda", 0, "SSD", "GPT, 2 partitions"],
      ["sda-part1", 1, "Partition", "fat32 at /boot/efi"],
      ["sda-part2", 1, "Partition", "ext4 at /"],
      ["sdb", 0, "Disk", "in md0"],
      ["sdc", 0, "Disk", "in md0"],
      ["sdd", 0, "Disk", ""],
      ["sde", 0, "Disk", "in cache0"],
      ["md0", 0, "RAID 1 of sdb, sdc", "in vg0"],
      ["cache0", 0, "Cache set of sde", "cache"],
      ["vg0", 0, "Volume group of md0", ""],
      ["vg0-data", 1, "Logical volume in vg0", "xfs at /srv"],
    ]);
    expect(new Set(rowsOf(STORAGE).map(({ key }) => key)).size).toBe(11);
  });

  test.each([
    ["sda", { edit: null, partition: null, tag: null, untag: null, delete: null }],
    ["sda-part2", { format: null, mount: null, unmount: null, unformat: "It is mounted.", tag: null, delete: null }],
    ["sdb", { edit: null, partition: "It is in md0.", format: "It is in md0.", boot: "It is in md0.", tag: null, delete: "It is in md0." }],
    ["sdd", { edit: null, partition: null, format: null, boot: null, tag: null, delete: null }],
    ["md0", { edit: null, partition: "It is in vg0.", format: "It is in vg0.", tag: null, delete: "It is in vg0." }],
    ["vg0", { edit: null, volume: null, delete: null }],
    ["vg0-data", { edit: null, format: null, mount: null, unmount: null, unformat: "It is mounted.", tag: null, delete: null }],
  ])("says what can be done with %s", (name, refusals) => {
    expect(Object.fromEntries(choicesOf(row(name), STORAGE, MAY).map(({ id, refusal }) => [id, refusal]))).toEqual(refusals);
  });

  test("says why not where the status does not allow it", () => {
    const choices = choicesOf(row("sda-part2"), STORAGE, { ...MAY, layOut: "Not now." });
    expect(choices.find(({ id }) => id === "delete")?.refusal).toBe("Not now.");
    expect(choices.find(({ id }) => id === "format")?.refusal).toBeNull();
    expect(newChoices(STORAGE, MAY).filter(({ refusal }) => refusal !== null)).toEqual([]);
    const taken = { ...STORAGE, devices: [SDB], groups: STORAGE.groups.filter(({ kind }) => kind === "raid") };
    expect(newChoices(taken, MAY).map(({ refusal }) => refusal)).toEqual([...Array.from({ length: 3 }, () => "No disk or partition is free."), "There is no cache set: make one first.", "No disk or partition is free.", null, null]);
  });
});

describe("the picture of what it would be", () => {
  test("has a partition as large as was typed, as far as there is room", () => {
    const [made, free] = segmentsOf(withPartition(STORAGE, SDD, 100 * GB), { ...SDD, partitions: withPartition(STORAGE, SDD, 100 * GB).devices.find(({ id }) => id === 4)?.partitions ?? [], available_size: 200 * GB });
    expect([made?.name, made?.size, free?.size]).toEqual(["sdd-part1", 100 * GB, 200 * GB]);
    const full = withPartition(STORAGE, SDA, 500 * GB).devices[0];
    expect([full?.available_size, full?.partitions.at(-1)?.size]).toEqual([0, 20 * GB]);
    expect(blocksOf(withPartition(STORAGE, SDD, null), new Set([NEW_PARTITION])).flat().filter(({ segments }) => segments.some(({ isNew }) => isNew)).map(({ name }) => name)).toEqual(["sdd"]);
  });

  test("has a group above its members, and a volume in its group", () => {
    const raid = withGroup(STORAGE, { kind: "raid", name: "md1", detail: "raid-0", members: ["device:4", "partition:12"] });
    expect(blocksOf(raid).flat().find(({ isNew }) => isNew)).toMatchObject({ name: "md1", words: "RAID 0", of: ["sdd", "sda-part2"], size: 379.5 * GB - 2 * KIB_128 });
    const volume = withVolume(STORAGE, group("vg0"), "logs", 20 * GB);
    expect(blocksOf(volume)[0]?.[0]?.segments.map(({ name, size }) => [name, size / GB])).toEqual([["vg0-data", 150], ["vg0-logs", 20], ["Free", 30]]);
  });

  test("has another filesystem on a disk or a partition", () => {
    expect(withFilesystem(STORAGE, "partition:12", fs("xfs")).devices[0]?.partitions[1]?.filesystem).toEqual(fs("xfs"));
    expect(withFilesystem(STORAGE, "device:4", fs("btrfs")).devices[3]?.filesystem).toEqual(fs("btrfs"));
    expect(withFilesystem(STORAGE, "device:99", null)).toBe(STORAGE);
  });

  test.each([
    ["raid-0", 22 * GB - 2 * KIB_128],
    ["raid-1", 10 * GB - KIB_128],
    ["raid-5", 10 * GB - KIB_128],
    ["raid-6", 0],
    ["raid-10", 10 * GB - KIB_128],
  ])("knows how large a %s of 10 GB and 12 GB is", (level, size) => expect(raidSize(level, [10 * GB, 12 * GB])).toBe(size));

  test.each([
    ["5G", 5 * GB],
    ["1024", 1024],
    ["1.5t", 1.5e12],
    ["50%", 500],
    ["", null],
    ["5 GB", null],
    ["G", null],
  ])("reads %j as %j", (text, bytes) => expect(bytesOf(text, 1000)).toBe(bytes));
});

describe("what is asked of disks", () => {
  test("goes to the path of what it is about, without what is left empty", () => {
    expect(sent(partitionForm(MACHINE, SDA), { size: "5G", bootable: true })).toEqual({ request: "POST blockdevices/1/partitions", body: { size: "5G", bootable: true } });
    expect(sent(partitionForm(MACHINE, SDA))).toEqual({ request: "POST blockdevices/1/partitions", body: {} });
    expect(sent(formatForm(MACHINE, row("sda-part2")), { label: "root" })).toEqual({ request: "POST blockdevices/1/partition/12/format", body: { fstype: "ext4", label: "root" } });
    expect(sent(mountForm(MACHINE, row("vg0-data")), { mount_options: "ro" })).toEqual({ request: "POST blockdevices/6/mount", body: { mount_point: "/srv", mount_options: "ro" } });
    expect(sent(volumeForm(MACHINE, group("vg0")), { name: "logs" })).toEqual({ request: "POST volume-group/22/create-logical-volume", body: { name: "logs" } });
    expect(["sda-part2", "md0", "vg0", "cache0", "vg0-data", "sdd"].map((name) => sent(deleteForm(MACHINE, row(name))).request)).toEqual([
      "DELETE blockdevices/1/partition/12",
      "DELETE raid/21",
      "DELETE volume-group/22",
      "DELETE bcache-cache-set/23",
      "DELETE blockdevices/6",
      "DELETE blockdevices/4",
    ]);
  });

  test("has the parameters of the layout that is chosen alone", () => {
    const form = layoutForm(MACHINE, STORAGE);
    expect(sent(form).body).toEqual({ storage_layout: "flat" });
    expect(sent(form, { storage_layout: "lvm", boot_size: "1G", vg_name: "vgx", cache_device: "2" }).body).toEqual({ storage_layout: "lvm", boot_size: "1G", vg_name: "vgx" });
    expect(sent(form, { storage_layout: "bcache", cache_no_part: true, cache_device: "4" }).body).toEqual({ storage_layout: "bcache", cache_device: "4", cache_mode: "writethrough", cache_no_part: true });
    expect(sent(form, { storage_layout: "blank", root_size: "5G" }).body).toEqual({ storage_layout: "blank" });
  });

  test("tells devices from partitions among members, of which only free ones are offered", () => {
    const free = { ...STORAGE, devices: [...STORAGE.devices, disk(40, "sdf", 300, { partitions: [part(41, 40, "sdf-part1", 300)] })] };
    expect(freePlaces(free).map(({ place }) => place)).toEqual(["device:4", "partition:41"]);
    expect(sent(raidForm(MACHINE, free), { members: ["device:4", "partition:41", "device:2"] }).body).toEqual({ name: "md1", level: "raid-1", block_devices: [4], partitions: [41] });
    expect(sent(raidForm(MACHINE, free), { members: ["device:4"], spares: ["device:4", "partition:41"] }).body).toEqual({ name: "md1", level: "raid-1", block_devices: [4], spare_partitions: [41] });
    expect(sent(volumeGroupForm(MACHINE, free), { members: ["partition:41"] }).body).toEqual({ name: "vg1", partitions: [41] });
    expect(sent(cacheSetForm(MACHINE, free), { place: "partition:41" }).body).toEqual({ cache_partition: 41 });
    expect(sent(bcacheForm(MACHINE, free)).body).toEqual({ name: "bcache0", cache_set: "23", cache_mode: "writethrough", backing_device: 4 });
  });

  test("knows how many members a RAID needs", () => {
    const { refusal } = raidForm(MACHINE, STORAGE);
    expect([refusal?.({ level: "raid-6", members: ["device:1", "device:2"] }), refusal?.({ level: "raid-1", members: ["device:1", "device:2"] })]).toEqual(["It needs at least 4 members.", null]);
    expect(wordsOf({ kind: "raid", detail: "raid-10" })).toBe("RAID 10");
  });
});

describe("what is changed of groups", () => {
  const groups: Group[] = [...STORAGE.groups, { kind: "bcache", id: 24, name: "bcache0", detail: "writeback", size: GB, free: null, members: ["device:4"], spares: [], makes: [], cachedBy: 23 }];
  const free = { ...STORAGE, groups, devices: [...STORAGE.devices, disk(40, "sdf", 300, { partitions: [part(41, 40, "sdf-part1", 300)] }), disk(42, "sdg", 200)] };
  /** What is sent when these values are changed. */
  const changed = (form: Asking, values: Values) => form.change({ ...form.initial, ...values }, values);
  const body = (name: string, values: Values) => changed(groupForm(MACHINE, free, free.groups.find((one) => one.name === name) as Group), values).body;

  test("is sent alone: members that come and that go", () => {
    expect(body("md0", { members: ["device:2", "partition:41"], spares: ["device:42"] })).toEqual({ add_partitions: [41], remove_block_devices: [3], add_spare_devices: [42] });
    expect(body("md0", { name: "md7" })).toEqual({ name: "md7" });
    expect(body("vg0", { members: ["device:5", "device:42"] })).toEqual({ add_block_devices: [42] });
    expect(body("bcache0", { place: "partition:41", cache_mode: "writethrough" })).toEqual({ cache_mode: "writethrough", backing_partition: 41 });
    expect(body("cache0", { place: "device:42" })).toEqual({ cache_device: 42 });
  });

  test("goes to the path of its kind, and begins with what is", () => {
    expect(free.groups.map((one) => changed(groupForm(MACHINE, free, one), {}).path.replace("/api/v1/machines/abc/", ""))).toEqual(["raid/21", "bcache-cache-set/23", "volume-group/22", "bcache/24"]);
    const raid = groupForm(MACHINE, free, group("md0"));
    expect(raid.initial).toMatchObject({ name: "md0", members: ["device:2", "device:3"], spares: [] });
    expect(settled(raid.fields ?? [], raid.initial ?? {}).fields.find(({ name }) => name === "spares")?.options?.map(({ value }) => value)).toEqual(["partition:41", "device:42"]);
    expect(raid.refusal?.({ members: ["device:2"] })).toBe("It needs at least 2 members.");
  });

  test("is the name and the size of a logical volume", () => {
    const form = volumeChangeForm(MACHINE, group("vg0"), LV);
    expect(form.initial).toEqual({ name: "data" });
    expect(changed(form, { size: "180G" })).toMatchObject({ method: "PATCH", path: "/api/v1/machines/abc/blockdevices/6", body: { size: "180G" } });
  });

  test("is of a disk what it is told apart by, and its partition table where it has one", () => {
    const names = (form: Asking) => settled(form.fields ?? [], form.initial ?? {}).fields.map(({ name }) => name);
    expect(names(deviceForm(MACHINE, SDA))).toEqual(["name", "model", "serial", "id_path", "partition_table_type"]);
    expect(names(deviceForm(MACHINE, SDA, true))).toEqual(["name", "model", "serial", "id_path"]);
    expect(names(deviceForm(MACHINE, SDB))).toEqual(["name", "model", "serial", "id_path"]);
    expect(names(deviceForm(MACHINE, { ...MD0, partition_table_type: "GPT" }))).toEqual(["partition_table_type"]);
    expect(changed(deviceForm(MACHINE, SDA), { partition_table_type: "MBR" }).body).toEqual({ partition_table_type: "MBR" });
    const given = { name: "sdx", size: "5G", model: "", serial: "", id_path: "" };
    expect(diskForm(MACHINE).refusal?.(given)).toBe("It needs a model and a serial number, or a path.");
    expect(sent(diskForm(MACHINE), { ...given, id_path: "/dev/x" })).toEqual({ request: "POST blockdevices", body: { name: "sdx", size: "5G", block_size: "512", id_path: "/dev/x" } });
  });

  test("is a tag of a disk or of a partition", () => {
    expect(sent(tagForm(MACHINE, row("sdd")), { tag: "fast" })).toEqual({ request: "POST blockdevices/4/add-tag", body: { tag: "fast" } });
    expect(sent(tagForm(MACHINE, row("sda-part2")), { tag: "fast" }).request).toBe("POST blockdevices/1/partition/12/add-tag");
    expect(sent(untagForm(MACHINE, row("sda")))).toEqual({ request: "POST blockdevices/1/remove-tag", body: { tag: "ssd" } });
  });
});

describe("what a plan makes of the disks", () => {
  const EFFECTS = { machines: [], addresses_freed: [], addresses_taken: [], leases_ended: [], names_added: [], names_removed: [] };
  const plan = (members: Record<string, unknown>, id = "abc") => {
    const differences = Object.entries(members).map(([name, after]) => ({ pointer: `/storage/${name}`, before: null, after }));
    return { plan: "p", revision: 1, more: 0, effects: EFFECTS, changes: [{ change: "update", differences, id, name: "web", resource: "machines", table: "machine" }] };
  };
  const drawn = (members: Record<string, unknown>, now: Storage = STORAGE) => {
    const planned = plannedStorage(now, MACHINE, plan(members));
    return planned === null ? null : blocksOf(planned.storage, planned.news).map((level) => level.map((block) => `${block.isNew ? "new " : ""}${block.name} ${block.words} of ${block.of.join("+")}: ${block.segments.map(({ name, detail, isNew }) => `${isNew ? "new " : ""}${name} ${detail}`.trim()).join(", ")}`));
  };
  const volumeGroup = (...volumes: object[]) => ({ id: 22, name: "vg0", kind: { volume_group: { volumes } } });
  const RAID = { id: 21, name: "md0", kind: { raid: { level: "raid1", device: { id: 5 } } } };

  test("is a layout of all of them, whose parts are new", () => {
    const layout = {
      tables: [{ device: 1, kind: "gpt", partitions: [{ id: 50, number: 1, size_bytes: 1 * GB, bootable: true }, { id: 51, number: 2, size_bytes: 99 * GB }] }],
      filesystems: [
        { on: { partition: 50 }, content: { formatted: "fat32" }, mount: { point: "/boot/efi" } },
        { on: { partition: 51 }, content: { physical_volume: 1 } },
        { on: { device: 60 }, content: { formatted: "ext4" }, label: "root", mount: { point: "/" } },
      ],
      groups: [{ id: 1, name: "vgroot", kind: { volume_group: { volumes: [{ name: "lvroot", size_bytes: 90 * GB, device: { id: 60 } }] } } }],
      cache_sets: null,
    };
    expect(drawn(layout)).toEqual([
      ["new vgroot Volume group of sda-part2: new vgroot-lvroot ext4 “root” at /, Free"],
      [
        "sda Disk, boots from it of : new sda-part1 fat32 at /boot/efi, new sda-part2 in vgroot",
        ...["sdb", "sdc", "sdd", "sde"].map((name) => `${name} Disk of : Free`),
      ],
    ]);
    expect(plannedStorage(STORAGE, MACHINE, plan(layout))?.storage.groups[0]).toMatchObject({ size: 98993963008, free: 8993963008 });
  });

  test("has what it does not name as it is", () => {
    const [grown] = drawn({ groups: [RAID, volumeGroup({ name: "data", size_bytes: 180 * GB, device: { id: 6 } })] }) ?? [];
    expect(grown).toEqual(["vg0 Volume group of md0: new vg0-data xfs at /srv, Free"]);
    const renamed = drawn({ groups: [{ ...RAID, name: "md9" }, volumeGroup({ name: "data", size_bytes: 150 * GB, device: { id: 6 } })] }) ?? [];
    expect(renamed.flat().slice(0, 2)).toEqual(["vg0 Volume group of md9: vg0-data xfs at /srv, Free", "new md9 RAID 1 of sdb+sdc: md9 in vg0"]);
  });

  test("has members where their parts are", () => {
    const content = [[2, "raid_member", 21], [3, "raid_spare", 21], [4, "raid_member", 21], [7, "bcache_cache", 23], [5, "physical_volume", 22]] as const;
    const filesystems = content.map(([device, part, id]) => ({ on: { device }, content: { [part]: id } }));
    expect(drawn({ filesystems })?.flat().find((block) => block.includes("RAID"))).toBe("new md0 RAID 1 of sdb+sdd+sdc (spare): md0 in vg0");
    expect(drawn({ cache_sets: [] })?.flat().some((block) => block.includes("Cache set"))).toBe(false);
  });

  test("is nothing where it is not about them, or not understood", () => {
    expect(plannedStorage(STORAGE, MACHINE, undefined)).toBeNull();
    expect(plannedStorage(STORAGE, MACHINE, plan({}))).toBeNull();
    expect(plannedStorage(STORAGE, MACHINE, plan({ tables: [] }, "other"))).toBeNull();
    expect(drawn({ groups: [{ id: 1, name: "x", kind: { tape: {} } }] })).toBeNull();
    expect(drawn({ filesystems: [{ on: {}, content: {} }] })).toBeNull();
  });
});
