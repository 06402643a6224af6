/** Fills a site with something of every kind, so that every page has something to show. */

import { all, call, made, madeMachine, until } from "./api.mjs";
import { order, SITE } from "./lab.mjs";

const KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ8zpmDRrxaBDnQsUMcQkYrsrD6nHBmSPZBpsOXvnLNn operator@example";

/** Makes all of it. */
export async function furnish() {
  await call("PATCH", "settings/maas_name", { value: "Rhine" });
  await call("PATCH", "settings/theme", { value: "viridian" });
  await call("PATCH", "settings/upstream_dns", { value: "192.0.2.53" });
  await groupings();
  await networks();
  await names();
  await people();
  await machines();
  await found();
}

async function groupings() {
  for (const [name, description] of [["hall-1", "Beside the river"], ["hall-2", "On the hill"]]) await made("zones", { name, description });
  for (const [name, description] of [["build", "For the build farm"], ["lab", "Anybody may break these"]]) await made("pools", { name, description });
  await made("tags", { name: "spare", comment: "Not in use" });
  await made("tags", { name: "large", comment: "Much memory", definition: "//node[@class='memory']/size > 4294967296" });
}

async function networks() {
  await made("spaces", { name: "storage", description: "Disks of others" });
  const plant = await made("fabrics", { name: "plant", class_type: "25g" });
  const disks = await made("vlans", { fabric: plant.name, vid: 101, name: "disks", space: "storage", mtu: 9000 });
  const v4 = await made("subnets", { cidr: "10.20.0.0/22", name: "disks", vlan: String(disks.id), gateway_ip: "10.20.0.1" });
  await made("subnets", { cidr: "fd20::/64", name: "disks-6", vlan: String(disks.id) });
  await made("ip-ranges", { type: "reserved", subnet: String(v4.id), start_ip: "10.20.0.2", end_ip: "10.20.0.20", comment: "Switches" });
  const [provisioning] = (await all("subnets")).filter((subnet) => subnet.cidr === SITE.provisioning);
  await made("reserved-ips", { subnet: String(provisioning.id), ip: SITE.provisioning.replace(/\d+\/\d+$/, "77"), mac_address: "52:54:00:77:77:77", comment: "The printer's" });
  await made("static-routes", { source: String(provisioning.id), destination: String(v4.id), gateway_ip: SITE.gateway, metric: 1 });
  await made("dhcp-snippets", { name: "clock", value: "option ntp-servers 10.20.0.2;", subnet: String(provisioning.id), enabled: true });
}

async function names() {
  const domain = await made("domains", { name: "example.org", authoritative: true });
  await made("dns-records", { domain: domain.name, name: "www", rrtype: "CNAME", rrdata: "web.example.org." });
  await made("dns-resources", { domain: domain.name, name: "web", ip_addresses: "10.20.0.30" });
  await made("devices", { hostname: "printer", mac_addresses: "52:54:00:77:77:77", description: "Second floor" });
}

async function people() {
  await made("ssh-keys", { key: KEY });
  await made("users", { username: "anna", email: "anna@example.org", password: "of-the-second-one", is_superuser: false });
  const group = await made("groups", { name: "night-shift", description: "Who is called" });
  await call("POST", `groups/${group.id}/add-member`, { username: "anna" });
  await call("POST", `groups/${group.id}/add-entitlement`, { entitlement: "can_edit_machines", resource_type: "pool", resource_id: "0" });
  await made("webhooks", { name: "pager", url: "http://192.0.2.80/hook", resources: "machines", allow_internal: true, enabled: true });
  await made("package-repositories", { name: "mirror", url: "http://192.0.2.81/debian", distributions: "bookworm", components: "main" });
  await made("notifications", { message: "The cooling of hall 1 is serviced on Tuesday.", category: "info", users: true, admins: true });
}

/** Machines without power control in many states: what came of them is the operators' doing. */
async function machines() {
  for (let number = 1; number <= 6; number += 1) await madeMachine(`store-${number}`, number, { pool: "build", zone: number % 2 === 0 ? "hall-2" : "hall-1" });
  for (let number = 7; number <= 9; number += 1) await madeMachine(`rack-${number}`, number, { deployed: false, pool: "lab", commission: false });
  await call("POST", "machines/store-2/lock", { comment: "It has the only copy" });
  await call("POST", "machines/store-3/mark-broken", { error_description: "The second power supply hums" });
  await call("POST", "machines/rack-7/mark-broken", { error_description: "No link on either port" });
  const operation = await made("machines/actions", { verb: "update", filter: "pool:build", parameters: { description: "Part of the store" }, max: 50 });
  await until("the operation is over", async () => (await call("GET", `operations/${operation.id}`)).data.state !== "running");
}

/** The gateway is nobody's machine: a search finds it. */
async function found() {
  await order("command", { arguments: ["discovery", "scan", `cidr=${SITE.gateway}/32`] });
  await until("a host is found", async () => (await all("discoveries")).length > 0);
}
