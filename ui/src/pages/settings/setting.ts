/** What is said of a setting, and which of them belong together. */

import type { Item } from "../../api/resources";
import type { Field, Value } from "../../form/Fields";

export type Setting = Item<"settings">;

interface Section {
  id: string;
  title: string;
  /** What is in it, by the names of MAAS. */
  has: RegExp;
}

/** In this order; what no other one has is in the last. */
export const SECTIONS: readonly Section[] = [
  { id: "site", title: "Site", has: /^(maas_name|theme|session_length|completed_intro|enable_analytics|release_notifications|tls_.*)$/ },
  { id: "deployment", title: "Deployment", has: /^(default_(osystem|distro_series|min_hwe_kernel|storage_layout|boot_interface_link_type)|kernel_opts|commissioning_.*|enlist_.*|curtin_.*|disk_erase.*|enable_(disk_erasing|kernel_crash|third_party).*|hardware_sync_.*|node_timeout|windows_.*|boot_images_.*|max_node_.*|force_v1_.*)$/ },
  { id: "networks", title: "Networks", has: /^(.*dns.*|ntp_.*|.*proxy.*|.*syslog.*|network_discovery|active_discovery_.*|dhcp_.*|maas_internal_domain|auto_vlan_.*|allow_only_.*|subnet_.*)$/ },
  { id: "hardware", title: "Hardware", has: /^(maas_auto_ipmi_.*|vcenter_.*)$/ },
  { id: "upkeep", title: "Upkeep", has: /./ },
];

export function sectionOf(name: string): string {
  return SECTIONS.find((section) => section.has.test(name))?.id ?? "upkeep";
}

/** Settings with few values. */
const CHOICES: Record<string, readonly string[]> = { network_discovery: ["enabled", "disabled"] };

/** The field of a form that sets it. */
export function fieldOf(setting: Setting): Field {
  const label = setting.name;
  const help = setting.doc;
  const choices = CHOICES[setting.name];
  if (choices !== undefined) return { name: setting.name, label, help, kind: "select", options: choices.map((value) => ({ value, label: value })) };
  if (typeof setting.default === "boolean") return { name: setting.name, label, help, kind: "checkbox" };
  if (typeof setting.default === "number") return { name: setting.name, label, help, kind: "number", placeholder: String(setting.default) };
  return { name: setting.name, label, help, placeholder: typeof setting.default === "string" ? setting.default : "none" };
}

/** What stands in the field. */
export function fieldValue(value: unknown): Value {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? value : "";
}

/** A value in words. */
export function settingInWords(value: unknown): string {
  if (value === null || value === undefined || value === "") return "Not set";
  if (typeof value === "boolean") return value ? "Yes" : "No";
  if (typeof value === "number") return value.toLocaleString("en");
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** Whether it is as it would be unless it was set. */
export function isDefault(setting: Setting): boolean {
  const plain = (value: unknown) => (value === null || value === undefined ? "" : JSON.stringify(value) === '""' ? "" : JSON.stringify(value));
  return plain(setting.value) === plain(setting.default);
}

/** Who reads it, in words. */
export function readerInWords(setting: Pick<Setting, "read_by">): string {
  if (setting.read_by === "ironraft") return "Regions and racks act by it";
  if (setting.read_by === "clients") return "Kept for clients, as this page";
  return "Nothing reads it";
}
