import { expect, test } from "vitest";

import type { DnsResource } from "./records";
import { below, linesOf, meant, zoneOf } from "./records";

const resource = (id: number, fqdn: string, ips: string[], records: [type: string, data: string][] = []) =>
  ({ id, fqdn, address_ttl: null, ip_addresses: ips.map((ip) => ({ ip })), resource_records: records.map(([rrtype, rrdata], at) => ({ id: id * 10 + at, fqdn, rrtype, rrdata, ttl: 60 })) }) as unknown as DnsResource;

const LINES = linesOf({
  zone: "lab.example",
  zones: ["lab.example", "sub.lab.example", "example"],
  resources: [resource(1, "www.lab.example", ["10.0.0.10", "fd00::1", "10.0.0.9"]), resource(2, "lab.example", [], [["MX", "10 www.lab.example."]]), resource(3, "x.sub.lab.example", ["10.0.0.3"])],
  machines: [{ fqdn: "web-1.lab.example", system_id: "abc", ip_addresses: ["10.0.0.20"], address_ttl: 5 }],
  devices: [{ fqdn: "printer.lab.example", system_id: "def", ip_addresses: [] }],
  racks: [{ fqdn: "r1.lab.example", system_id: "r1", ip_addresses: ["10.0.0.2"] }],
  leases: [
    { ip: "10.0.0.20", name: "web-1", state: "active" },
    { ip: "10.0.0.77", name: "laptop", state: "active" },
    { ip: "10.0.0.78", name: "gone", state: "ended" },
  ],
  isDefault: true,
});

test("a name is in the longest zone that it ends in", () => {
  expect(below("www.LAB.example.", "lab.example")).toBe("www");
  expect(below("lab.example", "lab.example")).toBe("@");
  expect(below("notlab.example", "lab.example")).toBeNull();
  expect(zoneOf("x.sub.lab.example", ["lab.example", "sub.lab.example"])).toBe("sub.lab.example");
});

test("a zone has what users made and what machines and leases have, the zone itself first", () => {
  expect(LINES.map((line) => [line.name, line.type, line.data, line.source])).toEqual([
    ["@", "MX", "10 www.lab.example.", "user"],
    ["laptop", "A", "10.0.0.77", "lease"],
    ["r1", "A", "10.0.0.2", "rack"],
    ["web-1", "A", "10.0.0.20", "machine"],
    ["www", "A", "10.0.0.9", "user"],
    ["www", "A", "10.0.0.10", "user"],
    ["www", "AAAA", "fd00::1", "user"],
  ]);
  expect(LINES[3]).toMatchObject({ ttl: 5, to: "/machines/abc" });
  expect(LINES[3]?.resource).toBeUndefined();
});

test("lines are found by words and by where they come from", () => {
  expect(meant(LINES, "www a", "").map((line) => line.data)).toEqual(["10 www.lab.example.", "10.0.0.9", "10.0.0.10", "fd00::1"]);
  expect(meant(LINES, "", "lease").map((line) => line.name)).toEqual(["laptop"]);
});
