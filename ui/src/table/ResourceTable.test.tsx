import { fireEvent, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, describe, expect, test, vi } from "vitest";

import { http, HttpResponse, ORIGIN, page, refusal, server } from "../testing/server";
import { show } from "../testing/show";
import type { Column } from "./columns";
import type { Chosen } from "./ResourceTable";
import { ResourceTable } from "./ResourceTable";
import { isBegun } from "./FilterBox";
import { entries } from "./Rows";

interface Zone {
  id: number;
  name: string;
  description: string;
  resource_uri: string;
}

const COLUMNS: Column<Zone>[] = [
  { id: "name", header: "Name", cell: (zone) => zone.name, text: (zone) => zone.name, sort: "name", width: "minmax(100px, 1fr)" },
  { id: "description", header: "Description", cell: (zone) => zone.description, text: (zone) => zone.description, width: "1fr" },
];

const zones = (from: number, to: number): Zone[] =>
  Array.from({ length: to - from }, (_, at) => ({ id: from + at, name: `zone-${from + at}`, description: "d", resource_uri: "" }));

const region = server();
const asked: URLSearchParams[] = [];

beforeEach(() => {
  asked.length = 0;
  region.use(
    http.get(`${ORIGIN}/api/v1/resources`, () =>
      HttpResponse.json([{ name: "zones", fields: [{ name: "name", aliases: [], kind: "text", doc: "Its name." }] }]),
    ),
    http.get(`${ORIGIN}/api/v1/zones`, ({ request }) => {
      const query = new URL(request.url).searchParams;
      if (query.get("limit") === "0") {
        return HttpResponse.json(page([], { total: 150, facets: { name: [{ value: "zone-1", count: 1 }, { value: null, count: 2 }] } }));
      }
      asked.push(query);
      if (query.get("filter")?.includes("bogus:") === true) {
        return refusal(400, "filter: …", { errors: [{ parameter: "filter", message: "There is no field bogus." }] });
      }
      const isSecond = query.get("page_token") === "t";
      return HttpResponse.json(isSecond ? page(zones(100, 150), { total: 150 }) : page(zones(0, 100), { total: 150, next: "t" }));
    }),
  );
});

function table(chosen: (chosen: Chosen) => void = () => undefined) {
  const bulk = (now: Chosen) => {
    chosen(now);
    return <button type="button">Act</button>;
  };
  return (
    <ResourceTable resource="zones" noun={["zone", "zones"]} columns={COLUMNS} defaultSort="name" facets={[{ field: "name", label: "Names", tone: () => "idle" }]} href={(zone) => `/zones/${zone.id}`} bulk={bulk} empty={<p>None yet</p>} />
  );
}

async function rowOf(name: string) {
  const row = (await screen.findByLabelText(`Select ${name}`)).closest<HTMLElement>("[role=row]");
  if (row === null) throw new Error(`${name} is in no row`);
  return row;
}

describe("a table", () => {
  test("asks for a page, in its order, and has only rows in sight", async () => {
    show(table());
    await rowOf("zone-0");
    expect(asked[0]?.get("sort")).toBe("name");
    expect(asked[0]?.get("limit")).toBe("100");
    expect(screen.getByRole("grid").getAttribute("aria-rowcount")).toBe("151");
    expect(screen.getAllByRole("row").length).toBeLessThan(60);
  });

  test("has its filter and its order in the address", async () => {
    const { router } = show(table(), "/?q=web&sort=-name");
    await rowOf("zone-0");
    expect(asked[0]?.get("filter")).toBe("web");
    expect(asked[0]?.get("sort")).toBe("-name");
    await userEvent.click(screen.getByRole("button", { name: "Name" }));
    await waitFor(() => expect(router.state.location.search).toBe("?q=web"));
  });

  test("says what is wrong with a filter beside it, and goes on when it is cleared", async () => {
    show(table());
    await rowOf("zone-0");
    await userEvent.type(screen.getByRole("combobox", { name: "Filter" }), "bogus:1");
    expect(await screen.findByText("There is no field bogus.")).toBeTruthy();
    expect(screen.getByRole("combobox", { name: "Filter" }).getAttribute("aria-invalid")).toBe("true");
    expect(screen.getByText("This filter cannot be read")).toBeTruthy();
    await userEvent.click(screen.getByRole("button", { name: "Clear the filter" }));
    expect(await rowOf("zone-0")).toBeTruthy();
  });

  test("takes values of a facet in and out", async () => {
    const { router } = show(table());
    const pill = await screen.findByRole("button", { name: /zone-1 1/ });
    await userEvent.click(pill);
    await waitFor(() => expect(router.state.location.search).toBe("?q=name%3Azone-1"));
    expect(pill.getAttribute("aria-pressed")).toBe("true");
    await userEvent.click(pill);
    await waitFor(() => expect(router.state.location.search).toBe(""));
  });

  test("suggests fields, then the values that there are", async () => {
    show(table());
    const box = screen.getByRole("combobox", { name: "Filter" });
    await userEvent.type(box, "na");
    await userEvent.click(await screen.findByRole("option", { name: /^name: ?Its name/ }));
    await userEvent.click(await screen.findByRole("option", { name: /zone-1/ }));
    expect((box as HTMLInputElement).value).toBe("name:zone-1 ");
  });

  test("is used by keys alone", async () => {
    const chosen = vi.fn();
    const { router } = show(table(chosen));
    await rowOf("zone-0");
    const grid = screen.getByRole("grid");
    grid.focus();
    const press = (key: string, more = {}) => fireEvent.keyDown(grid, { key, ...more });
    press("ArrowDown");
    press(" ");
    expect(chosen).toHaveBeenLastCalledWith(expect.objectContaining({ meant: { ids: ["0"] }, size: 1 }));
    press("ArrowDown");
    press("ArrowDown", { shiftKey: true });
    expect(chosen).toHaveBeenLastCalledWith(expect.objectContaining({ size: 3 }));
    press("a", { ctrlKey: true });
    expect(chosen).toHaveBeenLastCalledWith(expect.objectContaining({ meant: { filter: "id:*" }, size: 150 }));
    press("Escape");
    expect(screen.queryByRole("region", { name: "What is selected" })).toBeNull();
    press("Enter");
    await waitFor(() => expect(router.state.location.pathname).toBe("/zones/2"));
  });

  test("selects all that the filter means, but some", async () => {
    const chosen = vi.fn();
    show(table(chosen), "/?q=zone");
    const row = await rowOf("zone-0");
    await userEvent.click(within(row).getByRole("checkbox"));
    await userEvent.click(screen.getByRole("button", { name: "Select all 150" }));
    await userEvent.click(within(await rowOf("zone-0")).getByRole("checkbox"));
    expect(chosen).toHaveBeenLastCalledWith(expect.objectContaining({ meant: { filter: "zone id:!0" }, size: 149 }));
  });

  test("says what there is to do when there is nothing", async () => {
    region.use(http.get(`${ORIGIN}/api/v1/zones`, () => HttpResponse.json(page([]))));
    show(table());
    expect(await screen.findByText("None yet")).toBeTruthy();
  });

  test("shows what went wrong, with a way to try again", async () => {
    region.use(http.get(`${ORIGIN}/api/v1/zones`, () => refusal(403, "You may not see zones."), { once: false }));
    show(table());
    expect((await screen.findByRole("alert")).textContent).toContain("You may not see zones.");
  });
});

test("groups stand before their first row, and the last one may go on", () => {
  const groups = [
    { value: "a", count: 2 },
    { value: "none", count: 0 },
    { value: null, count: 5 },
  ];
  const all = entries(["r1", "r2", "r3"], groups, true);
  expect(all.map((entry) => (entry.kind === "group" ? `[${entry.group.value}]` : entry.kind === "row" ? entry.row : "…"))).toEqual(["[a]", "r1", "r2", "[null]", "r3", "…"]);
});

test.each([
  ["status:", true],
  ["status:ready,", true],
  ['"half', true],
  ["-", true],
  ["web-", false],
  ["status:ready", false],
  ["cpus:>", true],
])("a filter that is only begun is not asked for: %s", (text, expected) => expect(isBegun(text)).toBe(expected));
