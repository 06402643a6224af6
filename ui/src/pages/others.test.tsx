/** Zones of the DNS, pools, tags, reserved addresses and the first steps, with odd answers. */

import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { Route, Routes } from "react-router";
import { describe, expect, test } from "vitest";

import { http, HttpResponse, ORIGIN, page, refusal, server } from "../testing/server";
import { show } from "../testing/show";
import Addresses from "./addresses/Addresses";
import DomainPage from "./dns/Domain";
import Pools from "./pools/Pools";
import { carriers } from "./tags/Tags";
import Tags from "./tags/Tags";
import Welcome from "./welcome/Welcome";

const region = server();

const answers = (path: string, body: object) => http.get(`${ORIGIN}/api/v1/${path}`, () => HttpResponse.json(body));
const lists = (all: Record<string, object[]>) => Object.entries(all).map(([kind, items]) => answers(kind, page(items)));
const EFFECTS = { machines: [], addresses_freed: [], addresses_taken: [], leases_ended: [], names_added: [], names_removed: [] };
const PLAN = { plan: "p1", revision: 9, changes: [], more: 0, effects: EFFECTS };

describe("a zone of the DNS", () => {
  const DOMAIN = { id: 1, name: "lab.example", is_default: true, authoritative: true, resource_record_count: 2, ttl: 300, resource_uri: "", revision: 3 };

  test("says of each record where it comes from, and changes only what was made here", async () => {
    region.use(
      answers("domains/1", DOMAIN),
      ...lists({
        domains: [DOMAIN],
        "dns-resources": [{ id: 2, fqdn: "www.lab.example", address_ttl: 60, ip_addresses: [{ ip: "10.0.0.9" }], resource_records: [] }],
        machines: [{ system_id: "abc", fqdn: "web-1.lab.example", ip_addresses: ["10.0.0.20"] }],
        devices: [],
        leases: [{ ip: "10.0.0.77", name: "laptop", state: "active" }],
      }),
      http.get(`${ORIGIN}/api/v1/racks`, () => refusal(403, "You may not see racks.")),
    );
    const { router } = show(<Routes><Route path="/domains/:id" element={<DomainPage />} /></Routes>, "/domains/1");
    const row = async (name: string) => within((await screen.findByText(name)).closest("tr") ?? document.body);
    expect((await row("www")).getByText("Made here")).toBeTruthy();
    expect((await row("www")).getByRole("button", { name: "What can be done with A of www" })).toBeTruthy();
    expect((await row("web-1")).getByText("Machine")).toBeTruthy();
    expect((await row("web-1")).queryByRole("button")).toBeNull();
    expect((await row("laptop")).getByText("Lease")).toBeTruthy();
    await userEvent.click(screen.getByRole("button", { name: "Lease" }));
    expect(router.state.location.search).toBe("?from=lease");
    expect(screen.queryByText("www")).toBeNull();
    expect(screen.getByRole("button", { name: "Delete…" }).closest("[title]")?.getAttribute("title")).toBe("It is the default: make another zone that before.");
  });
});

test("pools count their machines, and those that need somebody", async () => {
  region.use(
    ...lists({ pools: [{ id: 0, name: "default", description: "" }], devices: [] }),
    http.get(`${ORIGIN}/api/v1/machines`, ({ request }) => HttpResponse.json(page([], { facets: { pool: [{ value: "default", count: new URL(request.url).searchParams.has("filter") ? 2 : 1200 }] } }))),
  );
  show(<Pools />);
  expect((await screen.findByRole("link", { name: "1,200" })).getAttribute("href")).toBe("/machines?q=pool%3Adefault");
  expect((await screen.findByRole("link", { name: "2 machines" })).getAttribute("href")).toContain("status%3Afailed");
});

describe("tags", () => {
  const PROD = { name: "prod", definition: "", comment: "", kernel_opts: "quiet", resource_uri: "", revision: 2 };
  const tags = () =>
    region.use(
      answers("tags", page([PROD])),
      answers("resources", []),
      http.get(`${ORIGIN}/api/v1/machines`, ({ request }) => {
        const filter = new URL(request.url).searchParams.get("filter") ?? "";
        if (filter.includes("bogus:")) return refusal(400, "filter", { errors: [{ parameter: "filter", message: "There is no field bogus." }] });
        const found = [{ system_id: "abc", fqdn: "web-1.maas", status_name: "Ready", tag_names: [] }];
        return HttpResponse.json(page(filter === "web tag:!prod" ? found : [], { facets: { tag: [{ value: "prod", count: 3 }] } }));
      }),
    );

  test("say while it is typed whether a definition can be read", async () => {
    tags();
    region.use(
      http.post(`${ORIGIN}/api/v1/tags`, async ({ request }) => {
        const { definition } = (await request.json()) as { definition: string };
        return definition.endsWith("(") ? refusal(400, "no", { errors: [{ pointer: "/definition", message: "Invalid xpath expression" }] }) : HttpResponse.json(PLAN);
      }),
    );
    show(<Tags />);
    await userEvent.click(await screen.findByRole("button", { name: "New tag" }));
    expect(await screen.findByText("Given by hand: choose its machines afterwards")).toBeTruthy();
    const box = screen.getByLabelText(/^Definition/);
    await userEvent.type(box, "//node(");
    expect(await screen.findByText("Invalid xpath expression", undefined, { timeout: 3000 })).toBeTruthy();
    await userEvent.clear(box);
    await userEvent.type(box, "//node");
    expect(await screen.findByText("The definition can be read", undefined, { timeout: 3000 })).toBeTruthy();
  });

  test("are given to the machines that a filter means, which are shown and planned first", async () => {
    const sent: unknown[] = [];
    tags();
    region.use(
      http.post(`${ORIGIN}/api/v1/tags/prod/update-nodes`, async ({ request }) => {
        sent.push([await request.json(), new URL(request.url).search]);
        return HttpResponse.json(PLAN);
      }),
    );
    show(<Tags />);
    await userEvent.click(await screen.findByRole("button", { name: "What can be done with prod" }));
    await userEvent.click(await screen.findByRole("menuitem", { name: /Give it to machines/ }));
    const dialog = within(await screen.findByRole("dialog"));
    await userEvent.type(dialog.getByRole("combobox", { name: "Filter" }), "web");
    expect(await dialog.findByText("web-1.maas")).toBeTruthy();
    await userEvent.click(await dialog.findByRole("button", { name: "Give it to 1 machine…" }));
    const button = await screen.findByRole("button", { name: "Give it" });
    await waitFor(() => expect(button.hasAttribute("disabled")).toBe(false));
    await userEvent.click(screen.getByRole("button", { name: "Give it" }));
    await waitFor(() => expect(sent).toEqual([[{ add: ["abc"] }, "?plan=true"], [{ add: ["abc"] }, "?if_plan=p1"]]));
  });

  test("that go take something along", () => {
    expect(carriers(0, PROD)).toBe("No machine carries it.");
    expect(carriers(1, { ...PROD, kernel_opts: "" })).toBe("1 machine carries it.");
    expect(carriers(3, PROD)).toBe("3 machines carry it, and will be deployed without quiet.");
  });
});

test("reserved addresses are released with a plan, and a refusal says whose they are", async () => {
  region.use(
    answers("ip-addresses", page([{ ip: "10.0.0.9", alloc_type: 4, alloc_type_name: "User reserved", created: null, interface_set: [], owner: { username: "anna" }, subnet: { id: 1, cidr: "10.0.0.0/24" } }], { facets: {} })),
    http.post(`${ORIGIN}/api/v1/ip-addresses/release`, () => refusal(403, "It is anna's.")),
  );
  show(<Addresses />);
  await userEvent.click(await screen.findByRole("button", { name: "Release…" }));
  expect((await screen.findByRole("alert")).textContent).toContain("It is anna's.");
});

describe("the first steps", () => {
  const setting = (name: string, value: unknown) => ({ name, value, default: name === "maas_name" ? "ironraft" : null, doc: "", read_by: "", refused: null });
  const VLAN = { id: 1, vid: 0, name: "untagged", fabric: "fabric-0", fabric_id: 0, space: "undefined", dhcp_on: false, relay_vlan: null };
  const site = (more: Record<string, object[]> = {}) =>
    region.use(...lists({ settings: [setting("maas_name", "Berlin"), setting("theme", null), setting("upstream_dns", "9.9.9.9")], "ssh-keys": [{ id: 1 }], subnets: [], "ip-ranges": [], images: [], vlans: [VLAN], racks: [], ...more }));

  test("begin with what is missing, told by what is there", async () => {
    site();
    show(<Welcome />, "/welcome");
    expect(await screen.findByText("3 of 6 done")).toBeTruthy();
    expect(screen.getByRole("button", { name: /The first subnet/ }).getAttribute("aria-expanded")).toBe("true");
    expect(await screen.findByLabelText(/^Prefix/)).toBeTruthy();
  });

  test("stay where they are when what they make is there: nobody's form is taken away", async () => {
    site();
    const { queries } = show(<Welcome />, "/welcome");
    const field = await screen.findByLabelText<HTMLInputElement>(/^Prefix/);
    await userEvent.type(field, "10.30.");
    site({ "ip-ranges": [{ id: 1, type: "dynamic", start_ip: "10.20.0.9", end_ip: "10.20.0.99", subnet: { id: 7 } }], subnets: [{ id: 7, cidr: "10.20.0.0/24", managed: true, vlan: VLAN }] });
    await queries.invalidateQueries();
    expect(await screen.findByText("4 of 6 done")).toBeTruthy();
    expect(field.isConnected && field.value).toBe("10.30.");
  });

  test("go on at the range when the subnet is there, with the one that is proposed", async () => {
    site({ subnets: [{ id: 7, cidr: "10.20.0.0/24", managed: true, vlan: VLAN }] });
    region.use(answers("subnets/7/statistics", { usage: 0, usage_string: "0%", total_addresses: 254, num_available: 254, ranges: [], suggested_dynamic_range: { start: "10.20.0.191", end: "10.20.0.254" } }));
    show(<Welcome />, "/welcome");
    expect((await screen.findByLabelText<HTMLInputElement>("From")).value).toBe("10.20.0.191");
  });

  test("can be left out, and say what comes first", async () => {
    site();
    const { router } = show(<Welcome />, "/welcome?step=subnet");
    await userEvent.click(await screen.findByRole("button", { name: "Leave it out for now" }));
    expect(router.state.location.search).toBe("?step=dhcp");
    expect(await screen.findByText("It needs a subnet with a dynamic range: make that first.")).toBeTruthy();
  });

  test("are shown as far as a plain user may see them", async () => {
    site();
    region.use(http.get(`${ORIGIN}/api/v1/images`, () => refusal(403, "You may not see images.")));
    show(<Welcome />, "/welcome?step=none");
    expect((await screen.findByRole("alert")).textContent).toContain("You may not see images.");
    expect(screen.getByText("Other names are asked of 9.9.9.9")).toBeTruthy();
  });
});
