/** The cluster: whether it decides, how many more regions may fail, who is a member, and which racks follow. */

import { Link } from "react-router";

import { useFirstPage } from "../../api/lists";
import { useFreshness } from "../../live/freshness";
import { PageHeader } from "../../parts/PageHeader";
import { Beside, Note, Panel, Panels } from "../../parts/Panel";
import { PlainTable } from "../../parts/PlainTable";
import { count } from "../../parts/PlanView";
import type { Tone } from "../../parts/Status";
import { Status, Symbol } from "../../parts/Status";
import { Time } from "../../parts/Time";
import type { Rack, Region } from "../controllers/controller";
import { regionNode, servicesInWords } from "../controllers/controller";
import styles from "../controllers/Controllers.module.css";
import { Command, EventsPanel } from "../controllers/parts";
import type { Event } from "../events/event";
import { mayLose } from "../overview/ClusterCard";
import { isConnected } from "../overview/RacksCard";

/** How many racks are shown here. */
const RACKS = 12;

const SESSIONS = 'type:"Rack controller connected","Rack controller disconnected"';

export default function Cluster() {
  const regions = useFirstPage("regions", { sort: "hostname", limit: 100 });
  const racks = useFirstPage("racks", { sort: "hostname", limit: 1000 });
  const { oldSince } = useFreshness();
  const members = regions.data?.items ?? [];
  const told = regions.data === undefined ? null : verdict(members.length, oldSince === null);
  return (
    <>
      <PageHeader title="Cluster" />
      <Panels>
        {told !== null && (
          <div className={styles.verdict} data-tone={told.tone}>
            <Symbol tone={told.tone} />
            <strong>{told.title}</strong>
            <p>
              {told.text}
              {oldSince !== null && (
                <>
                  {" "}
                  Since <Time at={new Date(oldSince).toISOString()} />.
                </>
              )}
            </p>
          </div>
        )}
        <Members regions={regions} members={members} />
        <RacksPanel racks={racks} />
        <Beside>
          <Panel title="On the host of a region"><div>
            <Command title="How the members stand" detail="leader, term, log, lag and clock of each" command="ironraft cluster status">
              Nothing is changed by it. These are known to the members alone.
            </Command>
            <Command title="Add a region" detail="a token lets it in" command={"ironraft cluster token create --role region --hours 2\n# on the new host:\nironraft region join --token …"}>
              It copies all state and is a voter then. {next(members.length)}
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
          </div></Panel>
          <EventsPanel title="Sessions of racks" filter={SESSIONS} all={<Link to={`/events?q=${encodeURIComponent(SESSIONS)}`}>All</Link>} />
        </Beside>
      </Panels>
    </>
  );
}

/** What a number of members means. */
export function verdict(members: number, hasQuorum: boolean): { tone: Tone; title: string; text: string } {
  if (!hasQuorum) {
    return {
      tone: "bad",
      title: "Nothing can be changed",
      text: "More than half of the regions have to answer, and do not. Racks go on from memory: clients with a lease renew it for 15 to 20 minutes, new ones get addresses for 13 to 15. Bring regions back; nothing has to be repaired then.",
    };
  }
  const spare = mayLose(members);
  if (spare === 0) {
    const few = members <= 1 ? "There is one region. While it is down nothing can be changed." : "Both regions are needed. While one is down nothing can be changed.";
    return { tone: "warn", title: "No region may fail", text: `A quorum answers. ${few} ${next(members)}` };
  }
  const even = members % 2 === 0 ? ` ${members} regions bear no more than ${members - 1}.` : "";
  return {
    tone: "good",
    title: spare === 1 ? `One of ${members} regions may fail` : `${spare} of ${members} regions may fail`,
    text: `A quorum answers: ${members - spare} of them have to. With ${spare + 1} gone nothing can be changed, and racks go on from memory. Those that are down at this moment count among the ${spare}.${even}`,
  };
}

/** What another region would be good for. */
function next(members: number): string {
  if (members === 0) return "";
  const more = members % 2 === 0 ? 1 : 2;
  return `With ${count(more, "more region", "more regions")}, ${mayLose(members + more)} may fail.`;
}

function Members({ regions, members }: { regions: { isPending: boolean; error: unknown; refetch: () => unknown }; members: readonly Region[] }) {
  const versions = new Set(members.map((region) => region.version));
  return (
    <Panel title="Members" beside={members.length > 0 ? count(members.length, "region") : undefined} result={regions} isFlush>
      <PlainTable
        label="Members"
        columns={[
          { header: "Region", cell: (region) => <Link to={`/regions/${region.system_id}`}>{region.hostname}</Link> },
          { header: "Address", cell: (region) => <code>{region.ip_addresses.join(", ")}</code> },
          { header: "Version", cell: (region) => region.version },
          { header: "Zone", cell: (region) => region.zone?.name ?? "" },
          { header: "Description", cell: (region) => region.description },
          { header: "Id", cell: (region) => <code>{region.system_id}</code> },
        ]}
        rows={members}
        rowKey={(region) => region.system_id}
        empty="No region is known."
      />
      {versions.size > 1 && <Note>The regions have {versions.size} versions: upgrade the others, too. New features wait for the last one.</Note>}
      <Note>
        Who leads, and how far each one is, <code>ironraft cluster status</code> tells on the host of a region.
      </Note>
    </Panel>
  );
}

interface Asked {
  isPending: boolean;
  error: unknown;
  refetch: () => unknown;
  data: { items: Rack[]; total: number } | undefined;
}

function RacksPanel({ racks }: { racks: Asked }) {
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
      isFlush
    >
      <PlainTable
        label="Racks"
        columns={[
          { header: "Rack", cell: (rack) => <Link to={`/racks/${rack.system_id}`}>{rack.hostname}</Link> },
          { header: "Session", cell: (rack) => <Status tone={isConnected(rack) ? "good" : "bad"}>{isConnected(rack) ? "Connected" : "Away"}</Status> },
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
