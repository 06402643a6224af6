/** The editors of a machine's network and storage on its page: what is asked, what is planned, and where a refusal stands. */

import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, describe, expect, test } from "vitest";

import type { Machine } from "../../api/resources";
import { http, HttpResponse, ORIGIN, page, refusal, server } from "../../testing/server";
import { show } from "../../testing/show";
import { Network } from "./Network";
import { Storage } from "./Storage";

const region = server();

const VLAN = { id: 5, vid: 0, fabric_id: 1, fabric: "fabric-1", name: "untagged" };
const SUBNET = { id: 3, cidr: "10.0.0.0/24", name: "lan", gateway_ip: "10.0.0.1", vlan: VLAN };
const card = (id: number, name: string, more: object = {}) => ({
  id,
  name,
  type: "physical",
  parents: [],
  children: [],
  mac_address: `52:54:00:00:00:0${id}`,
  enabled: true,
  link_connected: true,
  link_speed: 1000,
  interface_speed: 1000,
  links: [],
  vlan: VLAN,
  tags: [],
  params: "",
  effective_mtu: 1500,
  ...more,
});
const disk = (id: number, name: string, more: object = {}) => ({ id, name, type: "physical", size: 1e12, available_size: 0, used_size: 0, partitions: [], filesystem: null, tags: [], model: "QEMU", serial: `s-${name}`, id_path: "", ...more });
const MACHINE = {
  system_id: "abc123",
  hostname: "web",
  status_name: "Ready",
  locked: false,
  cpu_count: 4,
  interface_set: [card(1, "eth0", { links: [{ id: 8, mode: "auto", ip_address: null, subnet: SUBNET }] }), card(2, "eth1")],
  boot_interface: { id: 1 },
  default_gateways: { ipv4: { gateway_ip: null }, ipv6: { gateway_ip: null } },
  boot_disk: { id: 11, name: "sda" },
  physicalblockdevice_set: [disk(11, "sda", { partition_table_type: "GPT", available_size: 5e11, partitions: [{ id: 21, device_id: 11, path: "/dev/disk/by-dname/sda-part1", size: 5e11, bootable: false, filesystem: { fstype: "ext4", mount_point: "/" } }] }), disk(12, "sdb"), disk(13, "sdc")],
  virtualblockdevice_set: [],
  raids: [],
  volume_groups: [],
  bcaches: [],
  cache_sets: [],
  special_filesystems: [{ fstype: "tmpfs", mount_point: "/tmp", mount_options: "size=1G" }],
};
const machine = (more: object = {}) => ({ ...MACHINE, ...more }) as unknown as Machine;

const EFFECTS = { machines: [], addresses_freed: [], addresses_taken: [], leases_ended: [], names_added: [], names_removed: [] };
let sent: { to: string; body: unknown; how: string }[] = [];

/** Answers an operation with a plan, or with what is wrong. */
function answer(to: string, faultOf: (body: Record<string, unknown>) => { pointer?: string; message: string } | null = () => null, changes: readonly object[] = []) {
  region.use(
    http.post(`${ORIGIN}/api/v1/machines/abc123/${to}`, async ({ request }) => {
      const body = (await request.json()) as Record<string, unknown>;
      const { search, searchParams } = new URL(request.url);
      sent.push({ to, body, how: search });
      const fault = faultOf(body);
      if (fault !== null) return refusal(400, fault.message, { errors: [fault] });
      return searchParams.has("plan") ? HttpResponse.json({ plan: "p1", revision: 8, changes, more: 0, effects: EFFECTS }) : HttpResponse.json({});
    }),
  );
}

async function choose(menu: string | RegExp, item: RegExp) {
  await userEvent.click(await screen.findByRole("button", { name: menu }));
  await userEvent.click(await screen.findByRole("menuitem", { name: item }));
  return within(await screen.findByRole("dialog"));
}

type Asked = Awaited<ReturnType<typeof choose>>;
const isReady = (dialog: Asked, name: string) => waitFor(() => expect(dialog.getByRole("button", { name }).hasAttribute("disabled")).toBe(false));

beforeEach(() => {
  document.cookie = "csrftoken=t";
  sent = [];
});

describe("the network of a machine", () => {
  test("gets a bond that was planned before, with a picture of it", async () => {
    answer("interfaces/create-bond");
    show(<Network machine={machine()} />);
    const dialog = await choose("New interface", /^Bond/);
    expect(dialog.getByRole("button", { name: "Make the bond" }).closest("[title]")?.getAttribute("title")).toBe("Made of is missing.");
    expect(sent).toEqual([]);
    await userEvent.click(dialog.getByLabelText(/^eth0/));
    await userEvent.click(dialog.getByLabelText(/^eth1/));
    expect(dialog.getByRole("img").getAttribute("aria-label")).toBe("Bond bond0 on eth0, eth1. Card eth0. Card eth1.");
    await isReady(dialog, "Make the bond");
    await userEvent.click(dialog.getByRole("button", { name: "Make the bond" }));
    expect(await screen.findByText("The bond was made")).toBeTruthy();
    expect(sent.at(-1)).toEqual({ to: "interfaces/create-bond", body: { name: "bond0", parents: ["1", "2"], bond_mode: "active-backup" }, how: "?if_plan=p1" });
    // What was asked before all of it was there is not planned.
    expect(sent.every(({ body }) => Object.hasOwn(body as object, "parents"))).toBe(true);
  });

  test("says at a field what is wrong with it while one types, and does nothing until it is right", async () => {
    answer("interfaces/create-bond", ({ name }) => (name === "b" ? null : { pointer: "/name", message: "Enter a valid value." }));
    show(<Network machine={machine()} />);
    const dialog = await choose("New interface", /^Bond/);
    await userEvent.click(dialog.getByLabelText(/^eth1/));
    const fault = await dialog.findByText("Enter a valid value.");
    const name = dialog.getByLabelText("Name");
    expect([name.getAttribute("aria-invalid"), name.getAttribute("aria-describedby")]).toEqual(["true", fault.id]);
    expect(dialog.getAllByRole("alert")).toHaveLength(1);
    await userEvent.clear(name);
    await userEvent.type(name, "b");
    await isReady(dialog, "Make the bond");
    expect(dialog.queryByText("Enter a valid value.")).toBeNull();
    expect(sent.every(({ how }) => how === "?plan=true")).toBe(true);
  });

  test("says by itself what is wrong with no field", async () => {
    answer("restore-networking-configuration", () => ({ message: "It cannot be restored." }));
    show(<Network machine={machine()} />);
    await userEvent.click(screen.getByRole("button", { name: "Restore…" }));
    expect((await screen.findByRole("alert")).textContent).toContain("It cannot be restored.");
  });

  test("gets addresses, and another default gateway", async () => {
    answer("interfaces/2/link-subnet");
    answer("interfaces/1/set-default-gateway");
    region.use(http.get(`${ORIGIN}/api/v1/subnets`, () => HttpResponse.json(page([SUBNET]))));
    show(<Network machine={machine()} />);
    const dialog = await choose("Change eth1", /^Give it/);
    await isReady(dialog, "Give it");
    expect(sent.at(-1)?.body).toEqual({ mode: "AUTO", subnet: "3" });
    await userEvent.click(dialog.getByRole("button", { name: "Cancel" }));
    await userEvent.click(screen.getByRole("button", { name: "Make the gateway of the link to 10.0.0.0/24 the default" }));
    const gateway = within(await screen.findByRole("dialog"));
    await isReady(gateway, "Make it the default");
    expect(sent.at(-1)?.body).toEqual({ link_id: 8 });
  });

  test("is only shown, with the reason, where the status does not allow it", () => {
    show(<Network machine={machine({ status_name: "Deploying" })} />);
    expect(screen.getByText("They cannot be changed now. Only while its status is New, Ready, Failed testing, Allocated or Broken: it is Deploying now.")).toBeTruthy();
    expect(screen.queryAllByRole("button")).toEqual([]);
  });
});

describe("the storage of a machine", () => {
  test("is laid out after a plan", async () => {
    answer("set-storage-layout", ({ boot_size: boot }) => (boot === "1" ? { pointer: "/boot_size", message: "Size is too small." } : null));
    show(<Storage machine={machine()} />);
    await userEvent.click(screen.getByRole("button", { name: "Apply a layout…" }));
    const dialog = within(await screen.findByRole("dialog"));
    await userEvent.selectOptions(dialog.getByLabelText("Layout"), "lvm");
    await userEvent.type(dialog.getByLabelText(/^Size of \/boot/), "1");
    expect(await dialog.findByText("Size is too small.")).toBeTruthy();
    await userEvent.type(dialog.getByLabelText(/^Size of \/boot/), "G");
    await isReady(dialog, "Apply it");
    await userEvent.click(dialog.getByRole("button", { name: "Apply it" }));
    await waitFor(() => expect(sent.at(-1)).toEqual({ to: "set-storage-layout", body: { storage_layout: "lvm", boot_size: "1G" }, how: "?if_plan=p1" }));
  });

  test("is seen as a layout would make it, before it is applied", async () => {
    const tables = [{ device: 11, kind: "gpt", partitions: [{ id: 90, number: 1, size_bytes: 1e12 }] }];
    const filesystems = [{ on: { partition: 90 }, content: { formatted: "ext4" }, label: "root", mount: { point: "/" } }];
    const differences = Object.entries({ tables, filesystems }).map(([name, after]) => ({ pointer: `/storage/${name}`, before: null, after }));
    answer("set-storage-layout", undefined, [{ change: "update", id: "abc123", name: "web", resource: "machines", table: "machine", differences }]);
    show(<Storage machine={machine()} />);
    await userEvent.click(screen.getByRole("button", { name: "Apply a layout…" }));
    const dialog = within(await screen.findByRole("dialog"));
    const picture = within(await dialog.findByRole("group", { name: "What it would be" }));
    expect(picture.getByTitle("sda-part1, ext4 “root” at /, 1 TB")).toBeTruthy();
    expect(picture.getByText("sdc")).toBeTruthy();
  });

  test("gets a RAID of free disks, whose picture follows what is chosen", async () => {
    answer("raids");
    show(<Storage machine={machine()} />);
    const dialog = await choose("New on these disks", /^RAID/);
    const named = within(dialog.getByRole("group", { name: /^Members/ }));
    await userEvent.click(named.getByLabelText("sdb, 1 TB"));
    expect(dialog.getByRole("button", { name: "Make the RAID" }).closest("[title]")?.getAttribute("title")).toBe("It needs at least 2 members.");
    await userEvent.click(named.getByLabelText("sdc, 1 TB"));
    expect(within(dialog.getByRole("group", { name: "What it would be" })).getByText("of sdb, sdc")).toBeTruthy();
    await isReady(dialog, "Make the RAID");
    expect(sent.at(-1)?.body).toEqual({ name: "md0", level: "raid-1", block_devices: [12, 13] });
  });

  test("has groups whose members are changed, what comes and what goes", async () => {
    region.use(
      http.get(`${ORIGIN}/api/v1/machines/abc123/raids`, () => HttpResponse.json([{ id: 31, name: "md0", level: "raid-1", size: 1e12, devices: [{ id: 11 }, { id: 12 }], spare_devices: [], virtual_device: null }])),
      http.patch(`${ORIGIN}/api/v1/machines/abc123/raid/31`, async ({ request }) => {
        sent.push({ to: "raid/31", body: await request.json(), how: new URL(request.url).search });
        return HttpResponse.json({ plan: "p1", revision: 8, changes: [], more: 0, effects: EFFECTS });
      }),
    );
    show(<Storage machine={machine({ raids: [{ id: 31 }] })} />);
    const dialog = await choose("Change md0", /^Change/);
    expect(dialog.getByRole("button", { name: "Save" }).closest("[title]")?.getAttribute("title")).toBe("Nothing is changed yet.");
    const members = within(dialog.getByRole("group", { name: "Members" }));
    await userEvent.click(members.getByLabelText("sdb, 1 TB"));
    await userEvent.click(members.getByLabelText("sdc, 1 TB"));
    await isReady(dialog, "Save");
    expect(sent.at(-1)?.body).toEqual({ add_block_devices: [13], remove_block_devices: [12] });
  });

  test("gets partitions, filesystems and mounts", async () => {
    answer("blockdevices/12/partitions");
    answer("blockdevices/11/partition/21/mount");
    answer("unmount-special");
    show(<Storage machine={machine()} />);
    const partition = await choose("Change sdb", /^New partition/);
    await userEvent.type(partition.getByLabelText(/^Size/), "200G");
    await waitFor(() => expect(sent.at(-1)?.body).toEqual({ size: "200G" }));
    expect(within(partition.getByRole("group", { name: "What it would be" })).getByTitle("sdb-part1, nothing on it, 200 GB")).toBeTruthy();
    await userEvent.click(partition.getByRole("button", { name: "Cancel" }));
    const mount = await choose("Change sda-part1", /^Mount elsewhere/);
    await isReady(mount, "Mount");
    expect(sent.at(-1)?.body).toEqual({ mount_point: "/" });
    await userEvent.click(mount.getByRole("button", { name: "Cancel" }));
    await userEvent.click(screen.getByRole("button", { name: "Unmount /tmp" }));
    await waitFor(() => expect(sent.at(-1)).toEqual({ to: "unmount-special", body: { mount_point: "/tmp" }, how: "?plan=true" }));
  });

  test("is read with its groups where it has any, and shows its disks where these are refused", async () => {
    region.use(
      http.get(`${ORIGIN}/api/v1/machines/abc123/raids`, () => HttpResponse.json([{ id: 31, name: "md0", level: "raid-1", size: 1e12, devices: [{ id: 12 }, { id: 13 }], spare_devices: [], virtual_device: null }])),
      http.get(`${ORIGIN}/api/v1/machines/abc123/volume-groups`, () => refusal(403, "You may not see them.")),
    );
    show(<Storage machine={machine({ raids: [{ id: 31 }], volume_groups: [{ id: 32 }] })} />);
    expect(await screen.findByText("You may not see them.")).toBeTruthy();
    expect(await screen.findByText("RAID 1 of sdb, sdc")).toBeTruthy();
  });

  test("is mounted alone while the machine is allocated, and only shown while it is deployed", async () => {
    const { unmount } = show(<Storage machine={machine({ status_name: "Allocated" })} />);
    expect(screen.getByRole("button", { name: "Apply a layout…" }).hasAttribute("disabled")).toBe(true);
    await userEvent.click(screen.getByRole("button", { name: "Change sda-part1" }));
    expect((await screen.findByRole("menuitem", { name: /^Delete/ })).textContent).toContain("Only while its status is Ready");
    expect(screen.getByRole("menuitem", { name: /^Unmount/ }).textContent).toBe("Unmount…");
    unmount();
    show(<Storage machine={machine({ status_name: "Deployed" })} />);
    expect(screen.getByText("Only what its disks are told apart by can be changed now, after one was replaced. The rest: only while its status is Ready or Allocated: it is Deployed now.")).toBeTruthy();
    await userEvent.click(screen.getByRole("button", { name: "Change sdb" }));
    expect((await screen.findByRole("menuitem", { name: /^New partition/ })).textContent).toContain("Only while its status is Ready");
    expect(screen.getByRole("menuitem", { name: /^Change/ }).textContent).toBe("Change…");
  });
});
