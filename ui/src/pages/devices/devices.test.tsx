/** What the pages of devices and of hosts that were seen make of odd answers. */

import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test } from "vitest";

import { http, HttpResponse, ORIGIN, page, refusal, server } from "../../testing/server";
import { show } from "../../testing/show";
import DiscoveryPage from "../discoveries/Discovery";
import Discoveries from "../discoveries/Discoveries";
import DevicePage from "./Device";
import Devices from "./Devices";

const region = server();

const VLAN = { id: 5, name: "untagged", vid: 0, fabric: "fabric-0" };
const SUBNET = { id: 3, name: "10.0.0.0/24", cidr: "10.0.0.0/24", vlan: VLAN };
const ETH0 = { id: 7, name: "eth0", mac_address: "52:54:00:aa:00:01", enabled: true, link_connected: true, link_speed: 0, interface_speed: 0, effective_mtu: 1500, vlan: VLAN, tags: [], links: [{ id: 9, mode: "static", ip_address: "10.0.0.9", subnet: SUBNET }] };
const DEVICE = { system_id: "dev1", hostname: "printer", fqdn: "printer.maas", description: "", owner: "anna", parent: null, ip_addresses: ["10.0.0.9"], interface_set: [ETH0], workload_annotations: {}, zone: { name: "default" }, domain: { name: "maas" }, revision: 4 };
const SEEN = { discovery_id: "s1", ip: "10.0.0.77", mac_address: "b8:27:eb:00:00:01", mac_organization: null, hostname: null, fabric_name: "fabric-0", vid: null, is_external_dhcp: true, last_seen: "2026-01-01T00:00:00Z", observer: { hostname: "rack-a", interface_name: "eno1", interface_id: 1, system_id: "r1" } };
const EFFECTS = { machines: [], addresses_freed: ["10.0.0.9"], addresses_taken: [], leases_ended: [], names_added: [], names_removed: [] };

const none = () => HttpResponse.json(page([]));

test("there are no devices, and what one is is said", async () => {
  region.use(http.get(`${ORIGIN}/api/v1/devices`, none));
  show(<Devices />);
  expect(await screen.findByText("There are no devices yet")).toBeTruthy();
});

test("a device is made of what was filled in alone", async () => {
  for (const kind of ["devices", "zones", "domains"]) region.use(http.get(`${ORIGIN}/api/v1/${kind}`, none));
  let sent: unknown = null;
  region.use(
    http.post(`${ORIGIN}/api/v1/devices`, async ({ request }) => {
      sent = await request.json();
      return HttpResponse.json(DEVICE);
    }),
  );
  const { router } = show(<Devices />, "/devices", "/devices");
  await userEvent.click(await screen.findByRole("button", { name: "New device" }));
  const dialog = within(await screen.findByRole("dialog"));
  await userEvent.type(await dialog.findByLabelText("MAC addresses"), "52:54:00:aa:00:01, 52:54:00:aa:00:02");
  await userEvent.click(dialog.getByRole("button", { name: "Make" }));
  await waitFor(() => expect(router.state.location.pathname).toBe("/devices/dev1"));
  expect(sent).toEqual({ mac_addresses: ["52:54:00:aa:00:01", "52:54:00:aa:00:02"] });
});

test("an address is taken from an interface after a plan", async () => {
  region.use(http.get(`${ORIGIN}/api/v1/devices/dev1`, () => HttpResponse.json(DEVICE)));
  const sent: unknown[] = [];
  region.use(
    http.post(`${ORIGIN}/api/v1/devices/dev1/interfaces/7/unlink-subnet`, async ({ request }) => {
      sent.push(await request.json());
      return new URL(request.url).searchParams.has("plan") ? HttpResponse.json({ plan: "p", revision: 5, changes: [], more: 0, effects: EFFECTS }) : HttpResponse.json({});
    }),
  );
  show(<DevicePage />, "/devices/dev1", "/devices/:id");
  expect(await screen.findByText("fabric-0, untagged")).toBeTruthy();
  await userEvent.click(screen.getByRole("button", { name: "Take 10.0.0.9 away" }));
  expect(await screen.findByText("1 address would be free: 10.0.0.9")).toBeTruthy();
  await userEvent.click(screen.getByRole("button", { name: "Take it away" }));
  expect(await screen.findByText("10.0.0.9 was taken from eth0")).toBeTruthy();
  expect(sent).toEqual([{ id: 9 }, { id: 9 }]);
});

test("a device that cannot be read says so", async () => {
  region.use(http.get(`${ORIGIN}/api/v1/devices/dev1`, () => refusal(403, "You may not see devices.")));
  show(<DevicePage />, "/devices/dev1", "/devices/:id");
  expect((await screen.findByRole("alert")).textContent).toContain("Ask an administrator for the rights.");
});

test("a host that nobody knows can be made a device of, with its address filled in", async () => {
  for (const kind of ["machines", "devices", "zones", "domains"]) region.use(http.get(`${ORIGIN}/api/v1/${kind}`, none));
  region.use(http.get(`${ORIGIN}/api/v1/discoveries/s1`, () => HttpResponse.json(SEEN)));
  show(<DiscoveryPage />, "/discoveries/s1", "/discoveries/:id");
  expect(await screen.findByText("Nobody knows it")).toBeTruthy();
  expect(screen.getByText("It is a DHCP server that is none of the site's")).toBeTruthy();
  await userEvent.click(screen.getByRole("button", { name: "Make a device of it…" }));
  expect(await screen.findByDisplayValue("b8:27:eb:00:00:01")).toBeTruthy();
});

test("a host that is a machine is said to be that, and no device is made of it", async () => {
  region.use(
    http.get(`${ORIGIN}/api/v1/discoveries/s1`, () => HttpResponse.json(SEEN)),
    http.get(`${ORIGIN}/api/v1/machines`, () => HttpResponse.json(page([{ system_id: "abc", fqdn: "web-01.maas" }]))),
    http.get(`${ORIGIN}/api/v1/devices`, none),
  );
  show(<DiscoveryPage />, "/discoveries/s1", "/discoveries/:id");
  expect((await screen.findByRole("link", { name: "web-01.maas" })).getAttribute("href")).toBe("/machines/abc");
  expect(screen.getByRole("button", { name: "Make a device of it…" }).closest("[title]")?.getAttribute("title")).toBe("It is web-01.maas.");
});

test("all hosts are forgotten only after one was asked", async () => {
  let body: unknown = null;
  region.use(
    http.get(`${ORIGIN}/api/v1/discoveries`, () => HttpResponse.json(page([SEEN], { facets: {} }))),
    http.post(`${ORIGIN}/api/v1/discoveries/clear`, async ({ request }) => {
      body = await request.json();
      return refusal(403, "Only administrators clear discoveries.");
    }),
  );
  show(<Discoveries />);
  await userEvent.click(await screen.findByRole("button", { name: "Forget all…" }));
  expect(await screen.findByText("Only administrators clear discoveries.")).toBeTruthy();
  expect(body).toEqual({ all: true });
  expect(screen.getByRole("button", { name: "Forget all" }).hasAttribute("disabled")).toBe(true);
});
