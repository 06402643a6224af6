import { expect, test } from "vitest";

import { cliOf, singular } from "./cli";

test("kinds are called as the command line calls them", () => {
  expect(["subnets", "ip-addresses", "dns-resources", "discoveries", "ssh-keys"].map(singular)).toEqual(["subnet", "ip-address", "dns-resource", "discovery", "ssh-key"]);
});

test("a change is a command, quoted for a shell", () => {
  expect(cliOf({ method: "POST", path: "/api/v1/subnets", body: { cidr: "10.0.0.0/24", name: "it's" } })).toBe(`ironraft subnet create cidr=10.0.0.0/24 'name=it'\\''s'`);
  expect(cliOf({ method: "PATCH", path: "/api/v1/subnets/10.0.0.0%2F24", body: { gateway_ip: null, dns_servers: ["a", "b"] } })).toBe("ironraft subnet set 10.0.0.0/24 gateway_ip= dns_servers=a,b");
  expect(cliOf({ method: "DELETE", path: "/api/v1/vlans/4" })).toBe("ironraft vlan delete 4");
  expect(cliOf({ method: "POST", path: "/api/v1/domains/1/set-default" })).toBe("ironraft domain set-default 1");
  expect(cliOf({ method: "POST", path: "/api/v1/ip-addresses/release", body: { ip: "10.0.0.9" } })).toBe("ironraft ip-address release ip=10.0.0.9");
  expect(cliOf({ method: "POST", path: "/api/v1/machines/actions", body: {} })).toBeUndefined();
  expect(cliOf({ method: "POST", path: "/api/v1/machines/abc/set-storage-layout", body: { storage_layout: "lvm" } })).toBe("ironraft machine set-storage-layout abc storage_layout=lvm");
});

test.each([
  ["POST", "raids", { level: "raid-1", block_devices: [2, 3] }, "machine raid create abc level=raid-1 block_devices=2,3"],
  ["PATCH", "volume-group/7", { add_partitions: [4] }, "machine volume-group set abc 7 add_partitions=4"],
  ["POST", "interfaces/create-bond", { name: "bond0" }, "machine interface create-bond abc name=bond0"],
  ["POST", "interfaces/5/link-subnet", { mode: "AUTO" }, "machine interface link-subnet abc 5 mode=AUTO"],
  ["POST", "blockdevices/2/partitions", { size: "5G" }, "machine partition create abc 2 size=5G"],
  ["POST", "blockdevices/2/partition/4/format", { fstype: "xfs" }, "machine partition format abc 2 4 fstype=xfs"],
  ["DELETE", "blockdevices/2/partition/4", undefined, "machine partition delete abc 2 4"],
  ["DELETE", "blockdevices/2", undefined, "machine blockdevice delete abc 2"],
  ["POST", "bcache-cache-sets", { cache_device: 3 }, "machine bcache-cache-set create abc cache_device=3"],
] as const)("what is below a machine has commands too: %s %s", (method, path, body, command) => {
  expect(cliOf({ method, path: `/api/v1/machines/abc/${path}`, body })).toBe(`ironraft ${command}`);
});

test("a VLAN is below its fabric", () => {
  expect(cliOf({ method: "PATCH", path: "/api/v1/fabrics/plant/vlans/30", body: { mtu: 9000 } })).toBe("ironraft fabric vlan set plant 30 mtu=9000");
});
