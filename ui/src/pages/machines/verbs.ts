/** What can be done to machines, to one or to many. */

import type { Field } from "../../form/ResourceForm";

export interface Verb {
  id: string;
  label: string;
  /** What it does, where the label does not say it. */
  detail?: string | undefined;
  /** The verb of the API. */
  verb: string;
  group: "life" | "power" | "more";
  isDangerous?: boolean;
  /** What it can be told. */
  fields?: readonly Field[];
  /** What it is always told. */
  fixed?: Record<string, unknown>;
}

const COMMENT: Field = { name: "comment", label: "Why", help: "It stands in the event log." };

export const VERBS: readonly Verb[] = [
  { id: "commission", label: "Commission", detail: "Examine the hardware", verb: "commission", group: "life" },
  {
    id: "deploy",
    label: "Deploy…",
    detail: "Install an operating system",
    verb: "deploy",
    group: "life",
    fields: [
      { name: "osystem", label: "Operating system", placeholder: "debian" },
      { name: "distro_series", label: "Release", placeholder: "bookworm" },
      COMMENT,
    ],
  },
  {
    id: "release",
    label: "Release…",
    detail: "Take them back from their owners",
    verb: "release",
    group: "life",
    isDangerous: true,
    fields: [{ name: "erase", label: "Erase the disks", kind: "checkbox" }, COMMENT],
  },
  { id: "abort", label: "Abort", detail: "Give up what is under way", verb: "abort", group: "life", fields: [COMMENT] },
  { id: "rescue", label: "Enter rescue mode", verb: "rescue-mode", group: "life" },
  { id: "exit-rescue", label: "Exit rescue mode", verb: "exit-rescue-mode", group: "life" },
  { id: "on", label: "Power on", verb: "power-on", group: "power" },
  { id: "off", label: "Power off", verb: "power-off", group: "power", isDangerous: true },
  {
    id: "off-soft",
    label: "Shut down",
    detail: "Ask the system to stop",
    verb: "power-off",
    group: "power",
    fixed: { stop_mode: "soft" },
  },
  { id: "pool", label: "Move to a pool…", verb: "update", group: "more", fields: [{ name: "pool", label: "Resource pool", isNeeded: true }] },
  { id: "zone", label: "Move to a zone…", verb: "update", group: "more", fields: [{ name: "zone", label: "Availability zone", isNeeded: true }] },
  { id: "lock", label: "Lock", detail: "No release, deletion or edit", verb: "lock", group: "more", fields: [COMMENT] },
  { id: "unlock", label: "Unlock", verb: "unlock", group: "more", fields: [COMMENT] },
  { id: "broken", label: "Mark broken", verb: "mark-broken", group: "more", fields: [COMMENT] },
  { id: "fixed", label: "Mark fixed", verb: "mark-fixed", group: "more", fields: [COMMENT] },
  { id: "delete", label: "Delete", detail: "Forget them", verb: "delete", group: "more", isDangerous: true },
];
