/** The pages of networks with odd answers: parts that are refused, nothing at all, what is made and what is in the way. */

import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { Route, Routes } from "react-router";
import { beforeEach, describe, expect, test } from "vitest";

import { http, HttpResponse, ORIGIN, page, refusal, server } from "../../testing/server";
import { show } from "../../testing/show";
import Networks from "./Networks";
import SubnetPage from "./Subnet";
import VlanPage from "./Vlan";

const region = server();

const VLAN = { id: 1, vid: 0, name: "pxe", fabric: "fabric-0", fabric_id: 0, space: "undefined", description: "", dhcp_on: true, external_dhcp: null, mtu: 1500, primary_rack: "r1", secondary_rack: null, further_racks: [], relay_vlan: null, router_advertisements: "off", relay_agent: false, relay_to: [], relayed_by: [], proxy_dhcp: false, service_addresses: [], service_rack: null, resource_uri: "", revision: 4 };
const SUBNET = { id: 1, cidr: "10.20.0.0/24", name: "pxe-a", vlan: VLAN, space: "undefined", description: "", gateway_ip: "10.20.0.1", dns_servers: [], managed: true, allow_dns: true, allow_proxy: true, active_discovery: false, disabled_boot_architectures: [], rdns_mode: 2, resource_uri: "", revision: 7 };
const STATISTICS = {
  usage: 0.39,
  usage_string: "39%",
  total_addresses: 254,
  num_available: 153,
  ranges: [
    { start: "10.20.0.1", end: "10.20.0.1", num_addresses: 1, purpose: ["gateway-ip"] },
    { start: "10.20.0.2", end: "10.20.0.99", num_addresses: 98, purpose: ["unused"] },
    { start: "10.20.0.100", end: "10.20.0.199", num_addresses: 100, purpose: ["dynamic"] },
    { start: "10.20.0.200", end: "10.20.0.254", num_addresses: 55, purpose: ["unused"] },
  ],
};
const RACK = { system_id: "r1", hostname: "rack-1", version: "1", interface_set: [], service_set: [{ name: "rackd", status: "running", status_info: "" }] };
const PLAN = { plan: "p1", revision: 9, changes: [], more: 0, effects: { machines: [], addresses_freed: [], addresses_taken: [], leases_ended: [], names_added: [], names_removed: [] } };

const answers = (path: string, body: object) => http.get(`${ORIGIN}/api/v1/${path}`, () => HttpResponse.json(body));
const lists = (all: Record<string, object[]>) => Object.entries(all).map(([kind, items]) => answers(kind, page(items)));

beforeEach(() => {
  region.use(
    ...lists({ fabrics: [{ id: 0, name: "fabric-0", description: "" }], spaces: [], vlans: [VLAN], subnets: [SUBNET], racks: [RACK], machines: [], discoveries: [], leases: [], "reserved-ips": [], "static-routes": [], "dhcp-snippets": [] }),
    ...lists({ "ip-ranges": [{ id: 1, type: "dynamic", start_ip: "10.20.0.100", end_ip: "10.20.0.199", comment: "", user: null }] }),
    answers("subnets/1", SUBNET),
    answers("subnets/1/statistics", STATISTICS),
    answers("subnets/1/ip-addresses", []),
    answers("vlans/1", VLAN),
  );
});

const at = (path: string, element: React.ReactNode, address: string) => show(<Routes><Route path={path} element={element} /></Routes>, address);

describe("all networks", () => {
  test("say first that DHCP is answered, then what there is, and are found by an address", async () => {
    const { router } = show(<Networks />);
    expect(await screen.findByText("DHCP is answered on the one VLAN that has it")).toBeTruthy();
    expect(await screen.findByText("39% used")).toBeTruthy();
    await userEvent.type(screen.getByRole("searchbox"), "10.21.0.1");
    expect(await screen.findByText("Nothing is called that")).toBeTruthy();
    expect(router.state.location.search).toBe("?q=10.21.0.1");
  });

  test("say whose rack is away, since nobody answers then", async () => {
    region.use(answers("racks", page([{ ...RACK, service_set: [] }])));
    show(<Networks />);
    expect(await screen.findByText("Nobody answers DHCP on fabric-0 untagged · pxe")).toBeTruthy();
  });

  test("are shown without racks, which plain users may not see", async () => {
    region.use(http.get(`${ORIGIN}/api/v1/racks`, () => refusal(403, "You may not see racks.")));
    show(<Networks />);
    expect(await screen.findByText("39% used")).toBeTruthy();
    expect(screen.queryByText(/Nobody answers|is away/)).toBeNull();
    expect(screen.getByText("DHCP is on in 1 VLAN; whether their racks are there, you may not see")).toBeTruthy();
  });

  test("lead to the first steps when there is no subnet, and to another try when they are refused", async () => {
    region.use(answers("subnets", page([])));
    const { unmount } = show(<Networks />);
    expect((await screen.findByRole("link", { name: "Set up the first one" })).getAttribute("href")).toBe("/welcome");
    unmount();
    region.use(http.get(`${ORIGIN}/api/v1/vlans`, () => refusal(403, "No networks for you.")));
    show(<Networks />);
    expect((await screen.findByRole("alert")).textContent).toContain("No networks for you.");
  });

  test("are walked by keys", async () => {
    const { router } = show(<Networks />);
    await screen.findByText("39% used");
    screen.getByRole("treegrid").focus();
    await userEvent.keyboard("{ArrowDown}{ArrowLeft}");
    expect(router.state.location.search).toBe("?closed=fabric-0");
    expect(screen.queryByText("39% used")).toBeNull();
    await userEvent.keyboard("{ArrowRight}{ArrowDown}{Enter}");
    await waitFor(() => expect(router.state.location.pathname).toBe("/vlans/1"));
  });
});

describe("a subnet", () => {
  const open = (search = "") => at("/subnets/:id", <SubnetPage />, `/subnets/1${search}`);

  test("has a map that is read by keys, and the same as a table", async () => {
    const { router } = open();
    const map = await screen.findByRole("grid");
    expect(within(map).getAllByRole("gridcell")).toHaveLength(256);
    map.focus();
    await userEvent.keyboard("{ArrowDown}{ArrowDown}{ArrowDown}{ArrowRight}{ArrowRight}{ArrowRight}");
    expect(within(map).getByRole("gridcell", { selected: true }).getAttribute("aria-label")).toBe("10.20.0.100: dynamic, dynamic range");
    await userEvent.click(screen.getByRole("button", { name: "Table" }));
    expect(router.state.location.search).toBe("?as=table");
    expect(within(await screen.findByRole("group", { name: "Addresses and their use" })).getAllByRole("row")).toHaveLength(5);
  });

  test("says what is in the way of a range before it is made", async () => {
    region.use(http.post(`${ORIGIN}/api/v1/ip-ranges`, () => refusal(400, "It meets another.", { errors: [{ pointer: "/end_ip", message: "It meets another range." }] })));
    open();
    await userEvent.click(await screen.findByRole("button", { name: "New dynamic range" }));
    await userEvent.type(screen.getByLabelText("From"), "10.20.0.90");
    await userEvent.type(screen.getByLabelText("To"), "10.20.0.110");
    expect(screen.getByText(/^It meets the dynamic range 10\.20\.0\.1/)).toBeTruthy();
    await userEvent.click(screen.getByRole("button", { name: "What would happen?" }));
    expect(await screen.findByText("It meets another range.")).toBeTruthy();
    expect(screen.getByText(/^ironraft ip-range create/).textContent).toBe("ironraft ip-range create subnet=1 type=dynamic start_ip=10.20.0.90 end_ip=10.20.0.110");
  });

  test("keeps a free address of its map for a client", async () => {
    const sent: unknown[] = [];
    region.use(
      http.post(`${ORIGIN}/api/v1/reserved-ips`, async ({ request }) => {
        sent.push(await request.json());
        return HttpResponse.json({ id: 1 });
      }),
    );
    open();
    (await screen.findByRole("grid")).focus();
    await userEvent.keyboard("{ArrowRight}");
    await userEvent.click(screen.getByRole("button", { name: "Keep for a client…" }));
    await userEvent.type(screen.getByLabelText(/^Hardware address/), "52:54:00:00:00:01");
    await userEvent.click(screen.getByRole("button", { name: "Make" }));
    await waitFor(() => expect(sent).toEqual([{ subnet: "1", ip: "10.20.0.2", mac_address: "52:54:00:00:00:01" }]));
  });

  test("has pools of prefixes if it is of IPv6, and makes another", async () => {
    const sent: unknown[] = [];
    const pool = { id: 1, prefix: "fd00:a00::/40", delegated_length: 56, comment: "homes", prefixes_total: 65536, prefixes_delegated: 3, subnet: SUBNET };
    const lease = { ip: "fd00:a00:0:100::", kind: "prefix", prefix_length: 56, client: "id:fe00", name: null, state: "active", told_until: "2026-11-30T00:00:00Z", promised_until: "2026-11-30T00:00:00Z", rack: { system_id: "r1", hostname: "rack-1" } };
    region.use(
      answers("subnets/1", { ...SUBNET, cidr: "fd00:1::/64" }),
      answers("leases", page([lease])),
      answers("prefix-pools", page([pool])),
      http.post(`${ORIGIN}/api/v1/prefix-pools`, async ({ request }) => {
        sent.push(await request.json());
        return HttpResponse.json({ id: 2 });
      }),
    );
    open();
    expect(await screen.findByText("3 of 65536")).toBeTruthy();
    expect(await screen.findByText("fd00:a00:0:100::/56")).toBeTruthy();
    expect(screen.queryByRole("button", { name: "Keep it…" })).toBeNull();
    await userEvent.click(screen.getByRole("button", { name: "New prefix pool" }));
    await userEvent.type(screen.getByLabelText("Prefix"), "fd00:b00::/40");
    await userEvent.click(screen.getByRole("button", { name: "Make" }));
    await waitFor(() => expect(sent).toEqual([{ subnet: "1", prefix: "fd00:b00::/40", delegated_length: 56 }]));
  });

  test("says what is wrong: no dynamic range, and a stranger", async () => {
    region.use(answers("ip-ranges", page([])), answers("discoveries", page([{ discovery_id: "x", ip: "10.20.0.9", mac_address: "00:16:3e:00:00:01" }])));
    open();
    expect(await screen.findByText("DHCP is on, but this subnet has no dynamic range")).toBeTruthy();
    expect(await screen.findByText("1 address answers that nobody was given")).toBeTruthy();
  });

  test("shows what it knows when parts are refused, and that it is gone when it is", async () => {
    region.use(...["discoveries", "leases", "racks"].map((kind) => http.get(`${ORIGIN}/api/v1/${kind}`, () => refusal(403, `No ${kind}.`))));
    const { unmount } = open();
    expect(await screen.findByRole("grid")).toBeTruthy();
    expect((await screen.findByText("No leases.")).closest("[role=alert]")).toBeTruthy();
    unmount();
    region.use(http.get(`${ORIGIN}/api/v1/subnets/1`, () => refusal(404, "There is no such subnet.")));
    open();
    expect((await screen.findByRole("alert")).textContent).toContain("There is no such subnet.");
  });
});

describe("a VLAN", () => {
  test("is served by racks, by a relay or by nobody", async () => {
    const sent: unknown[] = [];
    region.use(
      http.patch(`${ORIGIN}/api/v1/vlans/1`, async ({ request }) => {
        sent.push([await request.json(), request.headers.get("if-match")]);
        return HttpResponse.json(VLAN);
      }),
    );
    at("/vlans/:id", <VlanPage />, "/vlans/1");
    await userEvent.click(await screen.findByRole("button", { name: "DHCP…" }));
    await userEvent.selectOptions(await screen.findByLabelText(/^Who answers/), "off");
    await userEvent.click(screen.getByRole("button", { name: "Save" }));
    await waitFor(() => expect(sent).toEqual([[{ dhcp_on: false, relay_vlan: "", relay_agent: false, relay_to: "", proxy_dhcp: false }, '"4"']]));
  });

  test("asks its racks for router advertisements", async () => {
    const sent: unknown[] = [];
    region.use(
      http.patch(`${ORIGIN}/api/v1/vlans/1`, async ({ request }) => {
        sent.push(await request.json());
        return HttpResponse.json(VLAN);
      }),
    );
    at("/vlans/:id", <VlanPage />, "/vlans/1");
    expect((await screen.findByText("Router advertisements")).nextElementSibling?.textContent).toBe("None");
    await userEvent.click(screen.getByRole("button", { name: "Change…" }));
    await userEvent.selectOptions(await screen.findByLabelText(/^IPv6 router advertisements/), "slaac");
    await userEvent.click(screen.getByRole("button", { name: "Save" }));
    await waitFor(() => expect(sent).toEqual([{ router_advertisements: "slaac" }]));
  });

  test("names what depends on it before it is deleted", async () => {
    region.use(
      answers("machines", page([], { total: 3 })),
      http.delete(`${ORIGIN}/api/v1/vlans/1`, () => HttpResponse.json(PLAN)),
    );
    at("/vlans/:id", <VlanPage />, "/vlans/1");
    await userEvent.click(await screen.findByRole("button", { name: "Delete…" }));
    const dialog = await screen.findByRole("dialog");
    expect(await within(dialog).findByRole("link", { name: "10.20.0.0/24" })).toBeTruthy();
    expect((await within(dialog).findByRole("link", { name: "3 machines" })).getAttribute("href")).toBe('/machines?q=fabric%3A%22fabric-0%22%20vlan%3A0');
  });
});
