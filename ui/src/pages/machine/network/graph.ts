/** Interfaces as a picture: hardware at the bottom, what is made of it above, the subnets that they are linked to at the top. */

import type { Kind, Stacked } from "./stack";
import { kindOf, kindWords, tree } from "./stack";

/** What of an interface is drawn. */
export interface Drawn extends Stacked {
  enabled: boolean;
  links: readonly { mode: string; ip_address?: string | null; subnet?: { id: number; cidr: string; name: string } | null }[];
  vlan?: { vid: number } | null;
  /** Whether it is not there yet. */
  isNew?: boolean;
}

export interface Node {
  key: string;
  kind: Kind | "subnet";
  name: string;
  /** What stands below the name. */
  detail: string;
  x: number;
  y: number;
  isNew: boolean;
  isOff: boolean;
}

export type Point = readonly [x: number, y: number];

/** A line from the upper side of a node to the lower side of one above it, past the nodes in between. */
export interface Line {
  key: string;
  kind: "made" | "link";
  /** Where it begins, where it enters and leaves each level that it passes, and where it ends. */
  points: readonly Point[];
  isNew: boolean;
}

export interface Graph {
  nodes: Node[];
  lines: Line[];
  width: number;
  height: number;
}

export const NODE = { width: 140, height: 44 };
const GAP = { x: 20, y: 38 };
const EDGE = 2;

const MODES: Record<string, string> = { auto: "assigned", static: "fixed", dhcp: "DHCP", link_up: "no address" };

interface Unplaced extends Omit<Node, "x" | "y"> {
  level: number;
  /** The keys of those below it. */
  on: string[];
}

export function graphOf(interfaces: readonly Drawn[]): Graph {
  const levels = levelsOf(interfaces);
  // Hardware in the order of the tree, so that what is bonded stands together.
  const ordered = tree(interfaces).map(({ found }) => found);
  const nodes: Unplaced[] = ordered.map((found) => ({
    key: `interface:${found.id}`,
    kind: kindOf(found),
    name: found.name,
    detail: detailOf(found),
    isNew: found.isNew === true,
    isOff: !found.enabled,
    level: levels.get(found.id) ?? 0,
    on: interfaces.filter((other) => found.parents.includes(other.name)).map((other) => `interface:${other.id}`),
  }));
  const top = Math.max(0, ...nodes.map((node) => node.level)) + 1;
  return placed([...nodes, ...subnetsOf(ordered, top)]);
}

/** How many are below each at most. */
export function levelsOf(all: readonly Stacked[]): Map<number, number> {
  const levels = new Map<number, number>();
  const level = (found: Stacked, behind: readonly number[]): number => {
    const known = levels.get(found.id);
    if (known !== undefined) return known;
    const parents = behind.includes(found.id) ? [] : all.filter((other) => found.parents.includes(other.name));
    const of = parents.reduce((most, parent) => Math.max(most, 1 + level(parent, [...behind, found.id])), 0);
    levels.set(found.id, of);
    return of;
  };
  for (const found of all) level(found, []);
  return levels;
}

function detailOf(found: Drawn): string {
  const kind = kindWords(kindOf(found));
  const tag = kindOf(found) === "vlan" && found.vlan !== null && found.vlan !== undefined ? `VLAN ${found.vlan.vid}` : kind;
  const [first, ...more] = found.links.filter((link) => link.subnet !== null && link.subnet !== undefined).map((link) => link.ip_address ?? MODES[link.mode] ?? link.mode);
  if (!found.enabled) return `${tag}, disabled`;
  return first === undefined ? tag : `${first}${more.length === 0 ? "" : ` +${more.length}`}`;
}

function subnetsOf(interfaces: readonly Drawn[], level: number): Unplaced[] {
  const found = new Map<number, Unplaced>();
  for (const one of interfaces) {
    for (const { subnet } of one.links) {
      if (subnet === null || subnet === undefined) continue;
      const node = found.get(subnet.id) ?? { key: `subnet:${subnet.id}`, kind: "subnet", name: subnet.cidr, detail: subnet.name === subnet.cidr || subnet.name === "" ? "Subnet" : subnet.name, isNew: false, isOff: false, level, on: [] };
      if (!node.on.includes(`interface:${one.id}`)) node.on.push(`interface:${one.id}`);
      found.set(subnet.id, node);
    }
  }
  return [...found.values()];
}

/** What takes room on a level: a node, or a line that passes. */
interface Slot {
  key: string;
  level: number;
  width: number;
  on: string[];
}

/** A line with the keys of all that it passes, from the lower node to the upper one. */
interface Way {
  node: Unplaced;
  keys: string[];
}

/** Gives each node its place: above the middle of those that it stands on, and beside its neighbors. */
function placed(unplaced: readonly Unplaced[]): Graph {
  const { slots, ways } = slotsOf(unplaced);
  const centers = centersOf(slots);
  const count = Math.max(-1, ...unplaced.map((node) => node.level)) + 1;
  const y = (level: number) => EDGE + (count - 1 - level) * (NODE.height + GAP.y);
  const center = (key: string) => centers.get(key) ?? 0;
  const nodes = unplaced.map(({ key, kind, name, detail, isNew, isOff, level }): Node => ({ key, kind, name, detail, isNew, isOff, x: center(key) - NODE.width / 2, y: y(level) }));
  const isNew = new Set(nodes.filter((node) => node.isNew).map((node) => node.key));
  const levels = new Map(slots.map((slot) => [slot.key, slot.level]));
  const lines = ways.map(({ node, keys }): Line => {
    const points = keys.flatMap((key, at): Point[] => {
      const upper = y(levels.get(key) ?? 0);
      const [enter, leave]: Point[] = [[center(key), upper + NODE.height], [center(key), upper]];
      return [...(at === 0 || enter === undefined ? [] : [enter]), ...(at === keys.length - 1 || leave === undefined ? [] : [leave])];
    });
    return { key: keys.join(" "), kind: node.kind === "subnet" ? "link" : "made", points, isNew: keys.some((key) => isNew.has(key)) };
  });
  return { nodes, lines, width: Math.max(0, ...slots.map((slot) => center(slot.key) + slot.width / 2)) + EDGE, height: count === 0 ? 0 : y(0) + NODE.height + EDGE };
}

/** All that takes room: where a line passes a level, nothing else is. */
function slotsOf(nodes: readonly Unplaced[]): { slots: Slot[]; ways: Way[] } {
  const levels = new Map(nodes.map((node) => [node.key, node.level]));
  const passing: Slot[] = [];
  const ways: Way[] = [];
  const slots = nodes.map((node): Slot => {
    const on = node.on.filter((key) => levels.has(key)).map((key) => {
      const keys = [key];
      for (let level = (levels.get(key) ?? 0) + 1; level < node.level; level += 1) {
        const slot = { key: `${key} ${node.key} ${level}`, level, width: 0, on: [keys.at(-1) ?? key] };
        passing.push(slot);
        keys.push(slot.key);
      }
      ways.push({ node, keys: [...keys, node.key] });
      return keys.at(-1) ?? key;
    });
    return { key: node.key, level: node.level, width: NODE.width, on };
  });
  return { slots: [...slots, ...passing], ways };
}

function centersOf(slots: readonly Slot[]): Map<string, number> {
  const centers = new Map<string, number>();
  for (let level = 0; slots.some((slot) => slot.level === level); level += 1) {
    const here = slots.filter((slot) => slot.level === level).map((slot, at) => ({ slot, wanted: middle(slot.on.flatMap((key) => centers.get(key) ?? [])) ?? at * (NODE.width + GAP.x) }));
    if (level > 0) here.sort((one, other) => one.wanted - other.wanted);
    let free = EDGE;
    for (const { slot, wanted } of here) {
      const center = Math.max(free + slot.width / 2, wanted);
      centers.set(slot.key, center);
      free = center + slot.width / 2 + GAP.x;
    }
  }
  return centers;
}

function middle(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** The picture in words. */
export function told(interfaces: readonly Drawn[]): string {
  const sentences = tree(interfaces).map(({ found }) => {
    const on = found.parents.length === 0 ? "" : ` on ${found.parents.join(", ")}`;
    const subnets = found.links.flatMap(({ subnet }) => (subnet === null || subnet === undefined ? [] : [subnet.cidr]));
    return `${kindWords(kindOf(found))} ${found.name}${on}${subnets.length === 0 ? "" : ` in ${subnets.join(", ")}`}.`;
  });
  return sentences.join(" ");
}
