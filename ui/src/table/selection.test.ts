import { describe, expect, test } from "vitest";

import { ALL, filterOf, isSelected, meant, NONE, set, sizeOf } from "./selection";

describe("some", () => {
  const some = set(NONE, ["a", "b"], true);

  test("are named by their keys", () => {
    expect(isSelected(some, "a")).toBe(true);
    expect(sizeOf(some, 10_000)).toBe(2);
    expect(meant(some, "web", "system_id")).toEqual({ ids: ["a", "b"] });
    expect(filterOf(set(some, ["x y"], true), "", "id")).toBe('id:a,b,"x y"');
  });

  test("are as before when they are turned on and off", () => expect(set(set(NONE, ["a"], true), ["a"], false)).toEqual(NONE));
});

describe("all", () => {
  const but = set(ALL, ["b"], false);

  test("are the filter, and not ten thousand keys", () => {
    expect(meant(ALL, "pool:lab", "system_id")).toEqual({ filter: "pool:lab" });
    expect(meant(ALL, " ", "system_id")).toEqual({ filter: "system_id:*" });
  });

  test("but some are the filter without their keys", () => {
    expect(isSelected(but, "a")).toBe(true);
    expect(isSelected(but, "b")).toBe(false);
    expect(sizeOf(but, 10)).toBe(9);
    expect(meant(but, "a OR b", "system_id")).toEqual({ filter: "(a OR b) system_id:!b" });
  });
});
