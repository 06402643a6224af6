/** What can be done with one machine: when, what it is told, what will happen, and the request that it is. */

import type { Change } from "../../api/changes";
import { quoted } from "../../api/changes";
import type { Machine } from "../../api/resources";
import { pathOf } from "../../api/resources";
import type { Field, Values } from "../../form/Fields";
import { restoreRefusal } from "./changeable";
import { disksOf } from "./storage/shapes";
import { userData } from "./userData";

export interface Action {
  id: string;
  label: string;
  /** What the button of its dialog says, where the label is not it. */
  does?: string;
  /** What will happen, in sentences. */
  explains: (machine: Machine, values?: Values) => string;
  group: "life" | "power" | "care";
  /** The statuses that allow it, in MAAS's words; all without. */
  statuses?: readonly string[];
  /** The statuses that do not. */
  notIn?: readonly string[];
  /** Why not, where the status does not say it. */
  refuses?: (machine: Machine) => string | null;
  fields?: readonly Field[];
  isDangerous?: boolean;
  /** Whether its revision can be taken back. */
  isReversible?: boolean;
  /** Whether it may be done with a locked machine. */
  isForLocked?: boolean;
  done: (machine: Machine) => string;
}

/** Why it is done. */
export const COMMENT: Field = { name: "comment", label: "Why", help: "It stands in the timeline and in the event log." };

const IDLE = ["New", "Failed commissioning", "Failed testing", "Ready", "Allocated", "Deployed", "Failed deployment", "Failed disk erasing", "Reserved", "Retired", "Missing"];
const IN_RESCUE = ["Entering rescue mode", "Rescue mode", "Failed to enter rescue mode", "Failed to exit rescue mode"];
const EXAMINED = ["New", "Failed commissioning", "Failed testing", "Ready", "Broken"];
const UNBREAKABLE = ["Broken", "Entering rescue mode", "Rescue mode", "Exiting rescue mode", "Reserved", "Retired", "Missing"];

/** Nobody switches a machine whose driver is `manual`. */
function byHand(machine: Machine): string | null {
  return machine.power_type === "manual" || machine.power_type === "" ? "Nobody can switch it: its power type is manual. Set one in its configuration." : null;
}

const boots = (machine: Machine) => (byHand(machine) === null ? "It is started from the network" : "Somebody has to start it from the network");

/** What a deployment does to its disks: those that were never laid out are left alone but for the one that it boots from. */
function writes(machine: Machine): string {
  const { physicalblockdevice_set: disks, virtualblockdevice_set: made } = disksOf(machine);
  const isLaidOut = made.length > 0 || disks.some((disk) => disk.partitions.length > 0 || (disk.filesystem !== null && disk.filesystem !== undefined));
  if (isLaidOut) return "all of its disks are emptied and laid out as its storage says, an operating system is written to them, and it restarts from there. What was on them is lost.";
  return `an operating system is written to ${machine.boot_disk?.name ?? "its disk"}, and it restarts from there. What was on that disk is lost.`;
}

const IN_MEMORY = "an operating system is unpacked into its memory and runs there. Its disks stay as they are. Every start of the machine begins anew: what the system has written is gone then.";

export const ACTIONS: readonly Action[] = [
  {
    id: "commission",
    label: "Commission",
    group: "life",
    statuses: EXAMINED,
    explains: (machine) => `${boots(machine)} with a small system that reads its hardware, and is switched off again. What is on its disks stays.`,
    done: (machine) => `${machine.hostname} is being commissioned`,
  },
  {
    id: "allocate",
    label: "Allocate",
    group: "life",
    statuses: ["Ready"],
    explains: () => "It becomes yours: nobody else gets it until you release it. Nothing is switched or installed.",
    done: (machine) => `${machine.hostname} is yours`,
  },
  {
    id: "deploy",
    label: "Deploy…",
    does: "Deploy",
    group: "life",
    statuses: ["Ready", "Allocated"],
    explains: (machine, values = {}) => `${boots(machine)}, ${values.ephemeral_deploy === true ? IN_MEMORY : writes(machine)}`,
    done: (machine) => `${machine.hostname} is being deployed`,
  },
  {
    id: "release",
    label: "Release…",
    does: "Release",
    group: "life",
    statuses: ["Allocated", "Deploying", "Failed deployment", "Deployed", "Releasing failed", "Failed disk erasing"],
    isDangerous: true,
    explains: (machine) =>
      `It is taken back from ${machine.owner ?? "its owner"} and switched off, its addresses and credentials end, and others may have it. Without erasing, what is on its disks stays there for whoever gets it next.`,
    fields: [
      { name: "erase", label: "Erase the disks first", kind: "checkbox", help: "By themselves if they can, else in full, which takes hours, unless the site has it otherwise. It may want it always." },
      { name: "quick_erase", label: "Erase quickly", kind: "checkbox", help: "Only signatures and both ends of disks that do not erase themselves: what was on them can be restored with tools." },
      COMMENT,
    ],
    done: (machine) => `${machine.hostname} is being released`,
  },
  {
    id: "abort",
    label: "Abort…",
    does: "Abort",
    group: "life",
    statuses: ["Commissioning", "Testing", "Deploying", "Disk erasing"],
    isDangerous: true,
    explains: (machine) => `${machine.status_name} ends where it is, and the machine is switched off.`,
    fields: [COMMENT],
    done: (machine) => `${machine.hostname}: ${machine.status_name.toLowerCase()} was ended`,
  },
  {
    id: "override-failed-testing",
    label: "Use although tests failed…",
    does: "Use it",
    group: "life",
    statuses: ["Failed testing"],
    explains: () => "It counts as working, and others may have it.",
    fields: [COMMENT],
    done: (machine) => `${machine.hostname} is in use although its tests failed`,
  },
  {
    id: "rescue-mode",
    label: "Enter rescue mode",
    group: "life",
    statuses: [...IDLE, "Broken", "Failed to enter rescue mode"],
    explains: (machine) => `${boots(machine)} with a small system in memory, in which ${machine.owner ?? "its owner"} and you can log in by SSH keys. A running system on it is stopped; its disks stay as they are.`,
    isDangerous: true,
    done: (machine) => `${machine.hostname} enters rescue mode`,
  },
  {
    id: "exit-rescue-mode",
    label: "Exit rescue mode",
    group: "life",
    statuses: IN_RESCUE,
    explains: () => "It goes back to what it was before: a deployed system starts again.",
    done: (machine) => `${machine.hostname} leaves rescue mode`,
  },
  {
    id: "power-on",
    label: "Power on",
    group: "power",
    refuses: (machine) => byHand(machine) ?? (machine.owner === null ? "It has no owner: allocate it first." : null),
    explains: () => "It is switched on, and boots whatever comes first.",
    fields: [COMMENT],
    done: (machine) => `${machine.hostname} is being switched on`,
  },
  {
    id: "power-off",
    label: "Power off…",
    does: "Power off",
    group: "power",
    refuses: byHand,
    isDangerous: true,
    explains: () => "It is switched off at once, without a word to the system on it: what that has not written is lost.",
    fields: [COMMENT],
    done: (machine) => `${machine.hostname} is being switched off`,
  },
  {
    id: "mark-broken",
    label: "Mark broken…",
    does: "Mark broken",
    group: "care",
    notIn: UNBREAKABLE,
    explains: () => "It is out of use until somebody marks it fixed. What is under way ends.",
    fields: [{ ...COMMENT, label: "What is wrong", placeholder: "Fan 3 stands still" }],
    done: (machine) => `${machine.hostname} is broken`,
  },
  {
    id: "mark-fixed",
    label: "Mark fixed…",
    does: "Mark fixed",
    group: "care",
    statuses: ["Broken"],
    explains: () => "It works again, and others may have it.",
    fields: [COMMENT],
    done: (machine) => `${machine.hostname} is fixed`,
  },
  {
    id: "lock",
    label: "Lock…",
    does: "Lock",
    group: "care",
    statuses: ["Deployed", "Deploying"],
    refuses: (machine) => (machine.locked ? "It is locked." : null),
    isReversible: true,
    explains: () => "Nobody releases, deletes, switches or edits it until it is unlocked.",
    fields: [COMMENT],
    done: (machine) => `${machine.hostname} is locked`,
  },
  {
    id: "unlock",
    label: "Unlock…",
    does: "Unlock",
    group: "care",
    refuses: (machine) => (machine.locked ? null : "It is not locked."),
    isForLocked: true,
    isReversible: true,
    explains: () => "It can be released, deleted, switched and edited again.",
    fields: [COMMENT],
    done: (machine) => `${machine.hostname} is unlocked`,
  },
  {
    id: "restore-default-configuration",
    label: "Restore network and disks…",
    does: "Restore them",
    group: "care",
    refuses: restoreRefusal,
    isDangerous: true,
    isReversible: true,
    explains: () => "Its network is that of its hardware again, and its disks are laid out as the site has it: as after commissioning. What was configured of both goes; what is on the disks stays until it is deployed.",
    done: (machine) => `The network and the disks of ${machine.hostname} are as after commissioning`,
  },
  {
    id: "delete",
    label: "Delete…",
    does: "Delete",
    group: "care",
    isDangerous: true,
    explains: (machine) => `${machine.hostname} is forgotten, with its addresses, names and history here. It is not switched off. When it boots from the network again, it comes back as a new machine.`,
    done: (machine) => `${machine.hostname} was deleted`,
  },
];

/** Why something cannot be done with a machine now; null when it can. */
export function refusalOf(action: Action, machine: Machine): string | null {
  if (machine.locked && action.isForLocked !== true) return "It is locked: unlock it first.";
  const isRuledOut = action.statuses?.includes(machine.status_name) === false || action.notIn?.includes(machine.status_name) === true;
  if (isRuledOut) return `Not while its status is ${machine.status_name}.`;
  return action.refuses?.(machine) ?? null;
}

/** What makes most sense in each status, the first one first. */
const NEXT: Record<string, readonly string[]> = {
  New: ["commission"],
  Commissioning: ["abort"],
  Testing: ["abort"],
  Ready: ["deploy", "allocate"],
  Allocated: ["deploy", "release"],
  Deploying: ["abort"],
  Deployed: ["release"],
  "Failed commissioning": ["commission", "mark-broken"],
  "Failed testing": ["commission", "override-failed-testing"],
  "Failed deployment": ["release", "mark-broken"],
  "Releasing failed": ["release", "mark-broken"],
  "Disk erasing": ["abort"],
  "Failed disk erasing": ["release", "mark-broken"],
  Broken: ["mark-fixed", "commission"],
  "Entering rescue mode": ["exit-rescue-mode"],
  "Rescue mode": ["exit-rescue-mode"],
  "Failed to enter rescue mode": ["exit-rescue-mode", "rescue-mode"],
  "Failed to exit rescue mode": ["exit-rescue-mode", "mark-broken"],
};

/** What is offered as buttons, the first one first. */
export function offered(machine: Machine): Action[] {
  const ids = machine.locked ? ["unlock"] : (NEXT[machine.status_name] ?? []);
  return ids.flatMap((id) => ACTIONS.filter((action) => action.id === id && refusalOf(action, machine) === null));
}

/** The action that a request of the API is: what a timeline says would help. */
export function actionAt(method: string, path: string): Action | null {
  if (method !== "POST") return null;
  return ACTIONS.find((action) => path.endsWith(`/${action.id}`)) ?? null;
}

/** An action on a machine as a request. */
export function changeOf(action: Action, machine: Machine, values: Values): Change {
  const told = Object.fromEntries(Object.entries(values).filter(([, value]) => value !== "" && value !== null && value !== false));
  const path = pathOf("machines", machine.system_id);
  if (action.id === "delete") return { method: "DELETE", path };
  if (action.id === "allocate") return { method: "POST", path: `${pathOf("machines")}/allocate`, body: { system_id: machine.system_id } };
  if (action.id === "deploy") {
    const { image, user_data, ...rest } = told;
    const [osystem, distro_series] = String(image ?? "").split("/");
    const chosen = image === undefined ? {} : { osystem, distro_series };
    return { method: "POST", path: `${path}/deploy`, body: { ...chosen, ...rest, ...(typeof user_data === "string" ? { user_data: userData(user_data) } : {}) } };
  }
  return { method: "POST", path: `${path}/${action.id}`, body: told };
}

const COMMANDS: Record<string, string> = { "rescue-mode": "rescue", "exit-rescue-mode": "end-rescue", "power-on": "power on", "power-off": "power off" };

/** The same for a shell. */
export function cliOf(action: Action, machine: Machine, change: Change): string {
  if (action.id === "allocate") return `ironraft machine allocate system_id=${machine.system_id}`;
  const told = Object.entries((change.body ?? {}) as Record<string, unknown>).map(([name, value]) => word(`${name}=${String(value)}`));
  return ["ironraft machine", COMMANDS[action.id] ?? action.id, word(machine.hostname), ...told].join(" ");
}

function word(text: string): string {
  return /^[\w.,:/@%+=-]+$/.test(text) ? text : quoted(text);
}
