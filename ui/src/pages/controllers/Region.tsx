/** A region: where it is, how it stands in the cluster, and how it is taken out. */

import { useState } from "react";
import { useParams } from "react-router";

import { useObject } from "../../api/lists";
import { Button } from "../../parts/Button";
import { PageHeader } from "../../parts/PageHeader";
import { Beside, Facts, orNone, Panel, Panels } from "../../parts/Panel";
import { Status } from "../../parts/Status";
import { UnreadPage } from "../../parts/UnreadPage";
import type { Cluster } from "../cluster/members";
import { clockOf, contactOf, diskOf, lagOf, removal, roleOf, seenBy, useCluster } from "../cluster/members";
import type { Region } from "./controller";
import { Command, EditController, HistoryPanel } from "./parts";

const ABOVE = [{ title: "Cluster", to: "/cluster" }];

export default function RegionPage() {
  const { id = "" } = useParams();
  const read = useObject("regions", id);
  const cluster = useCluster();
  const [isEdited, setEdited] = useState(false);
  const { item } = read;
  if (item === undefined) return <UnreadPage title={id} above={ABOVE} result={read} />;
  return (
    <>
      <PageHeader title={item.hostname} above={ABOVE}>
        <Button onPress={() => setEdited(true)}>Change…</Button>
      </PageHeader>
      <Panels>
        <Beside>
          <Panel title="Region">
            <Facts
              of={[
                ["Address", item.ip_addresses.join(", ")],
                ["Version", item.version],
                ["Zone", orNone(item.zone?.name)],
                ["Description", orNone(item.description)],
                ["Full name", item.fqdn],
                ["Id", <code key="id">{item.system_id}</code>],
              ]}
            />
          </Panel>
          <Panel title="In the cluster" beside={cluster.value === undefined ? undefined : `as ${seenBy(cluster.value)} sees it`} result={cluster}>
            {cluster.value !== undefined && <Membership cluster={cluster.value} region={item} />}
          </Panel>
        </Beside>
        <Commands region={item} voters={cluster.value?.members.filter((member) => member.voter).length} />
        <HistoryPanel kind="regions" item={item.system_id} />
      </Panels>
      {isEdited && <EditController kind="regions" item={item} onClose={() => setEdited(false)} />}
    </>
  );
}

function Membership({ cluster, region }: { cluster: Cluster; region: Region }) {
  const member = cluster.members.find((found) => found.system_id === region.system_id);
  if (member === undefined) return <Status tone="warn">It is no member</Status>;
  const said = (state: ReturnType<typeof lagOf>) => state !== null && <Status tone={state.tone}>{state.word}</Status>;
  return (
    <Facts
      of={[
        ["Role", said(roleOf(cluster, member))],
        ["Votes", member.voter ? "Yes" : "Not before it has caught up"],
        ["Heard", said(contactOf(cluster, member))],
        ["Lag", said(lagOf(cluster, member))],
        ["Disk", said(diskOf(member))],
        ["Clock", said(clockOf(cluster, member))],
        ["Node", String(member.node_id)],
        ["Reached at", <code key="address">{member.address}</code>],
      ]}
    />
  );
}

function Commands({ region, voters }: { region: Region; voters: number | undefined }) {
  return (
    <Panel title="On the host of a region">
      <div>
        <Command title="How it stands" detail="leader, log, lag and clock of each member" command="ironraft cluster status">
          Nothing is changed by it.
        </Command>
        <Command title="Have it lead" detail="before another one is stopped" command={`ironraft cluster transfer ${region.hostname}`}>
          Changes wait for less than a second. Racks and browsers keep their connections.
        </Command>
        <Command title="Take it out for good" detail="it is not a member any more" command={`ironraft cluster remove ${region.hostname}`}>
          {voters !== undefined && removal(voters)} Its data folder is of no use afterwards: to come back, the host joins anew.
        </Command>
      </div>
    </Panel>
  );
}
