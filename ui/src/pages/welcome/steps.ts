/** The first steps of a site, and which of them are done: told by what there is, so that anybody goes on anywhere. */

import type { Item } from "../../api/resources";

export const STEPS = ["site", "names", "keys", "subnet", "dhcp", "images"] as const;
export type Step = (typeof STEPS)[number];

/** How a step stands. */
export interface Standing {
  isDone: boolean;
  /** What there is of it. */
  text: string;
}

export interface Found {
  settings: ReadonlyMap<string, unknown>;
  /** What the settings are when nobody has set them. */
  defaults: ReadonlyMap<string, unknown>;
  keys: number;
  subnets: readonly Pick<Item<"subnets">, "id" | "cidr" | "vlan">[];
  ranges: readonly { type: string; start_ip: string; end_ip: string; subnet: { id: number } }[];
  images: readonly string[];
}

/** Whether DHCP is answered on a VLAN, by racks of it or through a relay. */
export const isServed = (vlan: { dhcp_on: boolean; relay_vlan?: unknown }) => vlan.dhcp_on || Boolean(vlan.relay_vlan);

export function standing(found: Found): Record<Step, Standing> {
  const text = (name: string) => (typeof found.settings.get(name) === "string" ? String(found.settings.get(name)) : "");
  const isSet = (name: string) => found.settings.get(name) !== found.defaults.get(name);
  const dynamic = found.ranges.filter((range) => range.type === "dynamic");
  const withRange = found.subnets.filter((subnet) => dynamic.some((range) => range.subnet.id === subnet.id));
  const served = withRange.filter((subnet) => isServed(subnet.vlan));
  const theme = text("theme");
  return {
    site: { isDone: isSet("maas_name") || isSet("theme"), text: `It is called ${text("maas_name") || "ironraft"}${theme === "" ? "" : `, in ${theme}`}` },
    names: { isDone: text("upstream_dns") !== "", text: text("upstream_dns") === "" ? "Names that are not of this site are not found" : `Other names are asked of ${text("upstream_dns")}` },
    keys: { isDone: found.keys > 0, text: found.keys === 0 ? "You have none: nobody could log in to what you deploy" : `You have ${found.keys}` },
    subnet: {
      isDone: withRange.length > 0,
      text: withRange.length > 0 ? `${named(withRange)} with a dynamic range` : found.subnets.length > 0 ? `${named(found.subnets)}, but without a dynamic range` : "There is none",
    },
    dhcp: { isDone: served.length > 0, text: served.length > 0 ? `It is answered in ${named(served)}` : "It is answered nowhere: no machine can boot from the network" },
    images: { isDone: found.images.length > 0, text: found.images.length === 0 ? "There is none: nothing can be deployed" : found.images.slice(0, 4).join(", ") + (found.images.length > 4 ? ` and ${found.images.length - 4} more` : "") },
  };
}

function named(subnets: readonly { cidr: string }[]): string {
  const first = subnets.slice(0, 3).map((subnet) => subnet.cidr).join(", ");
  return subnets.length > 3 ? `${first} and ${subnets.length - 3} more` : first;
}

/** The step to begin with: the first that is not done. */
export function firstOpen(all: Record<Step, Standing>): Step | null {
  return STEPS.find((step) => !all[step].isDone) ?? null;
}
