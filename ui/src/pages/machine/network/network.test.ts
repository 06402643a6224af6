/** How interfaces stand on each other, how they are drawn, and what is asked of them. */

import { describe, expect, test } from "vitest";

import type { Machine } from "../../../api/resources";
import { Problem } from "../../../api/problem";
import { faultOf, isSaidBy, settled } from "../../../form/PlannedDialog";
import type { Values } from "../../../form/Fields";
import { choicesOf, newChoices } from "./choices";
import type { MachineInterface, Vlan } from "./forms";
import { bondForm, bridgeForm, editForm, linkForm, nextName, taggedOf, vlanForm } from "./forms";
import type { Drawn } from "./graph";
import { graphOf, levelsOf, NODE, told } from "./graph";
import { paramsOf } from "./params";
import { withChanged, withLink, withNew, withoutLink, without } from "./preview";
import { bondable, bridgeable, taggable, tree } from "./stack";

const vlan = (id: number, vid: number, fabric_id = 1) => ({ id, vid, fabric_id, fabric: `fabric-${fabric_id}`, name: vid === 0 ? "untagged" : `v${vid}` }) as Vlan;
const UNTAGGED = vlan(5, 0);
const subnet = (id: number, cidr: string, on = UNTAGGED) => ({ id, cidr, name: cidr, vlan: on, gateway_ip: "10.0.0.1" });
type Subnet = Parameters<typeof linkForm>[2][number];

let ids = 0;
function one(name: string, type = "physical", parents: string[] = [], more: object = {}): MachineInterface {
  ids += 1;
  return { id: ids, name, type, parents, children: [], mac_address: "52:54:00:00:00:01", enabled: true, links: [], vlan: UNTAGGED, tags: [], params: "", ...more } as unknown as MachineInterface;
}

const eth = [0, 1, 2].map((at) => one(`eth${at}`));
const [eth0, eth1, eth2] = eth as [MachineInterface, MachineInterface, MachineInterface];
const bond0 = one("bond0", "bond", ["eth0", "eth1"], { links: [{ id: 1, mode: "auto", subnet: subnet(1, "10.0.0.0/24") }] });
const tagged = one("bond0.100", "vlan", ["bond0"], { vlan: vlan(6, 100), links: [{ id: 2, mode: "static", ip_address: "10.1.0.5", subnet: subnet(2, "10.1.0.0/24") }] });
const br0 = one("br0", "bridge", ["eth2"]);
const ALL = [eth0, eth1, eth2, bond0, tagged, br0];
const machine = (interfaces: readonly MachineInterface[] = ALL, more: object = {}) => ({ system_id: "abc", hostname: "web", status_name: "Ready", locked: false, interface_set: interfaces, ...more }) as unknown as Machine;
const names = (of: readonly { name: string }[]) => of.map(({ name }) => name);

describe("the tree of interfaces", () => {
  test("has each once: below bonds and bridges what they are made of, VLANs below what they are on", () => {
    expect(tree(ALL).map(({ found, depth, words }) => [found.name, depth, words])).toEqual([
      ["bond0", 0, "Bond"],
      ["eth0", 1, "Card in bond0"],
      ["eth1", 1, "Card in bond0"],
      ["bond0.100", 1, "VLAN on bond0"],
      ["br0", 0, "Bridge"],
      ["eth2", 1, "Card in br0"],
    ]);
  });

  test("has a VLAN below the bridge that is over it, and ends where interfaces stand on themselves", () => {
    const over = one("br1", "bridge", ["eth9.5"]);
    const known = [one("eth9"), one("eth9.5", "vlan", ["eth9"]), over];
    expect(tree(known).map(({ found, depth }) => [found.name, depth])).toEqual([["eth9", 0], ["br1", 0], ["eth9.5", 1]]);
    const circle = [one("a", "bridge", ["b"]), one("b", "bond", ["a"])];
    expect(names(tree(circle).map(({ found }) => found))).toEqual(["a", "b"]);
    expect([...levelsOf(circle).values()].every((level) => level < 3)).toBe(true);
  });

  test("says what can be made of which", () => {
    expect(names(bondable(ALL))).toEqual([]);
    expect(names(bondable(ALL, bond0))).toEqual(["eth0", "eth1"]);
    expect(names(bridgeable(ALL))).toEqual(["bond0", "bond0.100"]);
    expect(names(taggable(ALL))).toEqual(["eth2", "bond0", "br0"]);
    expect(newChoices(machine()).map((choice) => choice.refusal)).toEqual(["There is no card that nothing else is made of.", null, null, undefined]);
  });
});

describe("the picture of interfaces", () => {
  const graph = graphOf(ALL);
  const at = (name: string) => {
    const found = graph.nodes.find((node) => node.name === name);
    if (found === undefined) throw new Error(`there is no ${name}`);
    return found;
  };

  test("has cards at the bottom, what is made of them above, and subnets at the top", () => {
    const rows = [...new Set(graph.nodes.map((node) => node.y))].sort((a, b) => a - b).map((y) => names(graph.nodes.filter((node) => node.y === y)).sort());
    expect(rows).toEqual([["10.0.0.0/24", "10.1.0.0/24"], ["bond0.100"], ["bond0", "br0"], ["eth0", "eth1", "eth2"]]);
  });

  test("puts each above the middle of what it is made of, and none upon another", () => {
    expect(at("bond0").x).toBe((at("eth0").x + at("eth1").x) / 2);
    expect(at("br0").x).toBe(at("eth2").x);
    for (const node of graph.nodes) {
      const beside = graph.nodes.filter((other) => other !== node && other.y === node.y);
      expect(beside.every((other) => Math.abs(other.x - node.x) > NODE.width)).toBe(true);
      expect(node.x >= 0 && node.x + NODE.width <= graph.width && node.y + NODE.height <= graph.height).toBe(true);
    }
  });

  test("connects them, and says how they get addresses", () => {
    expect(graph.lines.map((line) => line.kind).sort()).toEqual(["link", "link", "made", "made", "made", "made"]);
    expect(["bond0", "bond0.100", "eth0"].map((name) => at(name).detail)).toEqual(["assigned", "10.1.0.5", "Card"]);
    expect(graphOf([one("eth0", "physical", [], { enabled: false })]).nodes[0]).toMatchObject({ detail: "Card, disabled", isOff: true });
    expect(told([eth0, eth1, bond0])).toBe("Bond bond0 on eth0, eth1 in 10.0.0.0/24. Card eth0 on nothing. Card eth1 on nothing.".replaceAll(" on nothing", ""));
  });

  test("has no line behind a node", () => {
    const passing = graph.lines.find((line) => line.points.length > 2);
    const [, enter, leave] = passing?.points ?? [];
    expect(enter?.[0]).toBe(leave?.[0]);
    expect(Math.abs((enter?.[0] ?? 0) - (at("bond0.100").x + NODE.width / 2))).toBeGreaterThan(NODE.width / 2);
    for (const line of graph.lines) expect(line.points.length % 2).toBe(0);
  });

  test("is empty where there is nothing", () => {
    expect(graphOf([])).toEqual({ nodes: [], lines: [], width: 2, height: 0 });
  });
});

describe("the picture of what it would be", () => {
  const drawn = (interfaces: readonly Drawn[]) => graphOf(interfaces);

  test("has the new one, and no addresses on what it takes the place of", () => {
    const before = [{ ...eth0, links: [{ id: 1, mode: "auto", subnet: subnet(1, "10.0.0.0/24") }] }, eth1] as unknown as Drawn[];
    const after = withNew(before, { kind: "bond", name: "", parents: ["eth0"] });
    expect(after.map((found) => [found.name, found.links.length])).toEqual([["eth0", 0], ["eth1", 0], ["new", 0]]);
    expect(drawn(after).nodes.filter((node) => node.isNew).map((node) => node.name)).toEqual(["new"]);
    expect(withNew(before, { kind: "vlan", name: "eth0.7", parents: ["eth0"], vid: 7 })[0]?.links).toHaveLength(1);
  });

  test("has another link, alone where it moves the interface", () => {
    const link = { mode: "auto", subnet: subnet(3, "10.3.0.0/24") };
    const of = { ...bond0, links: [{ mode: "link_up" }, { mode: "dhcp", subnet: null }] } as unknown as Drawn;
    expect(withLink([of], bond0.id, link, false)[0]?.links.map((one) => one.mode)).toEqual(["dhcp", "auto"]);
    expect(withLink([of], bond0.id, link, true)[0]?.links.map((one) => one.mode)).toEqual(["auto"]);
  });

  test("has an interface as it is changed, and what is made of it", () => {
    const linked = ALL.map((found) => (found === eth2 ? { ...eth2, links: bond0.links } : found));
    const changed = withChanged(linked, bond0, { name: "uplink", enabled: true, parents: ["eth0", "eth2"], vlan: UNTAGGED });
    const of = (name: string) => changed.find((found) => found.name === name);
    expect([of("uplink")?.parents, of("uplink")?.isNew, of("bond0.100")?.parents]).toEqual([["eth0", "eth2"], true, ["uplink"]]);
    expect([of("eth2")?.links, of("uplink")?.links.length]).toEqual([[], 1]);
    const moved = withChanged(linked, tagged, { name: "", enabled: true, parents: ["eth2"], vlan: { vid: 7 } });
    expect(moved.find((found) => found.id === tagged.id)).toMatchObject({ name: "bond0.100", parents: ["eth2"], vlan: { vid: 7 } });
    expect(moved.find((found) => found.name === "eth2")?.links).toHaveLength(1);
  });

  test("has one link less, or none", () => {
    const [link] = tagged.links;
    expect(withoutLink(ALL, tagged.id, link).find((found) => found.id === tagged.id)).toMatchObject({ links: [], isNew: true });
    expect(withoutLink(ALL, bond0.id).filter((found) => found.links.length > 0).map((found) => found.name)).toEqual(["bond0.100"]);
  });

  test("lets what is made be moved to what does not stand on it", () => {
    expect(names(bridgeable(ALL, br0))).toEqual(["eth2", "bond0", "bond0.100"]);
    expect(names(bridgeable(ALL))).toEqual(["bond0", "bond0.100"]);
    expect(names(taggable(ALL, tagged))).toEqual(["eth2", "bond0", "br0"]);
    const over = one("br1", "bridge", ["bond0.100"]);
    expect(names(taggable([...ALL, over], tagged))).toEqual(["eth2", "bond0", "br0"]);
  });

  test("lacks what is removed with what was made of it alone", () => {
    expect(names(without(ALL, "bond0"))).toEqual(["eth0", "eth1", "eth2", "br0"]);
    expect(without(ALL, "eth0").find((found) => found.name === "bond0")?.parents).toEqual(["eth1"]);
  });
});

describe("what is asked of interfaces", () => {
  const body = (form: ReturnType<typeof bondForm>, given: Values) => form.change(settled(form.fields ?? [], { ...form.initial, ...given }).values, given).body;

  test("becomes MAAS's parameters, without what is left empty", () => {
    const free = machine([eth0, eth1]);
    const form = bondForm(free);
    expect(body(form, { parents: [String(eth0.id), String(eth1.id)], bond_mode: "802.3ad" })).toEqual({ name: "bond0", parents: [String(eth0.id), String(eth1.id)], bond_mode: "802.3ad", bond_lacp_rate: "fast", bond_xmit_hash_policy: "layer2" });
    expect(body(form, { parents: ["4711"] })).toEqual({ name: "bond0", bond_mode: "active-backup" });
    expect(body(bridgeForm(free), { bridge_stp: true, bridge_fd: 20 })).toEqual({ parent: String(eth0.id), bridge_type: "standard", bridge_stp: true, bridge_fd: 20 });
  });

  test("offers tagged VLANs of the fabric of what is chosen", () => {
    const vlans = [UNTAGGED, vlan(6, 100), vlan(7, 200, 2)];
    expect(taggedOf(vlans, eth0).map((found) => found.id)).toEqual([6]);
    const elsewhere = one("eth5", "physical", [], { vlan: vlan(8, 0, 2) });
    const form = vlanForm(machine([eth0, elsewhere]), vlans);
    expect(form.change(settled(form.fields ?? [], { parent: String(elsewhere.id), vlan: "6" }).values, {}).body).toEqual({ parent: String(elsewhere.id), vlan: "7" });
  });

  test("links to subnets, and moves the interface where the subnet is elsewhere", () => {
    const subnets = [subnet(1, "10.0.0.0/24"), subnet(2, "10.1.0.0/24", vlan(6, 100))] as unknown as Subnet[];
    const form = linkForm(machine(), eth0, subnets);
    expect(body(form, { subnet: "1", default_gateway: true })).toEqual({ mode: "AUTO", subnet: "1", default_gateway: true });
    expect(body(form, { mode: "STATIC", subnet: "2", ip_address: "10.1.0.9" })).toEqual({ mode: "STATIC", subnet: "2", ip_address: "10.1.0.9", force: true });
    expect(body(form, { mode: "LINK_UP" })).toEqual({ mode: "LINK_UP" });
    expect(body(form, { mode: "DHCP" })).toEqual({ mode: "DHCP" });
  });

  test("changes of an interface what its kind has, and of a deployed machine little", () => {
    const fields = (found: MachineInterface, status = "Ready") => {
      const form = editForm(machine(ALL, { status_name: status }), found, [UNTAGGED, vlan(6, 100)]);
      return settled(form.fields ?? [], form.initial ?? {}).fields.map((field) => field.name);
    };
    expect(fields(eth0)).toEqual(["name", "mac_address", "vlan", "enabled", "mtu", "accept_ra", "tags"]);
    expect(fields(tagged)).toEqual(["name", "vlan", "parent", "mtu", "accept_ra", "tags"]);
    expect(fields(br0)).toEqual(["name", "mac_address", "vlan", "parent", "bridge_type", "bridge_stp", "mtu", "accept_ra", "tags"]);
    expect(fields(bond0)).toContain("bond_mode");
    expect(fields(bond0, "Deployed")).toEqual(["name", "mac_address"]);
  });

  test("can be done or says why not", () => {
    const refusals = (found: MachineInterface, more: object = {}) => Object.fromEntries(choicesOf(machine(ALL, more), found).map((choice) => [choice.id, choice.refusal]));
    expect(refusals(bond0)).toEqual({ link: null, edit: null, disconnect: null, remove: null });
    expect(refusals(eth0)).toEqual({ link: "It is in bond0, which has the addresses.", edit: null, disconnect: "It is in bond0, which has the addresses.", remove: "It is in bond0." });
    const deployed = refusals(bond0, { status_name: "Deployed" });
    expect([deployed.edit, deployed.link]).toEqual([null, "Only while its status is New, Ready, Failed testing, Allocated or Broken: it is Deployed now."]);
    expect(nextName(ALL, "bond")).toBe("bond1");
  });

  test("is filled with what is set, which MAAS says nothing of by an empty text", () => {
    expect(paramsOf({ params: "" })).toEqual({});
    expect(paramsOf({ params: { bond_mode: "802.3ad", bond_miimon: 100, bridge_stp: false, other: "x", mtu: null } })).toEqual({ bond_mode: "802.3ad", bond_miimon: 100, bridge_stp: false });
  });
});

describe("a planned form", () => {
  const problem = (...pointers: (string | undefined)[]) => new Problem(400, "", "", pointers.map((pointer) => ({ message: `wrong ${pointer ?? ""}`, ...(pointer === undefined ? {} : { pointer }) })));
  const FIELDS = [{ name: "name", label: "Name" }, { name: "members", label: "Members", becomes: ["block_devices", "partitions"] }];

  test("has what is wrong at the field that became it", () => {
    expect(faultOf(FIELDS, "members", problem("/partitions/0"))).toBe("wrong /partitions/0");
    expect(faultOf(FIELDS, "name", problem("/partitions"))).toBeNull();
    expect(faultOf(FIELDS, "members", null)).toBeNull();
  });

  test("knows what no field says", () => {
    expect([problem("/name"), problem("/block_devices"), problem("/name", "/level"), problem(undefined), problem()].map((one) => isSaidBy(FIELDS, one))).toEqual([true, true, false, false, false]);
  });
});
