import { describe, expect, test } from "vitest";

import { both, hasValue, isPlain, quotedText, terms, toggled, valueTerm, without, wordAt } from "./filter";

describe("terms", () => {
  test.each([
    ["", []],
    ["  web  status:ready ", ["web", "status:ready"]],
    ['status:"failed testing" x', ['status:"failed testing"', "x"]],
    ["-(rack:r12 OR locked:yes) web", ["-(rack:r12 OR locked:yes)", "web"]],
    ['"a \\" b" c', ['"a \\" b"', "c"]],
  ])("%s", (text, expected) => expect(terms(text)).toEqual(expected));

  test("with OR between them none can be taken out", () => {
    expect(isPlain("a b")).toBe(true);
    expect(isPlain("a OR b")).toBe(false);
    expect(isPlain("(a OR b) c")).toBe(true);
  });

  test("one is taken out by its place", () => expect(without("a b a", 2)).toBe("a b"));
});

describe("texts that mean something are quoted", () => {
  test.each([
    ["web-01", "web-01"],
    ["52:54:00", '"52:54:00"'],
    ["-x", '"-x"'],
    ["OR", '"OR"'],
    ["a..b", '"a..b"'],
    ["10.0.0.17", "10.0.0.17"],
    ['a "b"', '"a \\"b\\""'],
    ["größe", "größe"],
  ])("%s", (text, expected) => expect(quotedText(text)).toBe(expected));

  test("no value at all is a term, too", () => expect(valueTerm("owner", null)).toBe("owner:!*"));
});

describe("a value is taken in and out", () => {
  test.each([
    ["", "status:ready"],
    ["web", "web status:ready"],
    ["status:deployed", "status:deployed,ready"],
    ["status:deployed,ready x", "status:deployed x"],
    ["x status:ready", "x"],
    ["a OR b", "(a OR b) status:ready"],
  ])("%s", (text, expected) => expect(toggled(text, "status", "ready")).toBe(expected));

  test("it is known whether it is in", () => {
    expect(hasValue("status:ready,deployed", "status", "deployed")).toBe(true);
    expect(hasValue("status:!deployed", "status", "deployed")).toBe(false);
    expect(hasValue('pool:"a b"', "pool", "a b")).toBe(true);
  });
});

test("two filters are meant both, whatever stands in them", () => {
  expect(both("", "a")).toBe("a");
  expect(both("a OR b", "c")).toBe("(a OR b) c");
  expect(both("a b", "c")).toBe("a b c");
});

describe("what stands at the caret", () => {
  test.each([
    ["st", 2, { field: null, begun: "st", start: 0 }],
    ["web status:re", 13, { field: "status", begun: "re", start: 11 }],
    ["status:ready,de", 15, { field: "status", begun: "de", start: 13 }],
    ["-tag:!gp", 8, { field: "tag", begun: "gp", start: 6 }],
    ["(po", 3, { field: null, begun: "po", start: 1 }],
    ["a ", 2, { field: null, begun: "", start: 2 }],
  ])("%s", (text, caret, expected) => expect(wordAt(text, caret)).toMatchObject(expected));
});
