/** What can be done to many machines at once, by the menu that it stands in. */

import { COMMENT } from "../machine/actions";
import type { Verb } from "../operations/Bulk";

type MachineVerb = Verb<"machines">;

const LIFE: readonly MachineVerb[] = [
  { id: "commission", label: "Commission", detail: "Examine the hardware", verb: "commission" },
  {
    id: "deploy",
    label: "Deploy…",
    detail: "Install an operating system",
    verb: "deploy",
    fields: [{ name: "osystem", label: "Operating system", placeholder: "debian" }, { name: "distro_series", label: "Release", placeholder: "bookworm" }, COMMENT],
  },
  {
    id: "release",
    label: "Release…",
    detail: "Take them back from their owners",
    verb: "release",
    isDangerous: true,
    fields: [
      { name: "erase", label: "Erase the disks", kind: "checkbox", help: "By themselves if they can, else in full, which takes hours, unless the site has it otherwise." },
      { name: "quick_erase", label: "Erase quickly", kind: "checkbox", help: "Only signatures and both ends of disks that do not erase themselves." },
      COMMENT,
    ],
  },
  { id: "abort", label: "Abort", detail: "Give up what is under way", verb: "abort", fields: [COMMENT] },
  { id: "rescue", label: "Enter rescue mode", verb: "rescue-mode" },
  { id: "exit-rescue", label: "Exit rescue mode", verb: "exit-rescue-mode" },
];

const POWER: readonly MachineVerb[] = [
  { id: "on", label: "Power on", verb: "power-on", fields: [COMMENT] },
  { id: "off", label: "Power off", detail: "At once, without a word to the system", verb: "power-off", isDangerous: true, fields: [COMMENT] },
];

const MORE: readonly MachineVerb[] = [
  { id: "pool", label: "Move to a pool…", verb: "update", fields: [{ name: "pool", label: "Resource pool", isNeeded: true }] },
  { id: "zone", label: "Move to a zone…", verb: "update", fields: [{ name: "zone", label: "Availability zone", isNeeded: true }] },
  { id: "lock", label: "Lock", detail: "No release, deletion or edit", verb: "lock", fields: [COMMENT] },
  { id: "unlock", label: "Unlock", verb: "unlock", fields: [COMMENT] },
  { id: "broken", label: "Mark broken", verb: "mark-broken", fields: [COMMENT] },
  { id: "fixed", label: "Mark fixed", verb: "mark-fixed", fields: [COMMENT] },
  { id: "use", label: "Use although tests failed", verb: "override-failed-testing", fields: [COMMENT] },
  { id: "delete", label: "Delete", detail: "Forget them", verb: "delete", isDangerous: true },
];

export const MENUS: readonly (readonly [label: string, verbs: readonly MachineVerb[]])[] = [
  ["Life", LIFE],
  ["Power", POWER],
  ["More", MORE],
];
