/** What the interfaces of a machine would look like with what is asked for: as far as a picture needs it. */

import type { Drawn } from "./graph";
import type { Kind } from "./stack";
import { kindOf } from "./stack";

/** No interface has it. */
const NEW_ID = -1;

/** An interface that is asked for. */
export interface Wanted {
  kind: Kind;
  name: string;
  parents: readonly string[];
  vid?: number;
}

/** The interfaces with another one, which takes over nothing yet: how it is addressed comes afterwards. */
export function withNew(all: readonly Drawn[], { kind, name, parents, vid }: Wanted): Drawn[] {
  // What a bond or bridge is made of has no addresses any more.
  const isTaken = (found: Drawn) => kind !== "vlan" && parents.includes(found.name);
  const others = all.map((found) => (isTaken(found) ? { ...found, links: [] } : found));
  return [...others, { id: NEW_ID, name: name === "" ? "new" : name, type: kind, parents, enabled: true, links: [], vlan: vid === undefined ? null : { vid }, isNew: true }];
}

/** What of an interface is changed. */
export interface Changed {
  name: string;
  enabled: boolean;
  parents: readonly string[];
  vlan: { vid: number } | null;
}

/** The interfaces with changes of one of them: what is made of it follows its name, and what it is made of now has no addresses. */
export function withChanged(all: readonly Drawn[], found: Drawn, { name, enabled, parents, vlan }: Changed): Drawn[] {
  const joins = kindOf(found) === "vlan" ? [] : parents.filter((parent) => !found.parents.includes(parent));
  return all.map((other) => {
    if (other.id === found.id) return { ...other, name: name === "" ? other.name : name, enabled, parents, vlan, isNew: true };
    const followed = other.parents.map((parent) => (parent === found.name && name !== "" ? name : parent));
    return { ...other, parents: followed, links: joins.includes(other.name) ? [] : other.links };
  });
}

/** The interfaces with one fewer link of one of them, or with none. */
export function withoutLink(all: readonly Drawn[], id: number, link?: Drawn["links"][number]): Drawn[] {
  return all.map((found) => (found.id === id ? { ...found, links: link === undefined ? [] : found.links.filter((other) => other !== link), isNew: true } : found));
}

/** The interfaces with another link of one of them. */
export function withLink(all: readonly Drawn[], id: number, link: Drawn["links"][number], isAlone: boolean): Drawn[] {
  return all.map((found) => {
    if (found.id !== id) return found;
    // "No address" is what an interface has that has nothing else.
    const kept = isAlone ? [] : found.links.filter((other) => other.mode !== "link_up");
    return { ...found, links: [...kept, link], isNew: true };
  });
}

/** The interfaces without what is removed: what was made of it alone goes with it. */
export function without(all: readonly Drawn[], name: string): Drawn[] {
  const gone = new Set([name]);
  for (let before = 0; before !== gone.size; ) {
    before = gone.size;
    for (const found of all) if (found.parents.length > 0 && found.parents.every((parent) => gone.has(parent))) gone.add(found.name);
  }
  return all.filter((found) => !gone.has(found.name)).map((found) => ({ ...found, parents: found.parents.filter((parent) => !gone.has(parent)) }));
}
