/** What groups give, in words. */

export interface Entitlement {
  resource_type: "maas" | "pool";
  resource_id: number;
  entitlement: string;
}

export interface Group {
  id: number;
  name: string;
  description: string;
}

export interface Member {
  username: string;
  email: string;
}

/** What can be given, with what it allows; the first four on a pool, too. */
export const ENTITLEMENTS: Readonly<Record<string, string>> = {
  can_view_available_machines: "see free machines",
  can_view_machines: "see all machines",
  can_deploy_machines: "take free machines and deploy to them",
  can_edit_machines: "do everything to machines, whoever has them",
  can_view_global_entities: "see networks, names, zones, tags, devices and settings",
  can_edit_global_entities: "change networks, names, zones and tags",
  can_view_controllers: "see racks and regions",
  can_edit_controllers: "change racks and regions",
  can_view_identities: "see groups",
  can_edit_identities: "make and delete users, and change groups",
  can_view_configurations: "see settings and package repositories",
  can_edit_configurations: "change settings and package repositories",
  can_view_notifications: "see messages to others",
  can_edit_notifications: "write messages",
  can_view_boot_entities: "see boot sources",
  can_edit_boot_entities: "change images and boot sources",
  can_view_license_keys: "see licence keys",
  can_edit_license_keys: "change licence keys",
  can_view_devices: "see all devices",
  can_view_ipaddresses: "see the addresses that others reserved",
  can_view_dnsrecords: "see domains and their records",
};

/** Those that can be given on one pool. */
export const OF_POOLS: readonly string[] = ["can_view_available_machines", "can_view_machines", "can_deploy_machines", "can_edit_machines"];

/** What an entitlement allows. */
export function allowed(entitlement: string): string {
  return ENTITLEMENTS[entitlement] ?? entitlement;
}

/** On what something is given. */
export function scopeOf(given: Entitlement, pools: ReadonlyMap<number, string>): string {
  if (given.resource_type === "maas") return "The whole site";
  return `Pool ${pools.get(given.resource_id) ?? given.resource_id}`;
}

/** A user of a provider has no password here. */
export function kindOf(user: { is_superuser: boolean; is_local: boolean }): string {
  return user.is_superuser ? "Administrator" : "User";
}
