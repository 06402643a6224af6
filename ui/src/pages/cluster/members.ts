/** The members of the cluster as one region sees them: what that means, and what there is to do. */

import { useRead } from "../../api/lists";
import type { components } from "../../api/schema";
import { useFreshness } from "../../live/freshness";
import { bytesInWords } from "../../parts/bytes";
import { count } from "../../parts/PlanView";
import type { Tone } from "../../parts/Status";
import { inWords } from "../../parts/Status";
import type { Finding } from "../../parts/Verdict";

export type Cluster = components["schemas"]["Cluster"];
export type Member = Cluster["members"][number];

/** How often it is read: who leads, and how far each one is, changes no object. */
const AGAIN_MS = 5_000;

/** The cluster, also without a quorum: then `hasQuorum` is false, and it is what one region knows. */
export function useCluster() {
  const read = useRead<Cluster>("/api/v1/cluster", "regions", {}, AGAIN_MS);
  const { oldSince } = useFreshness();
  return { ...read, oldSince, hasQuorum: oldSince === null && read.value !== undefined && hearsLeader(read.value) };
}

/** How many of some voters may fail while the others decide. */
export function mayLose(voters: number): number {
  return Math.max(0, voters - (Math.floor(voters / 2) + 1));
}

export function hearsLeader(cluster: Cluster): boolean {
  return cluster.leader !== null && cluster.leader !== undefined;
}

/** For how long a member may be silent; regions ask each other twice a second. */
const SILENT_MS = 5_000;

/** Whether a member answers the region that answers. */
export function isHeard(member: Member): boolean {
  return member.last_contact_ms !== null && member.last_contact_ms !== undefined && member.last_contact_ms <= SILENT_MS;
}

/** From how many entries on a member that votes is not up to date enough to be counted on. */
const BEHIND = 1_000;

/** Whether a member is silent, or so far behind that it does not count. */
function isBehind(member: Member): boolean {
  return !isHeard(member) || (member.lag ?? 0) > BEHIND;
}

const voters = (cluster: Cluster) => cluster.members.filter((member) => member.voter);

/** How many more nodes may fail now: those that are behind count as failed already. */
export function spareOf(cluster: Cluster): number {
  return Math.max(0, cluster.may_fail - voters(cluster).filter(isBehind).length);
}

/** The same in words: `Can lose 1 more node`. */
export function spareInWords(cluster: Cluster): string {
  const spare = spareOf(cluster);
  return spare === 0 ? "Can lose no more nodes" : `Can lose ${count(spare, "more node")}`;
}

/** What a region is called: its host, or its address as long as it is not registered. */
export function nameOf(member: Member): string {
  return member.hostname === "" ? member.address : member.hostname;
}

/** Whose view it is. */
export function seenBy(cluster: Cluster): string {
  const own = cluster.members.find((member) => member.node_id === cluster.seen_by);
  return own === undefined ? `node ${cluster.seen_by}` : nameOf(own);
}

/** What a member is: whether it leads and votes as the answering region knows it, and what it said itself. */
export function roleOf(cluster: Cluster, member: Member): { tone: Tone; word: string } {
  if (member.leads) return { tone: "good", word: "Leader" };
  if (member.node_id === cluster.seen_by && cluster.role !== "leader") return { tone: cluster.role === "follower" ? "neutral" : "warn", word: inWords(cluster.role) };
  if (!isHeard(member)) return { tone: "bad", word: "Silent" };
  if (!member.voter) return { tone: "busy", word: "Learner" };
  if (member.role === "candidate" || member.role === "stopping") return { tone: "warn", word: inWords(member.role) };
  return { tone: "neutral", word: hearsLeader(cluster) ? "Follower" : "Voter" };
}

/** How far a member is behind the leader. */
export function lagOf(cluster: Cluster, member: Member): { tone: Tone; word: string } | null {
  if (member.leads || !hearsLeader(cluster) || !isHeard(member) || member.lag === null || member.lag === undefined) return null;
  if (member.lag > BEHIND) return { tone: "warn", word: count(member.lag, "entry", "entries") };
  return { tone: "good", word: member.lag === 0 ? "None" : count(member.lag, "entry", "entries") };
}

/** When a member answered the region that answers. */
export function contactOf(cluster: Cluster, member: Member): { tone: Tone; word: string } {
  if (member.node_id === cluster.seen_by) return { tone: "neutral", word: "Answers here" };
  const ms = member.last_contact_ms;
  if (ms === null || ms === undefined) return { tone: "bad", word: "Never" };
  return isHeard(member) ? { tone: "good", word: "Now" } : { tone: "bad", word: `${Math.round(ms / 1000).toLocaleString("en")} s ago` };
}

/** When a disk is told of: twice what a region needs to take changes, of which the lesser counts, too. */
const DISK_LOW_BYTES = 4 * 1024 ** 3;
const DISK_LOW_SHARE = 0.2;

/** How much of the disk of a member is free. */
export function diskOf(member: Member): { tone: Tone; word: string } | null {
  const { disk_bytes: size, disk_free_bytes: free } = member;
  if (size === null || size === undefined || free === null || free === undefined) return null;
  return { tone: free < Math.min(DISK_LOW_BYTES, size * DISK_LOW_SHARE) ? "warn" : "good", word: `${bytesInWords(free)} free` };
}

/** From which difference on a clock is told of, in milliseconds: that of the command line. */
const CLOCK_MS = 1_000;

/** How far a clock is from that of the region that answers. */
export function clockOf(cluster: Cluster, member: Member): { tone: Tone; word: string } | null {
  if (member.node_id === cluster.seen_by) return cluster.clock_refusal === null || cluster.clock_refusal === undefined ? { tone: "good", word: "In use" } : { tone: "bad", word: "Not used" };
  const ms = member.clock_offset_ms;
  if (ms === null || ms === undefined) return null;
  const far = Math.abs(ms) < 10_000 ? `${Math.abs(ms).toLocaleString("en")} ms` : `${Math.round(Math.abs(ms) / 1000).toLocaleString("en")} s`;
  return { tone: Math.abs(ms) > CLOCK_MS ? "warn" : "good", word: ms === 0 ? "0 ms" : `${far} ${ms > 0 ? "ahead" : "behind"}` };
}

/** What another region would be good for. */
export function next(members: number): string {
  if (members === 0) return "";
  const more = members % 2 === 0 ? 1 : 2;
  return `With ${count(more, "more region")}, ${mayLose(members + more)} may fail.`;
}

/** What the number of regions that vote means while a quorum answers. */
export function explained(cluster: Cluster): string {
  const all = voters(cluster).length;
  if (all === 1) return `There is one region. While it is down nothing can be changed. ${next(all)}`;
  const even = all % 2 === 0 ? ` ${all} regions bear no more than ${all - 1}.` : "";
  return `${cluster.quorum} of ${all} regions have to answer; with fewer nothing can be changed, and racks go on from memory.${even}${cluster.may_fail === 0 ? ` ${next(all)}` : ""}`;
}

const NO_QUORUM =
  "More than half of the regions have to answer, and do not. Racks go on from memory: clients with a lease renew it for 15 to 20 minutes, new ones get addresses for 13 to 15. Bring regions back; nothing has to be repaired then.";

/** What is wrong with the cluster. */
export function findingsOf(cluster: Cluster, hasQuorum: boolean): Finding[] {
  const found: Finding[] = [];
  if (!hasQuorum) {
    found.push({ tone: "bad", text: "No quorum: nothing can be changed", help: NO_QUORUM });
    found.push({ tone: "neutral", text: `This is what ${seenBy(cluster)} alone sees`, help: "Others may see more, or less: ask another region, too." });
  } else if (spareOf(cluster) === 0) {
    found.push({ tone: "warn", text: spareInWords(cluster), help: explained(cluster) });
  }
  if (cluster.clock_refusal !== null && cluster.clock_refusal !== undefined) {
    found.push({ tone: "bad", text: `${seenBy(cluster)} does not use its clock`, help: `It serves nothing that depends on time: ${cluster.clock_refusal}` });
  }
  for (const member of cluster.members) {
    const lag = lagOf(cluster, member);
    if (!isHeard(member)) found.push({ tone: "warn", text: `${nameOf(member)} does not answer ${seenBy(cluster)}`, help: `Heard last: ${contactOf(cluster, member).word.toLowerCase()}. Look at its host and its link${member.voter ? ": until it answers it counts as lost" : ""}.` });
    else if (member.voter && isBehind(member) && lag !== null) found.push({ tone: "warn", text: `${nameOf(member)} is behind`, help: `${lag.word}. Look at its host and its link: until it has caught up it counts as lost.` });
    if (diskOf(member)?.tone === "warn") found.push({ tone: "warn", text: `The disk of ${nameOf(member)} fills up`, help: `${diskOf(member)?.word}. With less than 2 GiB a region takes no changes and does not lead.` });
    if (clockOf(cluster, member)?.tone === "warn") found.push({ tone: "warn", text: `The clock of ${nameOf(member)} is ${clockOf(cluster, member)?.word}`, help: "Look at the time service of both hosts." });
    if (!member.voter) found.push({ tone: "busy", text: `${nameOf(member)} has joined and catches up`, help: "It does not vote yet." });
  }
  const versions = new Set(cluster.members.map((member) => member.version).filter((version) => version !== ""));
  if (versions.size > 1) found.push({ tone: "neutral", text: `The regions have ${versions.size} versions`, help: "Upgrade the others, too: new features wait for the last one." });
  return found;
}

/** What removing one of some regions that vote means for the others. */
export function removal(total: number): string {
  if (total <= 1) return "It is the only region: that is refused.";
  const words = (spare: number) => (spare === 0 ? "none" : String(spare));
  return `${total - 1} of ${total} regions are left. Of those ${words(mayLose(total - 1))} may fail; now it is ${words(mayLose(total))}. It is refused when the others would be no quorum.`;
}
