import { expect, test } from "vitest";

import type { Column } from "./columns";
import { visible } from "./columns";
import { csv } from "./export";
import { sortedBy } from "./state";

const COLUMNS: Column<{ name: string; size: number }>[] = [
  { id: "name", header: "Name", cell: (row) => row.name, text: (row) => row.name, width: "1fr" },
  { id: "size", header: "Size", cell: (row) => row.size, text: (row) => row.size, width: "1fr", isHidden: true },
];

test("a file for spreadsheets has no formulas and no broken lines", () => {
  const rows = [
    { name: 'a "b", c', size: -1 },
    { name: "=1+1", size: 2 },
  ];
  expect(csv(COLUMNS, rows)).toBe('Name,Size\r\n"a ""b"", c",-1\r\n\'=1+1,2\r\n');
});

test("hidden columns are shown when they are chosen, and the first always", () => {
  expect(visible(COLUMNS, null).map((column) => column.id)).toEqual(["name"]);
  expect(visible(COLUMNS, ["size"]).map((column) => column.id)).toEqual(["name", "size"]);
});

test("clicks at a column go up, down, and back to the usual order", () => {
  expect(sortedBy("name", "size", "name")).toBe("size");
  expect(sortedBy("size", "size", "name")).toBe("-size");
  expect(sortedBy("-size", "size", "name")).toBe("name");
  expect(sortedBy("-name", "name", "name")).toBe("name");
});
