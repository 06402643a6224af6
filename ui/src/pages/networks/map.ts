/** What each address of a subnet is used for, put together from all that the API knows of it. */

import type { Prefix } from "./address";
import { bitsOf, byAddress, countOf, parseAddress, parsePrefix, sizeOf, written, writtenPrefix } from "./address";

/** Uses, the strongest first: of a block with several the strongest is what it shows, of an address with several, too. */
export const USES = ["observed", "static", "leased", "reserved", "dynamic", "free"] as const;
export type UseName = (typeof USES)[number];

export const USE_WORDS: Record<UseName, { label: string; text: string }> = {
  observed: { label: "Observed", text: "somebody answers there who was not given it" },
  static: { label: "Static", text: "a machine, a device or a user has it" },
  leased: { label: "Leased", text: "a client of DHCP has it now" },
  reserved: { label: "Reserved", text: "gateway, DNS server, reserved range, or kept for a client" },
  dynamic: { label: "Dynamic", text: "DHCP gives it to whoever asks" },
  free: { label: "Free", text: "nobody has it" },
};

/** Consecutive addresses of the statistics. */
export interface UsedRange {
  start: string;
  end: string;
  num_addresses: number;
  purpose: string[];
}

/** An address that somebody has. */
export interface UsedAddress {
  ip: string;
  alloc_type: number;
  user?: string;
  node_summary?: { system_id: string; hostname: string; fqdn?: string; node_type: number; via?: string };
}

/** All that is known. */
export interface Known {
  ranges: readonly UsedRange[];
  addresses: readonly UsedAddress[];
  reserved: readonly { ip: string; mac_address: string; comment?: string | null }[];
  leases: readonly { ip: string; client: string; name?: string | null; state: string }[];
  observed: readonly { ip?: string | null; mac_address?: string | null; hostname?: string | null; mac_organization?: string | null }[];
}

/** One address that is more than a number in a range. */
interface Place {
  ip: string;
  use: UseName;
  /** Who has it, and what for. */
  who: string;
  /** The page of who has it. */
  to?: string | undefined;
}

/** Some addresses with the same use. */
export interface Span {
  start: bigint;
  end: bigint;
  use: UseName;
  who: string;
  to?: string | undefined;
}

/** MAAS's numbers of how an address was given. */
const DISCOVERED = 6;
const DEVICE = 1;
const MACHINE = 0;

/** The addresses of which something is known by themselves, each once. */
export function placesOf(known: Known): Map<string, Place> {
  const places = new Map<string, Place>();
  const macs = new Map<string, string>();
  for (const { ip, mac_address, comment } of known.reserved) {
    macs.set(ip, mac_address.toLowerCase());
    places.set(ip, { ip, use: "reserved", who: [`kept for ${mac_address}`, comment ?? ""].filter((text) => text !== "").join(", ") });
  }
  for (const address of known.addresses) {
    if (address.alloc_type === DISCOVERED) continue;
    const node = address.node_summary;
    if (node === undefined && places.get(address.ip)?.use === "reserved") continue;
    const via = node?.via === undefined ? "" : ` (${node.via})`;
    const who = node === undefined ? `reserved by ${address.user ?? "a user"}` : `${node.fqdn ?? node.hostname}${via}`;
    places.set(address.ip, { ip: address.ip, use: "static", who, to: node === undefined ? undefined : pageOf(node) });
  }
  for (const lease of known.leases) {
    if (lease.state !== "active") continue;
    macs.set(lease.ip, lease.client.toLowerCase());
    const before = places.get(lease.ip);
    const who = lease.name === null || lease.name === undefined || lease.name === "" ? lease.client : `${lease.name}, ${lease.client}`;
    if (before === undefined || before.use === "reserved") places.set(lease.ip, { ip: lease.ip, use: "leased", who: before === undefined ? who : `${who}; ${before.who}` });
  }
  for (const seen of known.observed) {
    const ip = seen.ip ?? "";
    const mac = seen.mac_address?.toLowerCase();
    if (ip === "") continue;
    const isTheirs = places.has(ip) && (mac === undefined || macs.get(ip) === undefined || macs.get(ip) === mac);
    if (isTheirs) continue;
    const who = [seen.hostname, seen.mac_address, seen.mac_organization].filter((text) => typeof text === "string" && text !== "").join(", ");
    const other = places.get(ip);
    places.set(ip, { ip, use: "observed", who: other === undefined ? `seen: ${who}` : `seen: ${who}, but it belongs to ${other.who}` });
  }
  return places;
}

function pageOf(node: { system_id: string; node_type: number }): string | undefined {
  return node.node_type === MACHINE ? `/machines/${node.system_id}` : node.node_type === DEVICE ? `/devices/${node.system_id}` : undefined;
}

const PURPOSES: Record<string, string> = { "gateway-ip": "gateway", "dns-server": "DNS server", reserved: "reserved range", dynamic: "dynamic range" };

function purposeUse(purposes: readonly string[]): UseName {
  if (purposes.includes("gateway-ip") || purposes.includes("dns-server") || purposes.includes("reserved")) return "reserved";
  if (purposes.includes("dynamic")) return "dynamic";
  return purposes.includes("assigned-ip") ? "static" : "free";
}

/** The subnet from its first address to its last, without a gap. */
export function spansOf(prefix: Prefix, known: Known): Span[] {
  const places = [...placesOf(known).values()].sort((one, other) => byAddress(one.ip, other.ip));
  const numbers = places.map((place) => ({ place, at: parseAddress(place.ip)?.value ?? -1n }));
  const spans: Span[] = [];
  let next = 0;
  for (const range of [...known.ranges].sort((one, other) => byAddress(one.start, other.start))) {
    const [start, end] = [parseAddress(range.start), parseAddress(range.end)];
    if (start === null || end === null || start.version !== prefix.version) continue;
    const use = purposeUse(range.purpose);
    const who = range.purpose.map((purpose) => PURPOSES[purpose] ?? "").filter((text) => text !== "").join(", ");
    let from = start.value;
    while (next < numbers.length && (numbers[next]?.at ?? 0n) < from) next += 1;
    for (let found = numbers[next]; found !== undefined && found.at <= end.value; found = numbers[next]) {
      if (found.at > from) spans.push({ start: from, end: found.at - 1n, use, who });
      const both = [found.place.who, who].filter((text) => text !== "").join("; ");
      spans.push({ start: found.at, end: found.at, use: found.place.use, who: both, to: found.place.to });
      from = found.at + 1n;
      next += 1;
    }
    if (from <= end.value) spans.push({ start: from, end: end.value, use, who });
  }
  return spans;
}

/** How many addresses have each use. */
export function totals(spans: readonly Span[]): Record<UseName, bigint> {
  const all = Object.fromEntries(USES.map((use) => [use, 0n])) as Record<UseName, bigint>;
  for (const span of spans) all[span.use] += span.end - span.start + 1n;
  return all;
}

/** A cell of the map: an address, or a block of them. */
export interface Cell {
  first: bigint;
  size: bigint;
  label: string;
  /** What it shows: of several uses the strongest that is not free; `none` where no host can be. */
  use: UseName | "none";
  /** How much of it is used, from 0 to 1. */
  share: number;
  who: string;
  to?: string | undefined;
  parts: Record<UseName, bigint>;
}

/** How many cells a map has at most. */
const CELLS = 256n;

/** A prefix as at most 256 cells. */
export function cellsOf(shown: Prefix, spans: readonly Span[]): Cell[] {
  const size = sizeOf(shown);
  const step = size > CELLS ? size / CELLS : 1n;
  const cells: Cell[] = [];
  let at = 0;
  for (let first = shown.first; first < shown.first + size; first += step) {
    const last = first + step - 1n;
    while (at < spans.length && (spans[at]?.end ?? 0n) < first) at += 1;
    const inside: Span[] = [];
    for (let place = at; place < spans.length && (spans[place]?.start ?? 0n) <= last; place += 1) {
      const span = spans[place];
      if (span !== undefined) inside.push({ ...span, start: span.start > first ? span.start : first, end: span.end < last ? span.end : last });
    }
    cells.push(cellOf(shown, first, step, inside));
  }
  return cells;
}

function cellOf(shown: Prefix, first: bigint, size: bigint, inside: readonly Span[]): Cell {
  const parts = totals(inside);
  const use = USES.find((name) => parts[name] > 0n) ?? "none";
  const used = USES.reduce((sum, name) => (name === "free" ? sum : sum + parts[name]), 0n);
  const address = written({ version: shown.version, value: first });
  if (size > 1n) {
    const length = shown.length + (bitsOf(shown.version) - shown.length - (size.toString(2).length - 1));
    return { first, size, label: writtenPrefix({ version: shown.version, first, length }), use, share: Number((used * 1000n) / size) / 1000, who: mix(parts), parts };
  }
  const edge = edgeOf(shown, first);
  const [only] = inside;
  return { first, size, label: address, use, share: used > 0n ? 1 : 0, who: only?.who ?? edge, to: only?.to, parts };
}

/** What the first and the last address of an IPv4 network are: nobody can have them. */
function edgeOf(shown: Prefix, at: bigint): string {
  if (shown.version === 6) return "";
  return at === shown.first ? "the network itself" : at === shown.first + sizeOf(shown) - 1n ? "broadcast" : "";
}

/** What is in a block, in words. */
export function mix(parts: Record<UseName, bigint>): string {
  return USES.filter((use) => parts[use] > 0n).map((use) => `${parts[use].toLocaleString("en")} ${USE_WORDS[use].label.toLowerCase()}`).join(", ");
}

/** The part of a subnet that a block stands for when it is opened: a /24 where that is larger. */
export function opened(shown: Prefix, cell: Cell): Prefix {
  const bits = bitsOf(shown.version);
  const length = bits - (cell.size.toString(2).length - 1);
  const wanted = Math.min(length, bits - 8);
  const prefix = parsePrefix(`${written({ version: shown.version, value: cell.first })}/${Math.max(wanted, shown.length)}`);
  return prefix ?? shown;
}

/** Of a subnet that is too large for a map: what is used of it, and how much of each part. */
export interface Part {
  start: string;
  end: string;
  count: bigint;
  purposes: string;
  parts: Record<UseName, bigint>;
}

export function partsOf(prefix: Prefix, known: Known): Part[] {
  const spans = spansOf(prefix, known);
  return known.ranges
    .filter((range) => !range.purpose.includes("unused"))
    .map((range) => {
      const [start, end] = [parseAddress(range.start)?.value ?? 0n, parseAddress(range.end)?.value ?? 0n];
      const inside = spans.filter((span) => span.start >= start && span.end <= end);
      const purposes = range.purpose.map((purpose) => PURPOSES[purpose] ?? "assigned").join(", ");
      return { start: range.start, end: range.end, count: countOf(range.start, range.end), purposes, parts: totals(inside) };
    });
}
