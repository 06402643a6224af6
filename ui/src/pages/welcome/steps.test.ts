import { expect, test } from "vitest";

import type { Found } from "./steps";
import { firstOpen, standing } from "./steps";

const NEW: Found = {
  settings: new Map<string, unknown>([["maas_name", "ironraft"], ["theme", ""], ["upstream_dns", null]]),
  defaults: new Map<string, unknown>([["maas_name", "ironraft"], ["theme", ""], ["upstream_dns", null]]),
  keys: 0,
  subnets: [],
  ranges: [],
  images: [],
};

const subnet = (dhcp_on: boolean) => ({ id: 1, cidr: "10.20.0.0/24", vlan: { dhcp_on } }) as unknown as Found["subnets"][number];
const range = { type: "dynamic", start_ip: "10.20.0.100", end_ip: "10.20.0.199", subnet: { id: 1 } };

test("a new site has everything before it, and begins with its name", () => {
  const all = standing(NEW);
  expect(Object.values(all).some((step) => step.isDone)).toBe(false);
  expect(firstOpen(all)).toBe("site");
});

test("what is there is done, whoever made it and wherever", () => {
  const settings = new Map<string, unknown>([...NEW.settings, ["maas_name", "Berlin"], ["upstream_dns", "9.9.9.9"]]);
  const half = standing({ ...NEW, settings, keys: 2, subnets: [subnet(false)] });
  expect(half.names.text).toBe("Other names are asked of 9.9.9.9");
  expect(half.subnet).toEqual({ isDone: false, text: "10.20.0.0/24, but without a dynamic range" });
  expect(firstOpen(half)).toBe("subnet");
  const more = standing({ ...NEW, settings, keys: 2, subnets: [subnet(false)], ranges: [range] });
  expect(firstOpen(more)).toBe("dhcp");
  const all = standing({ ...NEW, settings, keys: 2, subnets: [subnet(true)], ranges: [range], images: ["debian/bookworm"] });
  expect(all.dhcp.text).toBe("It is answered in 10.20.0.0/24");
  expect(firstOpen(all)).toBeNull();
});
