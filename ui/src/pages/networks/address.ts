/** Addresses as numbers: to count, to compare and to cut prefixes into blocks. */

export interface Address {
  version: 4 | 6;
  value: bigint;
}

export interface Prefix {
  version: 4 | 6;
  /** The first address, and how many bits all of them share. */
  first: bigint;
  length: number;
}

export const bitsOf = (version: 4 | 6) => (version === 4 ? 32 : 128);

/** An address; null for what is none. */
export function parseAddress(text: string): Address | null {
  if (/^\d{1,3}(\.\d{1,3}){3}$/.test(text)) {
    const parts = text.split(".").map(Number);
    return parts.some((part) => part > 255) ? null : { version: 4, value: parts.reduce((sum, part) => sum * 256n + BigInt(part), 0n) };
  }
  if (!text.includes(":") || !/^[0-9a-f:.]+$/i.test(text)) return null;
  const embedded = /^(.*:)(\d{1,3}(?:\.\d{1,3}){3})$/.exec(text);
  if (embedded !== null) {
    const low = parseAddress(embedded[2] ?? "");
    if (low === null) return null;
    return parseAddress(`${embedded[1]}${(low.value >> 16n).toString(16)}:${(low.value & 0xffffn).toString(16)}`);
  }
  const halves = text.split("::");
  if (halves.length > 2) return null;
  const groups = (half: string | undefined) => (half === undefined || half === "" ? [] : half.split(":"));
  const [head, tail] = [groups(halves[0]), groups(halves[1])];
  const gap = 8 - head.length - tail.length;
  if (halves.length === 2 ? gap < 1 : gap !== 0) return null;
  const all = [...head, ...Array<string>(Math.max(0, gap)).fill("0"), ...tail];
  if (all.some((group) => !/^[0-9a-f]{1,4}$/i.test(group))) return null;
  return { version: 6, value: all.reduce((sum, group) => sum * 65_536n + BigInt(`0x${group}`), 0n) };
}

/** An address as it is written: of IPv6 as RFC 5952 has it. */
export function written({ version, value }: Address): string {
  if (version === 4) return [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 255n).join(".");
  const groups = Array.from({ length: 8 }, (_, at) => Number((value >> BigInt(112 - 16 * at)) & 0xffffn));
  let best = { at: -1, length: 1 };
  for (let at = 0; at < 8; at += 1) {
    let length = 0;
    while (at + length < 8 && groups[at + length] === 0) length += 1;
    if (length > best.length) best = { at, length };
  }
  const hex = (of: number[]) => of.map((group) => group.toString(16)).join(":");
  return best.at === -1 ? hex(groups) : `${hex(groups.slice(0, best.at))}::${hex(groups.slice(best.at + best.length))}`;
}

/** A prefix, `10.0.0.0/24`; null for what is none. */
export function parsePrefix(text: string): Prefix | null {
  const [base, length] = text.split("/");
  const address = parseAddress(base ?? "");
  if (address === null || length === undefined || !/^\d{1,3}$/.test(length)) return null;
  const bits = bitsOf(address.version);
  if (Number(length) > bits) return null;
  const host = BigInt(bits - Number(length));
  return { version: address.version, first: (address.value >> host) << host, length: Number(length) };
}

export const sizeOf = ({ version, length }: Prefix) => 1n << BigInt(bitsOf(version) - length);
export const lastOf = (prefix: Prefix) => prefix.first + sizeOf(prefix) - 1n;
export const writtenPrefix = ({ version, first, length }: Prefix) => `${written({ version, value: first })}/${length}`;

export function contains(prefix: Prefix, address: Address): boolean {
  return prefix.version === address.version && address.value >= prefix.first && address.value <= lastOf(prefix);
}

/** How many addresses there are from one to another, both counted; none when they cannot be read. */
export function countOf(start: string, end: string): bigint {
  const [first, last] = [parseAddress(start), parseAddress(end)];
  return first === null || last === null || last.value < first.value ? 0n : last.value - first.value + 1n;
}

/** The ranges that share an address with one from `start` to `end`; none when that cannot be read. */
export function meeting<R extends { start_ip: string; end_ip: string }>(ranges: readonly R[], start: string, end: string): R[] {
  if (countOf(start, end) === 0n) return [];
  return ranges.filter((range) => byAddress(range.start_ip, end) <= 0 && byAddress(start, range.end_ip) <= 0);
}

/** A number of addresses as people say it: exactly while that is of use, then as a power of two. */
export function spoken(count: bigint): string {
  if (count < 10_000_000n) return count.toLocaleString("en");
  const below = count.toString(2).length - 1;
  if (count === 1n << BigInt(below)) return `2^${below}`;
  return `about 2^${count >= 3n << BigInt(below - 1) ? below + 1 : below}`;
}

/** An order of addresses: IPv4 first, then by number. */
export function byAddress(one: string, other: string): number {
  const [a, b] = [parseAddress(one.split("/")[0] ?? ""), parseAddress(other.split("/")[0] ?? "")];
  if (a === null || b === null) return one.localeCompare(other);
  return a.version - b.version || (a.value < b.value ? -1 : a.value > b.value ? 1 : 0);
}
