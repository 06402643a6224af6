/** When the network and the storage of a machine may be changed; otherwise why not. */

import type { Machine } from "../../api/resources";

type Standing = Pick<Machine, "status_name" | "locked">;

/** The statuses in which interfaces are configured. */
export const NETWORK_STATUSES = ["New", "Ready", "Failed testing", "Allocated", "Broken"] as const;
const RESTORED = ["Ready", "Failed testing"] as const;

/** Why its interfaces cannot be changed now; null when they can. */
export const networkRefusal = (machine: Standing) => refusalIn(machine, NETWORK_STATUSES);

/** Why what commissioning found cannot be restored now. */
export const restoreRefusal = (machine: Standing) => refusalIn(machine, RESTORED);

/** Why disks cannot be divided and combined now. */
export const layoutRefusal = (machine: Standing) => refusalIn(machine, ["Ready"]);

/** Why filesystems cannot be made and mounted now. */
export const mountRefusal = (machine: Standing) => refusalIn(machine, ["Ready", "Allocated"]);

/** Why what a disk is told apart by cannot be changed now: after a repair it is. */
export const identityRefusal = (machine: Standing) => refusalIn(machine, ["Ready", "Deployed"]);

function refusalIn(machine: Standing, statuses: readonly string[]): string | null {
  if (machine.locked) return "It is locked: unlock it first.";
  if (statuses.includes(machine.status_name)) return null;
  return `Only while its status is ${anyOf(statuses)}: it is ${machine.status_name} now.`;
}

function anyOf(words: readonly string[]): string {
  return words.length === 1 ? (words[0] ?? "") : `${words.slice(0, -1).join(", ")} or ${words.at(-1) ?? ""}`;
}
