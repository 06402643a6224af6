import { describe, expect, test } from "vitest";

import { parsePrefix, writtenPrefix } from "./address";
import type { Prefix } from "./address";
import type { Known } from "./map";
import { cellsOf, opened, partsOf, placesOf, spansOf, totals } from "./map";

const NOTHING: Known = { ranges: [], addresses: [], reserved: [], leases: [], observed: [] };

const range = (start: string, end: string, ...purpose: string[]) => ({ start, end, purpose, num_addresses: 0 });

function prefix(text: string): Prefix {
  const found = parsePrefix(text);
  if (found === null) throw new Error(text);
  return found;
}

/** A /24 with one of everything. */
const KNOWN: Known = {
  ranges: [
    range("10.20.0.1", "10.20.0.1", "gateway-ip"),
    range("10.20.0.2", "10.20.0.49", "unused"),
    range("10.20.0.50", "10.20.0.50", "assigned-ip"),
    range("10.20.0.51", "10.20.0.99", "unused"),
    range("10.20.0.100", "10.20.0.199", "dynamic"),
    range("10.20.0.200", "10.20.0.254", "unused"),
  ],
  addresses: [
    { ip: "10.20.0.21", alloc_type: 0, node_summary: { system_id: "abc", hostname: "web-01", fqdn: "web-01.maas", node_type: 0, via: "eth0" } },
    { ip: "10.20.0.50", alloc_type: 4, user: "anna" },
    { ip: "10.20.0.101", alloc_type: 6 },
  ],
  reserved: [{ ip: "10.20.0.50", mac_address: "52:54:00:aa:00:50", comment: "printer" }],
  leases: [
    { ip: "10.20.0.101", client: "52:54:00:00:00:01", name: "laptop", state: "active" },
    { ip: "10.20.0.102", client: "52:54:00:00:00:02", name: null, state: "kept" },
  ],
  observed: [
    { ip: "10.20.0.101", mac_address: "52:54:00:00:00:01" },
    { ip: "10.20.0.77", mac_address: "00:16:3e:11:22:33", mac_organization: "Xensource, Inc." },
    { ip: "10.20.0.50", mac_address: "00:16:3e:00:00:99" },
  ],
};

describe("what each address is used for", () => {
  test("is put together from all that is known, and a stranger is seen", () => {
    const places = placesOf(KNOWN);
    expect(places.get("10.20.0.21")).toMatchObject({ use: "static", who: "web-01.maas (eth0)", to: "/machines/abc" });
    expect(places.get("10.20.0.101")).toMatchObject({ use: "leased", who: "laptop, 52:54:00:00:00:01" });
    expect(places.has("10.20.0.102")).toBe(false);
    expect(places.get("10.20.0.77")).toMatchObject({ use: "observed", who: "seen: 00:16:3e:11:22:33, Xensource, Inc." });
    expect(places.get("10.20.0.50")?.who).toBe("seen: 00:16:3e:00:00:99, but it belongs to kept for 52:54:00:aa:00:50, printer");
  });

  test("covers the subnet without a gap or a double", () => {
    const spans = spansOf(prefix("10.20.0.0/24"), KNOWN);
    for (const [at, span] of spans.entries()) if (at > 0) expect(span.start).toBe((spans[at - 1]?.end ?? 0n) + 1n);
    expect(totals(spans)).toEqual({ observed: 2n, static: 1n, leased: 1n, reserved: 1n, dynamic: 99n, free: 150n });
  });
});

describe("cells", () => {
  test("of a /24 are its addresses, and its edges are nobody's", () => {
    const cells = cellsOf(prefix("10.20.0.0/24"), spansOf(prefix("10.20.0.0/24"), KNOWN));
    expect(cells).toHaveLength(256);
    expect(cells[0]).toMatchObject({ label: "10.20.0.0", use: "none", who: "the network itself" });
    expect(cells[1]).toMatchObject({ use: "reserved", who: "gateway", share: 1 });
    expect(cells[101]).toMatchObject({ label: "10.20.0.101", use: "leased" });
    expect(cells[255]).toMatchObject({ use: "none", who: "broadcast" });
  });

  test("of a larger one are blocks, each with what is in it and a way into it", () => {
    const whole = prefix("10.30.0.0/20");
    const known = { ...NOTHING, ranges: [range("10.30.0.1", "10.30.0.7", "unused"), range("10.30.0.8", "10.30.0.15", "dynamic"), range("10.30.0.16", "10.30.15.254", "unused")] };
    const cells = cellsOf(whole, spansOf(whole, known));
    expect(cells).toHaveLength(256);
    expect(cells[0]).toMatchObject({ label: "10.30.0.0/28", size: 16n, use: "dynamic", share: 0.5, who: "8 dynamic, 7 free" });
    expect(cells[1]).toMatchObject({ label: "10.30.0.16/28", use: "free", share: 0 });
    const [, , cell] = cells;
    if (cell === undefined) throw new Error("no cell");
    expect(writtenPrefix(opened(whole, cell))).toBe("10.30.0.0/24");
    const huge = cellsOf(prefix("10.0.0.0/8"), [])[3];
    if (huge === undefined) throw new Error("no cell");
    expect(writtenPrefix(opened(prefix("10.0.0.0/8"), huge))).toBe("10.3.0.0/16");
  });

  test("of a small one are few", () => {
    expect(cellsOf(prefix("10.0.0.0/31"), []).map((cell) => cell.label)).toEqual(["10.0.0.0", "10.0.0.1"]);
  });
});

test("a prefix that is too large is told by what is used of it", () => {
  const known: Known = {
    ...NOTHING,
    ranges: [range("fd00::1", "fd00::1", "gateway-ip"), range("fd00::2", "fd00::fff", "unused"), range("fd00::1000", "fd00::1fff", "dynamic")],
    leases: [{ ip: "fd00::1001", client: "52:54:00:00:00:01", state: "active" }],
  };
  const parts = partsOf(prefix("fd00::/64"), known);
  expect(parts.map((part) => [part.start, part.count, part.purposes, part.parts.leased])).toEqual([
    ["fd00::1", 1n, "gateway", 0n],
    ["fd00::1000", 4096n, "dynamic range", 1n],
  ]);
});
