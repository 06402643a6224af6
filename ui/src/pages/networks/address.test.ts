import { describe, expect, test } from "vitest";

import { byAddress, contains, countOf, parseAddress, parsePrefix, sizeOf, spoken, written, writtenPrefix } from "./address";

const again = (text: string) => {
  const address = parseAddress(text);
  return address === null ? null : written(address);
};

describe("addresses", () => {
  test("are read and written as RFC 5952 has them", () => {
    const same = ["10.20.0.17", "0.0.0.0", "255.255.255.255", "::", "::1", "fd00:20::1", "2001:db8::1:0:0:1", "1:2:3:4:5:6:7:8", "1:0:2:3:4:5:6:7"];
    expect(same.map(again)).toEqual(same);
    expect(again("2001:DB8:0:0:0:0:0:0")).toBe("2001:db8::");
    expect(again("::ffff:10.0.0.1")).toBe("::ffff:a00:1");
  });

  test("that are none are none", () => {
    for (const wrong of ["", "10.0.0", "10.0.0.256", "a.b.c.d", "1::2::3", "1:2:3", "12345::", "10.0.0.1/24", "::ffff:10.0.0.256"]) expect(parseAddress(wrong)).toBeNull();
    for (const wrong of ["10.0.0.0", "10.0.0.0/33", "10.0.0.0/x", "x/8", "::/129"]) expect(parsePrefix(wrong)).toBeNull();
  });

  test("of a prefix are counted and found", () => {
    const prefix = parsePrefix("10.20.0.17/24");
    if (prefix === null) throw new Error("no prefix");
    expect(writtenPrefix(prefix)).toBe("10.20.0.0/24");
    expect(sizeOf(prefix)).toBe(256n);
    const isIn = (ip: string) => contains(prefix, parseAddress(ip) ?? { version: 6, value: 0n });
    expect([isIn("10.20.0.0"), isIn("10.20.0.255"), isIn("10.20.1.0"), isIn("::a14:1")]).toEqual([true, true, false, false]);
    expect(countOf("fd00::", "fd00::ffff:ffff:ffff:ffff")).toBe(2n ** 64n);
    expect(countOf("10.0.0.2", "10.0.0.1")).toBe(0n);
  });

  test("are said in numbers that people read", () => {
    expect([0n, 1n, 65_534n, 2n ** 64n, 2n ** 64n - 4098n, 2n ** 64n + 1n].map(spoken)).toEqual(["0", "1", "65,534", "2^64", "about 2^64", "about 2^64"]);
  });

  test("have an order: IPv4 first, then by number", () => {
    expect(["fd00::1", "10.0.0.10", "10.0.0.9/24", "odd"].sort(byAddress)).toEqual(["10.0.0.9/24", "10.0.0.10", "fd00::1", "odd"]);
  });
});
