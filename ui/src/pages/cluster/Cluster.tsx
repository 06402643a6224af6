/** The cluster: whether it decides, how many more nodes it can lose, how each member stands, and which racks follow. */

import type { ReactNode } from "react";
import { Link } from "react-router";

import { useFirstPage } from "../../api/lists";
import { PageHeader } from "../../parts/PageHeader";
import { Beside, Note, Panel, Panels, Quiet } from "../../parts/Panel";
import { PlainTable } from "../../parts/PlainTable";
import { count } from "../../parts/PlanView";
import { ProblemView } from "../../parts/Problem";
import { Status } from "../../parts/Status";
import { Time } from "../../parts/Time";
import { Verdict } from "../../parts/Verdict";
import { isConnected, regionNode, servicesInWords } from "../controllers/controller";
import { Command, EventsPanel } from "../controllers/parts";
import { SessionStatus } from "../controllers/SessionStatus";
import type { Event } from "../events/event";
import type { Cluster as ClusterView, Member } from "./members";
import { clockOf, contactOf, diskOf, explained, findingsOf, hearsLeader, lagOf, nameOf, next, roleOf, seenBy, spareInWords, useCluster } from "./members";

/** How many racks are shown here. */
const RACKS = 12;

const ELECTIONS = 'type:"Region elected"';

const SESSIONS = 'type:"Rack controller connected","Rack controller disconnected"';

export default function Cluster() {
  const cluster = useCluster();
  const { value, oldSince, hasQuorum } = cluster;
  return (
    <>
      <PageHeader title="Cluster" />
      <Panels>
        {value !== undefined && <Verdict findings={findingsOf(value, hasQuorum)} well={spareInWords(value)} help={explained(value)} />}
        {oldSince !== null && (
          <Note>
            No quorum since <Time at={new Date(oldSince).toISOString()} />.
          </Note>
        )}
        {value === undefined ? <Panel title="Members" result={cluster}>{null}</Panel> : <Members cluster={value} error={cluster.error} />}
        <Racks />
        <Beside>
          <Commands members={value?.members.length ?? 0} />
          <EventsPanel title="Elections" filter={ELECTIONS} all={<Link to={`/events?q=${encodeURIComponent(ELECTIONS)}`}>All</Link>} />
          <EventsPanel title="Sessions of racks" filter={SESSIONS} all={<Link to={`/events?q=${encodeURIComponent(SESSIONS)}`}>All</Link>} />
        </Beside>
      </Panels>
    </>
  );
}

function Commands({ members }: { members: number }) {
  return (
    <Panel title="On the host of a region">
      <div>
        <Command title="How the members stand" detail="asked of the leader, wherever it is" command="ironraft cluster status">
          Nothing is changed by it.
        </Command>
        <Command title="Add a region" detail="a token lets it in" command={"ironraft cluster token create --role region --hours 2\n# on the new host:\nironraft region join --token …"}>
          It copies all state and is a voter then. {next(members)}
        </Command>
        <Command title="Add a rack" detail="a token lets it in" command={"ironraft cluster token create --role rack --hours 2\n# on the host of the rack:\nironraft rack join --token …"}>
          It serves nothing until a VLAN has it as its rack.
        </Command>
        <Command title="Have another region lead" detail="before the one that leads is stopped" command="ironraft cluster transfer REGION">
          Changes wait for less than a second. Racks and browsers keep their connections.
        </Command>
        <Command title="Take a region out for good" detail="for a host that does not come back" command="ironraft cluster remove REGION">
          It is refused when the others would be no quorum. The host comes back only by joining anew. One that is only restarted is not taken out.
        </Command>
      </div>
    </Panel>
  );
}

/** A state as it is told of a member; nothing of those that it is not known of. */
function said(state: ReturnType<typeof lagOf>): ReactNode {
  return state === null ? <Quiet>–</Quiet> : <Status tone={state.tone}>{state.word}</Status>;
}

/** From how many entries on what a member has not applied yet is told. */
const UNAPPLIED = 1_000;

/** The last entry of a member's log, and what it has applied if that is much less. */
function logOf(member: Member): string {
  const { last_log: last, applied } = member;
  if (last === null || last === undefined) return "–";
  const isBehind = applied !== null && applied !== undefined && last - applied > UNAPPLIED;
  return `${last.toLocaleString("en")}${isBehind ? ` (${applied.toLocaleString("en")} applied)` : ""}`;
}

function Members({ cluster, error }: { cluster: ClusterView; error: unknown }) {
  const regions = useFirstPage("regions", { limit: 100 });
  const region = (member: Member) => regions.data?.items.find((found) => found.system_id === member.system_id);
  const { term, applied } = cluster;
  return (
    <Panel title="Members" beside={`${count(cluster.members.length, "region")}, term ${term.toLocaleString("en")}, entry ${applied.toLocaleString("en")} applied, as ${seenBy(cluster)} sees it (${cluster.role})`}>
      {error !== null && <ProblemView error={error} />}
      <PlainTable
        label="Members"
        columns={[
          { header: "Region", cell: (member) => (member.system_id === null || member.system_id === undefined ? nameOf(member) : <Link to={`/regions/${member.system_id}`}>{nameOf(member)}</Link>) },
          { header: "Role", cell: (member) => said(roleOf(cluster, member)) },
          { header: "Heard", cell: (member) => said(contactOf(cluster, member)) },
          { header: "Lag", cell: (member) => said(lagOf(cluster, member)) },
          { header: "Log", cell: (member) => logOf(member), isNumeric: true },
          { header: "Disk", cell: (member) => said(diskOf(member)) },
          { header: "Clock", cell: (member) => said(clockOf(cluster, member)) },
          { header: "Address", cell: (member) => <code>{member.address}</code> },
          { header: "Version", cell: (member) => member.version },
          { header: "Description", cell: (member) => region(member)?.description ?? "" },
          { header: "Node", cell: (member) => member.node_id, isNumeric: true },
        ]}
        rows={cluster.members}
        rowKey={(member) => member.node_id}
        empty="No region is known."
      />
      <Note>
        {hearsLeader(cluster) ? "" : "The region that answers hears no leader. "}
        Lag is how many entries a member is behind the leader, as both said within the last second. Clocks are those of the others beside that of {seenBy(cluster)}.
      </Note>
    </Panel>
  );
}

function Racks() {
  const racks = useFirstPage("racks", { sort: "hostname", limit: 1000 });
  const events = useFirstPage("events", { filter: SESSIONS, limit: 500 });
  const sessions = newest(events.data?.items ?? []);
  const all = [...(racks.data?.items ?? [])].sort((one, other) => Number(isConnected(one)) - Number(isConnected(other)));
  const away = all.filter((rack) => !isConnected(rack)).length;
  const total = racks.data?.total ?? 0;
  const of = total > all.length ? `the first ${all.length.toLocaleString("en")}` : total.toLocaleString("en");
  return (
    <Panel
      title="Racks"
      beside={total === 0 ? undefined : <Status tone={away > 0 ? "bad" : "good"}>{away > 0 ? `${away} of ${of} away` : `${count(total, "rack")} connected`}</Status>}
      actions={<Link to="/racks">{total > RACKS ? `All ${total.toLocaleString("en")}` : "As a list"}</Link>}
      result={racks}
    >
      <PlainTable
        label="Racks"
        columns={[
          { header: "Rack", cell: (rack) => <Link to={`/racks/${rack.system_id}`}>{rack.hostname}</Link> },
          { header: "Session", cell: (rack) => <SessionStatus rack={rack} /> },
          { header: "Since", cell: (rack) => <Time at={sessions.get(rack.system_id)?.created} /> },
          { header: "Follows", cell: (rack) => followed(sessions.get(rack.system_id)) },
          { header: "Services", cell: (rack) => servicesInWords(rack) },
          { header: "Version", cell: (rack) => rack.version },
          { header: "Zone", cell: (rack) => rack.zone?.name ?? "" },
        ]}
        rows={all.slice(0, RACKS)}
        rowKey={(rack) => rack.system_id}
        empty="No rack has joined: nothing boots and nobody gets an address from here yet."
      />
    </Panel>
  );
}

/** The newest event of each node; they come newest first. */
export function newest(events: readonly Event[]): Map<string, Event> {
  const found = new Map<string, Event>();
  for (const event of events) if (event.node !== null && event.node !== undefined && !found.has(event.node)) found.set(event.node, event);
  return found;
}

function followed(event: Event | undefined): string {
  const node = event === undefined ? null : regionNode(event.description);
  return node === null ? "–" : `Region node ${node}`;
}
