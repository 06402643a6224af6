/** How interfaces stand on each other: bonds and bridges take the place of what they are made of, VLANs come on top. */

export type Kind = "physical" | "bond" | "bridge" | "vlan";

/** What says where an interface stands. */
export interface Stacked {
  id: number;
  name: string;
  type: string;
  /** The names of those that it is made of. */
  parents: readonly string[];
}

/** An interface in the tree. */
export interface Place<T> {
  found: T;
  depth: number;
  /** What it is, and in or on which other one. */
  words: string;
}

const KINDS: Record<Kind, string> = { physical: "Card", bond: "Bond", bridge: "Bridge", vlan: "VLAN" };

export function kindOf({ type }: Pick<Stacked, "type">): Kind {
  return type === "bond" || type === "bridge" || type === "vlan" ? type : "physical";
}

/** What a kind is called. */
export const kindWords = (kind: Kind) => KINDS[kind];

/** Those that are made of an interface. */
export function above<T extends Stacked>(all: readonly T[], found: Stacked): T[] {
  return all.filter((other) => other.parents.includes(found.name));
}

/** The bond or bridge that has taken the place of an interface. */
export function replacedBy<T extends Stacked>(all: readonly T[], found: Stacked): T | undefined {
  return above(all, found).find((other) => kindOf(other) === "bond" || kindOf(other) === "bridge");
}

/** All interfaces, each once: below a bond or bridge what it is made of, below what VLANs are on these VLANs. */
export function tree<T extends Stacked>(all: readonly T[]): Place<T>[] {
  const told: Place<T>[] = [];
  const known = new Set<number>();
  const add = (found: T, depth: number) => {
    if (known.has(found.id)) return;
    known.add(found.id);
    told.push({ found, depth, words: wordsOf(all, found) });
    const made = kindOf(found) === "bond" || kindOf(found) === "bridge" ? all.filter((other) => found.parents.includes(other.name)) : [];
    const vlans = above(all, found).filter((other) => kindOf(other) === "vlan" && replacedBy(all, other) === undefined);
    for (const next of [...made, ...vlans]) add(next, depth + 1);
  };
  const isRoot = (found: T) => replacedBy(all, found) === undefined && (kindOf(found) !== "vlan" || !all.some((other) => found.parents.includes(other.name)));
  for (const found of all.filter(isRoot)) add(found, 0);
  // What stands on itself, which should not be, is told as well.
  for (const found of all) add(found, 0);
  return told;
}

function wordsOf(all: readonly Stacked[], found: Stacked): string {
  const kind = kindWords(kindOf(found));
  const over = replacedBy(all, found);
  const on = kindOf(found) === "vlan" ? ` on ${found.parents.join(", ")}` : "";
  return `${kind}${on}${over === undefined ? "" : ` in ${over.name}`}`;
}

/** Those that a bond can be made of: hardware that nothing is made of, but perhaps by that bond itself. */
export function bondable<T extends Stacked>(all: readonly T[], own?: Stacked): T[] {
  return all.filter((found) => kindOf(found) === "physical" && above(all, found).every((other) => other.id === own?.id));
}

/** Those that a bridge can be made over, or be moved to: none that is made of that bridge. */
export function bridgeable<T extends Stacked>(all: readonly T[], own?: Stacked): T[] {
  const isFree = (found: T) => [undefined, own?.id].includes(replacedBy(all, found)?.id);
  return all.filter((found) => kindOf(found) !== "bridge" && isFree(found) && !isOn(all, found, own));
}

/** Those that a VLAN can be put on, or be moved to. */
export function taggable<T extends Stacked>(all: readonly T[], own?: Stacked): T[] {
  const isInBond = (found: T) => above(all, found).some((other) => kindOf(other) === "bond");
  return all.filter((found) => kindOf(found) !== "vlan" && !isInBond(found) && !isOn(all, found, own));
}

/** Whether one stands on another, however many are in between. */
function isOn(all: readonly Stacked[], found: Stacked, under: Stacked | undefined, behind: readonly number[] = []): boolean {
  if (under === undefined || behind.includes(found.id)) return false;
  return found.parents.includes(under.name) || all.some((parent) => found.parents.includes(parent.name) && isOn(all, parent, under, [...behind, found.id]));
}
