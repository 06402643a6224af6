import { describe, expect, test } from "vitest";

import type { Rack } from "./dhcp";
import { byId, dhcpFindings, dhcpState } from "./dhcp";
import { dhcpBody, racksOf } from "./DhcpForm";
import type { Row, Subnet, Vlan } from "./tree";
import { rowsOf, vlanName } from "./tree";

const vlan = (id: number, more: Partial<Vlan> = {}): Vlan => ({ id, vid: id, name: `net-${id}`, fabric: "fabric-0", fabric_id: 0, space: "undefined", description: "", dhcp_on: false, external_dhcp: null, mtu: 1500, primary_rack: null, secondary_rack: null, further_racks: [], relay_vlan: null, router_advertisements: "off", relay_agent: false, relay_to: [], relayed_by: [], proxy_dhcp: false, service_addresses: [], service_rack: null, resource_uri: "", ...more });

const subnet = (id: number, cidr: string, of: Vlan): Subnet => ({ id, cidr, name: cidr, vlan: of, description: "", gateway_ip: null }) as unknown as Subnet;

const rack = (system_id: string, isThere: boolean, more: object = {}) => ({ system_id, hostname: `host-${system_id}`, interface_set: [], service_set: [{ name: "rackd", status: isThere ? "running" : "dead", status_info: "" }], ...more }) as unknown as Rack;

const ONE = vlan(1, { vid: 0, name: "untagged", space: "prod", dhcp_on: true, primary_rack: "a" });
const TWO = vlan(20);
const SOURCES = {
  fabrics: [{ id: 0, name: "fabric-0", description: "" }, { id: 1, name: "empty", description: "" }],
  spaces: [{ id: 1, name: "prod", description: "" }],
  vlans: [TWO, ONE],
  subnets: [subnet(2, "10.20.10.0/24", ONE), subnet(1, "10.20.9.0/24", ONE), subnet(3, "fd00::/64", TWO)],
};

const told = (rows: readonly Row[]) => rows.map((row) => (row.kind === "group" ? row.name : row.kind === "vlan" ? `  ${vlanName(row.vlan)}` : `    ${row.subnet.cidr}`));

describe("the tree of networks", () => {
  test("has all fabrics, VLANs by tag and subnets by number", () => {
    expect(told(rowsOf(SOURCES, "fabric", "", new Set()))).toEqual(["empty", "fabric-0", "  untagged", "    10.20.9.0/24", "    10.20.10.0/24", "  VLAN 20 · net-20", "    fd00::/64"]);
  });

  test("is by space as well, and what is in none comes last", () => {
    expect(told(rowsOf(SOURCES, "space", "", new Set(["vlan-1"])))).toEqual(["prod", "  untagged", "No space", "  VLAN 20 · net-20", "    fd00::/64"]);
  });

  test("is closed where somebody closed it, but not for what is looked for", () => {
    const closed = new Set(["fabric-0"]);
    expect(told(rowsOf(SOURCES, "fabric", "", closed))).toEqual(["empty", "fabric-0"]);
    expect(told(rowsOf(SOURCES, "fabric", "vid:20", closed))).toEqual(["fabric-0", "  VLAN 20 · net-20", "    fd00::/64"]);
  });

  test("finds the subnet that has an address, and what has no DHCP", () => {
    expect(told(rowsOf(SOURCES, "fabric", "10.20.10.7", new Set()))).toEqual(["fabric-0", "  untagged", "    10.20.10.0/24"]);
    expect(told(rowsOf(SOURCES, "fabric", "dhcp:off", new Set()))).toEqual(["fabric-0", "  VLAN 20 · net-20", "    fd00::/64"]);
    expect(told(rowsOf(SOURCES, "fabric", "fabric-0 10.20.9", new Set()))).toEqual(["fabric-0", "  untagged", "    10.20.9.0/24"]);
    expect(rowsOf(SOURCES, "fabric", "nothing", new Set())).toEqual([]);
  });
});

describe("DHCP of a VLAN", () => {
  const racks = byId({ data: {}, items: [rack("a", true), rack("b", false)] });
  const word = (more: Partial<Vlan>) => dhcpState(vlan(1, more), racks);

  test("is told in a symbol and words", () => {
    expect(word({})).toEqual({ tone: "idle", word: "Off" });
    expect(word({ dhcp_on: true, primary_rack: "a" })).toEqual({ tone: "good", word: "On, by host-a" });
    expect(word({ dhcp_on: true, primary_rack: "a", secondary_rack: "b" })).toEqual({ tone: "warn", word: "On, host-b is away" });
    expect(word({ dhcp_on: true, primary_rack: "a", secondary_rack: "b", further_racks: ["c"] })).toEqual({ tone: "warn", word: "On, host-b, c are away" });
    expect(word({ dhcp_on: true, primary_rack: "b" })).toEqual({ tone: "bad", word: "On, but host-b is away" });
    expect(word({ relay_vlan: ONE })).toEqual({ tone: "good", word: "Relayed to fabric-0 untagged" });
    expect(word({ relay_vlan: TWO }).tone).toBe("bad");
    expect(word({ relay_vlan: ONE, relay_agent: true, primary_rack: "a" })).toEqual({ tone: "good", word: "Relayed to fabric-0 untagged, by host-a" });
    expect(word({ relay_vlan: ONE, relay_agent: true, primary_rack: "b" }).tone).toBe("bad");
    expect(word({ relay_to: ["192.0.2.67"], primary_rack: "a" })).toEqual({ tone: "good", word: "Relayed to 192.0.2.67, by host-a" });
    expect(word({ proxy_dhcp: true, primary_rack: "a" })).toEqual({ tone: "good", word: "Of another server, with what to boot, by host-a" });
    expect(dhcpState(ONE, null)).toEqual({ tone: "good", word: "On" });
  });

  test("has findings that say what to do, and says nothing of racks that may not be seen", () => {
    const broken = vlan(1, { dhcp_on: true, primary_rack: "b", external_dhcp: "10.0.0.9" });
    expect(dhcpFindings(broken, racks).map(({ tone, text }) => [tone, text])).toEqual([
      ["warn", "Another DHCP server, 10.0.0.9, answers on fabric-0 VLAN 1 · net-1"],
      ["bad", "Nobody answers DHCP on fabric-0 VLAN 1 · net-1"],
    ]);
    expect(dhcpFindings(broken, null)).toHaveLength(1);
    const three = byId({ data: {}, items: [rack("a", true), rack("b", false), rack("c", true)] });
    const texts = (more: Partial<Vlan>) => dhcpFindings(vlan(1, { dhcp_on: true, primary_rack: "a", secondary_rack: "b", ...more }), three).map(({ text }) => text);
    expect(texts({})).toEqual(["One rack alone serves DHCP on fabric-0 VLAN 1 · net-1"]);
    expect(texts({ further_racks: ["c"] })).toEqual(["2 of 3 racks serve DHCP on fabric-0 VLAN 1 · net-1"]);
    expect(dhcpFindings(ONE, racks)).toEqual([]);
    expect(dhcpFindings(vlan(1, { proxy_dhcp: true, primary_rack: "a", external_dhcp: "10.0.0.9" }), racks)).toEqual([]);
  });

  test("has a finding of a DHCPv6 server of others, whatever is expected of IPv4", () => {
    for (const proxy_dhcp of [false, true]) {
      const found = dhcpFindings(vlan(1, { proxy_dhcp, primary_rack: "a", external_dhcp: "fe80::9" }), racks);
      expect(found.map(({ text }) => text)).toEqual(["Another DHCPv6 server, fe80::9, answers on fabric-0 VLAN 1 · net-1"]);
    }
  });

  test("offers racks that are there first", () => {
    const here = rack("c", true, { interface_set: [{ name: "eth1", vlan: { id: 1 }, links: [{ ip_address: "10.20.0.2" }] }] });
    const rows = racksOf(vlan(1, { primary_rack: "b" }), [rack("a", true), rack("b", false), here]);
    expect(rows.map(({ rack: one, role, link }) => [one.system_id, role, link])).toEqual([["b", "Primary", null], ["c", "", "eth1, 10.20.0.2"], ["a", "", null]]);
    const four = racksOf(vlan(1, { primary_rack: "d", secondary_rack: "b", further_racks: ["c", "a"] }), ["a", "b", "c", "d", "e"].map((id) => rack(id, true)));
    expect(four.map(({ rack: one, role }) => [one.system_id, role])).toEqual([["d", "Primary"], ["b", "Secondary"], ["c", "Further"], ["a", "Further"], ["e", ""]]);
  });

  test("is set as a whole: a VLAN is never served and relayed", () => {
    const nobody = { dhcp_on: false, relay_vlan: "", relay_agent: false, relay_to: "", proxy_dhcp: false };
    const racks = { primary_rack: "a", secondary_rack: "", further_racks: "", service_addresses: "10.0.0.5" };
    expect(dhcpBody({ mode: "racks", ...racks, further_racks: "c,  d" })).toEqual({ ...nobody, ...racks, further_racks: "c,d", dhcp_on: true });
    expect(dhcpBody({ mode: "off", ...racks })).toEqual(nobody);
    expect(dhcpBody({ mode: "relay", relay_vlan: "3", relay_agent: false, ...racks })).toEqual({ ...nobody, relay_vlan: "3" });
    expect(dhcpBody({ mode: "relay", relay_vlan: "3", relay_agent: true, ...racks })).toEqual({ ...nobody, ...racks, relay_vlan: "3", relay_agent: true });
    expect(dhcpBody({ mode: "racks", ...racks })).toEqual({ ...nobody, ...racks, dhcp_on: true });
    expect(dhcpBody({ mode: "others", relay_to: "192.0.2.67  2001:db8::67,", ...racks })).toEqual({ ...nobody, ...racks, relay_to: "192.0.2.67,2001:db8::67" });
    expect(dhcpBody({ mode: "proxy", ...racks })).toEqual({ ...nobody, ...racks, proxy_dhcp: true });
  });
});
