/** What is set of bonds and bridges. */

import type { Field, Values } from "../../../form/Fields";

const BOND_MODES = [
  ["active-backup", "All over one card, until it fails"],
  ["802.3ad", "As agreed upon with the switch (LACP)"],
  ["balance-rr", "By turns"],
  ["balance-xor", "By a hash of the addresses"],
  ["broadcast", "Everything over all"],
  ["balance-tlb", "What is sent, by load"],
  ["balance-alb", "What is sent and received, by load"],
] as const;
const HASHES = ["layer2", "layer2+3", "layer3+4", "encap2+3", "encap3+4"];
const HASHED = ["802.3ad", "balance-xor", "balance-tlb"];

const plain = (values: readonly string[]) => values.map((value) => ({ value, label: value }));

/** The fields of a bond, by the mode that is chosen. */
export function bondFields(values: Values): Field[] {
  const mode = String(values.bond_mode ?? BOND_MODES[0][0]);
  return [
    { name: "bond_mode", label: "Mode", kind: "select", options: BOND_MODES.map(([value, words]) => ({ value, label: `${value}: ${words}` })) },
    { name: "bond_lacp_rate", label: "LACP rate", kind: "select", options: [{ value: "fast", label: "fast: each second" }, { value: "slow", label: "slow: each 30 seconds" }], isShown: () => mode === "802.3ad" },
    { name: "bond_xmit_hash_policy", label: "Hash of", kind: "select", options: plain(HASHES), isShown: () => HASHED.includes(mode) },
    { name: "bond_num_grat_arp", label: "Announcements after a change", kind: "number", placeholder: "1", isShown: () => mode === "active-backup" },
    { name: "bond_miimon", label: "Look at the links every", kind: "number", placeholder: "100", help: "Milliseconds. 0 does not look." },
    { name: "bond_updelay", label: "Use a link after", kind: "number", placeholder: "0", help: "Milliseconds that it is up." },
    { name: "bond_downdelay", label: "Give a link up after", kind: "number", placeholder: "0", help: "Milliseconds that it is down." },
  ];
}

/** The fields of a bridge. */
export function bridgeFields(values: Values): Field[] {
  return [
    { name: "bridge_type", label: "Kind", kind: "select", options: [{ value: "standard", label: "standard: the kernel's" }, { value: "ovs", label: "ovs: Open vSwitch, which the image must have" }] },
    { name: "bridge_stp", label: "Spanning tree protocol", kind: "checkbox" },
    { name: "bridge_fd", label: "Forward delay", kind: "number", placeholder: "15", help: "Seconds.", isShown: () => values.bridge_stp === true },
  ];
}

const KNOWN = ["bond_mode", "bond_lacp_rate", "bond_xmit_hash_policy", "bond_num_grat_arp", "bond_miimon", "bond_updelay", "bond_downdelay", "bridge_type", "bridge_stp", "bridge_fd", "accept_ra"];

/** What is set of an interface, as fields have it. MAAS says `""` where nothing is. */
export function paramsOf({ params }: { params: unknown }): Values {
  if (typeof params !== "object" || params === null) return {};
  const isValue = (value: unknown) => typeof value === "string" || typeof value === "number" || typeof value === "boolean";
  return Object.fromEntries(Object.entries(params as Record<string, unknown>).filter(([name, value]) => KNOWN.includes(name) && isValue(value))) as Values;
}
