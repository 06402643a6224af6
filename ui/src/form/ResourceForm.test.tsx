import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, describe, expect, test, vi } from "vitest";

import { http, HttpResponse, ORIGIN, refusal, server } from "../testing/server";
import { show } from "../testing/show";
import type { Field } from "./Fields";
import { filled, missing } from "./Fields";
import { ResourceForm } from "./ResourceForm";

const FIELDS: Field[] = [
  { name: "name", label: "Name", isNeeded: true },
  { name: "description", label: "Description", help: "For people." },
  { name: "mtu", label: "MTU", kind: "number" },
  { name: "dhcp", label: "DHCP", kind: "checkbox" },
  { name: "servers", label: "Servers", kind: "list", isShown: (values) => values.dhcp === true },
];

const EFFECTS = { machines: [], addresses_freed: [], addresses_taken: [], leases_ended: ["10.0.0.9"], names_added: [], names_removed: [] };

const region = server();
let sent: { body: unknown; search: string }[] = [];

beforeEach(() => {
  sent = [];
  region.use(
    http.patch(`${ORIGIN}/api/v1/zones/1`, async ({ request }) => {
      const { search, searchParams } = new URL(request.url);
      sent.push({ body: await request.json(), search });
      if (searchParams.has("plan")) return HttpResponse.json({ plan: "p1", revision: 4, changes: [], more: 0, effects: EFFECTS });
      return HttpResponse.json({}, { headers: { "X-Ironraft-Revision": "55" } });
    }),
    http.post(`${ORIGIN}/api/v1/revisions/55/undo`, () => {
      sent.push({ body: null, search: "undo" });
      return HttpResponse.json({}, { headers: { "X-Ironraft-Revision": "56" } });
    }),
  );
});

function form(done = vi.fn()) {
  return (
    <ResourceForm
      fields={FIELDS}
      initial={{ name: "east", mtu: 1500 }}
      change={(_, changed) => ({ method: "PATCH", path: "/api/v1/zones/1", body: changed })}
      submit="Save"
      done="Zone east was changed"
      isReversible
      onDone={done}
    />
  );
}

describe("a form", () => {
  test("sends what was changed alone, and can be taken back", async () => {
    const done = vi.fn();
    show(form(done));
    await userEvent.clear(screen.getByLabelText(/^MTU/));
    await userEvent.type(screen.getByLabelText(/^MTU/), "9000");
    await userEvent.click(screen.getByLabelText("DHCP"));
    await userEvent.type(screen.getByLabelText(/^Servers/), "a, b");
    await userEvent.click(screen.getByRole("button", { name: "Save" }));
    await waitFor(() => expect(done).toHaveBeenCalled());
    expect(sent).toEqual([{ body: { mtu: 9000, dhcp: true, servers: ["a", "b"] }, search: "" }]);
    await userEvent.click(screen.getByRole("button", { name: "Undo" }));
    expect(await screen.findByText("Taken back: Zone east was changed")).toBeTruthy();
    expect(sent.at(-1)?.search).toBe("undo");
  });

  test("says what would happen, and then does that or nothing", async () => {
    show(form());
    await userEvent.type(screen.getByLabelText(/^Description/), "x");
    await userEvent.click(screen.getByRole("button", { name: "What would happen?" }));
    expect(await screen.findByText("1 lease would end: 10.0.0.9")).toBeTruthy();
    await userEvent.click(screen.getByRole("button", { name: "Save" }));
    await waitFor(() => expect(sent.at(-1)?.search).toBe("?if_plan=p1"));
    await userEvent.type(screen.getByLabelText(/^Description/), "y");
    expect(screen.queryByText("1 lease would end: 10.0.0.9")).toBeNull();
  });

  test("shows what is wrong beside the field, for eyes and ears", async () => {
    region.use(http.patch(`${ORIGIN}/api/v1/zones/1`, () => refusal(400, "name: …", { errors: [{ pointer: "/name", message: "It is taken." }] })));
    show(form());
    await userEvent.click(screen.getByRole("button", { name: "Save" }));
    const fault = await screen.findByText("It is taken.");
    const field = screen.getByLabelText("Name");
    expect(field.getAttribute("aria-invalid")).toBe("true");
    expect(field.getAttribute("aria-describedby")).toContain(fault.id);
  });

  test("shows what is wrong with no field of its own by itself", async () => {
    region.use(http.patch(`${ORIGIN}/api/v1/zones/1`, () => refusal(409, "It is in use.", { errors: [{ pointer: "/other", message: "It is in use." }] })));
    show(form());
    await userEvent.click(screen.getByRole("button", { name: "Save" }));
    expect((await screen.findByRole("alert")).textContent).toContain("It is in use.");
  });

  test("cannot be sent without what is needed, and says so", async () => {
    show(form());
    await userEvent.clear(screen.getByLabelText("Name"));
    const button = screen.getByRole("button", { name: "Save" });
    expect(button.closest("[title]")?.getAttribute("title")).toBe("Name is missing.");
  });

  test("is a command for a shell, too", async () => {
    show(form());
    await userEvent.type(screen.getByLabelText(/^Description/), "x");
    expect(screen.getByText(/curl -X PATCH/).textContent).toContain(`-d '{"description":"x"}'`);
  });
});

test("what is empty is not sent", () => expect(filled({ a: "", b: [], c: false, d: "x", e: null })).toEqual({ c: false, d: "x" }));

test("a list that has to be filled in is missing while it is empty, and one that is not shown is not", () => {
  const fields: Field[] = [
    { name: "mode", label: "Mode" },
    { name: "macs", label: "MAC addresses", kind: "list", isNeeded: true, isShown: ({ mode }) => mode !== "none" },
  ];
  expect([missing(fields, { macs: [] }), missing(fields, { macs: ["a"] }), missing(fields, { mode: "none" })]).toEqual(["MAC addresses is missing.", null, null]);
});
