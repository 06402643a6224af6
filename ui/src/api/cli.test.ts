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
  expect(cliOf({ method: "POST", path: "/api/v1/machines/abc/raids", body: {} })).toBeUndefined();
  expect(cliOf({ method: "POST", path: "/api/v1/machines/abc/set-storage-layout", body: { storage_layout: "lvm" } })).toBe("ironraft machine set-storage-layout abc storage_layout=lvm");
});
