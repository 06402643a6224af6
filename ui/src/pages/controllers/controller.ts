/** What is said of a rack or a region. */

import type { History, HistoryEntry, Item } from "../../api/resources";
import type { Tone } from "../../parts/Status";

export type Rack = Item<"racks">;
export type Region = Item<"regions">;

/** The service that stands for the session of a rack with a region. */
const SESSION = "rackd";

const SERVICES: Record<string, string> = { dhcpd: "DHCP", dhcpd6: "DHCPv6", tftp: "TFTP", http: "HTTP", dns_rack: "DNS", ntp_rack: "NTP", proxy_rack: "Proxy", rackd: "Session with a region" };

/** The session of a rack with a region, as a service of it. */
export function sessionOf(rack: Rack): Rack["service_set"][number] | undefined {
  return rack.service_set.find((service) => service.name === SESSION);
}

/** Whether a rack has a session with a region. */
export function isConnected(rack: Rack): boolean {
  return sessionOf(rack)?.status === "running";
}

/** What a service is called. */
export function serviceName(name: string): string {
  return SERVICES[name] ?? name;
}

export function serviceTone(status: string): Tone {
  if (status === "running") return "good";
  if (status === "dead") return "bad";
  return status === "degraded" ? "warn" : "idle";
}

/** What a rack serves, without its session. */
export function servicesOf(rack: Rack): Rack["service_set"] {
  return rack.service_set.filter((service) => service.name !== SESSION);
}

/** What a rack serves in one line: what runs, and worse first what does not. */
export function servicesInWords(rack: Rack): string {
  const named = (status: string) => servicesOf(rack).filter((service) => service.status === status).map((service) => serviceName(service.name));
  const dead = named("dead");
  const running = named("running");
  const parts = [dead.length > 0 ? `${dead.join(", ")} dead` : null, running.length > 0 ? `${running.join(", ")} running` : null].filter((part) => part !== null);
  return parts.length === 0 ? "It does not say" : parts.join("; ");
}

/** Which region node an event of a rack names: `version 0.1.0, at region node 1`. */
export function regionNode(description: string): string | null {
  return /at region node (\d+)/.exec(description)?.[1] ?? null;
}

/** When a rack was heard of last, by its history: regions note it every half minute. */
export function lastContact(history: History | undefined): string | null {
  return history?.changes.find((entry) => entry.differences.some((difference) => difference.pointer === "/last_seen"))?.time ?? null;
}

/** What became of it besides that it was heard of. */
export function apartFromContact(history: History): HistoryEntry[] {
  return history.changes.filter((entry) => entry.change !== "update" || entry.differences.some((difference) => difference.pointer !== "/last_seen"));
}
