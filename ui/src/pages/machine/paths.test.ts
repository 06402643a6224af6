/** The table of operations agrees with the API's document. */

import { readFileSync } from "node:fs";

import { expect, test } from "vitest";

import { layoutRefusal, mountRefusal, networkRefusal, restoreRefusal } from "./changeable";
import { LISTS, OPERATIONS, request } from "./paths";

interface Document {
  paths: Record<string, Record<string, unknown>>;
}

const { paths } = JSON.parse(readFileSync("../api/openapi.json", "utf8")) as Document;
const nameless = (path: string) => path.replace(/\{\w+\}/g, "{}");
const known = new Set(Object.entries(paths).flatMap(([path, methods]) => Object.keys(methods).map((method) => `${method.toUpperCase()} ${nameless(path)}`)));

test("each operation is in the API's document", () => {
  const wanted = [...Object.values(OPERATIONS), ...Object.values(LISTS).map((path) => ["GET", path] as const)];
  const missing = wanted.filter(([method, path]) => !known.has(`${method} /api/v1/machines/{}/${nameless(path)}`));
  expect(missing).toEqual([]);
});

test("paths are filled in, and only what is made or changed has a body", () => {
  const machine = { system_id: "abc" };
  expect(request(machine, "mount-partition", { device_id: 3, id: 7 }, { mount_point: "/" })).toEqual({ method: "POST", path: "/api/v1/machines/abc/blockdevices/3/partition/7/mount", body: { mount_point: "/" } });
  expect(request(machine, "delete-raid", { id: 9 })).toEqual({ method: "DELETE", path: "/api/v1/machines/abc/raid/9" });
  expect(request(machine, "restore-storage", {}).body).toEqual({});
});

test.each([
  ["New", [true, false, false, false]],
  ["Ready", [true, true, true, true]],
  ["Failed testing", [true, true, false, false]],
  ["Allocated", [true, false, false, true]],
  ["Broken", [true, false, false, false]],
  ["Deployed", [false, false, false, false]],
])("while its status is %s, its network can be changed and restored, its disks laid out and mounted: %j", (status_name, allowed) => {
  const machine = { status_name, locked: false };
  expect([networkRefusal, restoreRefusal, layoutRefusal, mountRefusal].map((refusal) => refusal(machine) === null)).toEqual(allowed);
  expect(networkRefusal({ status_name, locked: true })).toBe("It is locked: unlock it first.");
});
