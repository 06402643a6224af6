/** A rack: whether it is there, which region it follows, what it serves and where, and what would be lost with it. */

import { useState } from "react";
import { Link, useNavigate, useParams } from "react-router";

import { useFirstPage, useObject, useRead } from "../../api/lists";
import { pathOf } from "../../api/resources";
import { Button } from "../../parts/Button";
import { ConfirmWithPlan } from "../../parts/ConfirmWithPlan";
import { Menu } from "../../parts/Menu";
import { PageHeader } from "../../parts/PageHeader";
import { Beside, Facts, Note, Panel, Panels } from "../../parts/Panel";
import { PlainTable } from "../../parts/PlainTable";
import { Loading, ProblemView } from "../../parts/Problem";
import { inWords, Status, Symbol } from "../../parts/Status";
import { Time } from "../../parts/Time";
import { quotedText } from "../../table/filter";
import { isConnected } from "../overview/RacksCard";
import type { Rack as RackItem } from "./controller";
import { lastContact, regionNode, serviceName, serviceTone, servicesOf } from "./controller";
import styles from "./Controllers.module.css";
import { EditController, EventsPanel, HistoryPanel, useHistory } from "./parts";

export default function Rack() {
  const { id = "" } = useParams();
  const { item, error, refetch } = useObject("racks", id);
  const [asked, setAsked] = useState<"edit" | "remove" | null>(null);
  const navigate = useNavigate();
  const above = [{ title: "Racks", to: "/racks" }];
  if (item === undefined) {
    return (
      <>
        <PageHeader title={id} above={above} />
        <Panels>{error === null ? <Loading /> : <ProblemView error={error} onRetry={() => void refetch()} />}</Panels>
      </>
    );
  }
  const connected = isConnected(item);
  return (
    <>
      <PageHeader title={item.hostname} above={above} beside={<Status tone={connected ? "good" : "bad"}>{connected ? "Connected" : "Away"}</Status>}>
        <Button onPress={() => setAsked("edit")}>Edit</Button>
        <Menu label="More" choices={[{ id: "remove", label: "Forget this rack…", detail: "For a host that does not come back", isDangerous: true }]} onChoose={() => setAsked("remove")} />
      </PageHeader>
      <Panels>
        <Session rack={item} isConnected={connected} />
        <Beside>
          <Panel title="Services" isFlush>
            <PlainTable
              label="Services"
              columns={[
                { header: "Service", cell: (service) => serviceName(service.name) },
                { header: "State", cell: (service) => <Status tone={serviceTone(service.status)}>{inWords(service.status)}</Status> },
                { header: "Why", cell: (service) => service.status_info },
              ]}
              rows={servicesOf(item)}
              rowKey={(service) => service.name}
              empty="It did not say what it serves."
            />
            {servicesOf(item).some((service) => service.status === "unknown") && <Note>“Unknown” is what a rack has not reported of.</Note>}
          </Panel>
          <Panel title="Rack">
            <Facts
              of={[
                ["Description", item.description === "" ? <span className={styles.quiet}>None</span> : item.description],
                ["Zone", item.zone?.name ?? "None"],
                ["Version", item.version],
                ["Addresses", item.ip_addresses.length === 0 ? <span className={styles.quiet}>None that are in a known subnet</span> : item.ip_addresses.join(", ")],
                ["Full name", item.fqdn],
                ["Id", <code key="id">{item.system_id}</code>],
              ]}
            />
          </Panel>
        </Beside>
        <Interfaces rack={item} />
        <Beside>
          <Images rack={item} />
          <EventsPanel filter={`node:${quotedText(item.system_id)}`} all={<Link to={`/events?q=${encodeURIComponent(`node:${quotedText(item.system_id)}`)}`}>All</Link>} />
        </Beside>
        <HistoryPanel kind="racks" item={item.system_id} />
      </Panels>
      {asked === "edit" && <EditController kind="racks" item={item} onClose={() => setAsked(null)} />}
      {asked === "remove" && (
        <ConfirmWithPlan
          title={`Forget ${item.hostname}?`}
          change={{ method: "DELETE", path: pathOf("racks", item.system_id) }}
          verb="Forget the rack"
          isDangerous
          cli={`ironraft rack delete ${item.hostname}`}
          done={`${item.hostname} was forgotten`}
          onClose={() => setAsked(null)}
          onDone={() => void navigate("/racks")}
        >
          <p>
            VLANs that it serves are served by their other rack alone, or by nobody. Its certificate is not taken any more: the host comes back only by joining with a new
            token.{connected && " It is connected now: stop it first, or what it serves ends in the middle."}
          </p>
        </ConfirmWithPlan>
      )}
    </>
  );
}

function Session({ rack, isConnected: connected }: { rack: RackItem; isConnected: boolean }) {
  const filter = `node:${quotedText(rack.system_id)} type:"Rack controller connected","Rack controller disconnected"`;
  const last = useFirstPage("events", { filter, limit: 1 }).data?.items[0];
  const history = useHistory("racks", rack.system_id);
  const contact = lastContact(history.value);
  const node = last === undefined ? null : regionNode(last.description);
  return (
    <div className={styles.verdict} data-tone={connected ? "good" : "bad"}>
      <Symbol tone={connected ? "good" : "bad"} />
      <strong>{connected ? `Follows region${node === null ? "" : ` node ${node}`}` : "No region hears of it"}</strong>
      <p>
        {last !== undefined && (
          <>
            {connected ? "Connected" : "Away since"} <Time at={last.created} />.{" "}
          </>
        )}
        {connected
          ? "It gets what changes as it happens."
          : "What it serves goes on from its memory: clients with a lease renew it for 15 to 20 minutes, new ones get addresses for 13 to 15. Look at the host, and at its link to the regions."}
        {contact !== null && (
          <>
            {" "}
            Heard of last <Time at={contact} />, as far as it is noted (every half minute).
          </>
        )}
      </p>
    </div>
  );
}

function Interfaces({ rack }: { rack: RackItem }) {
  return (
    <Panel title="Interfaces and VLANs" isFlush>
      <PlainTable
        label="Interfaces"
        columns={[
          { header: "Interface", cell: (found) => found.name },
          { header: "MAC address", cell: (found) => <code>{found.mac_address}</code> },
          { header: "Addresses", cell: (found) => found.links.map((link) => link.ip_address).join(", ") },
          {
            header: "Subnets",
            cell: (found) =>
              found.links.flatMap((link) => (link.subnet === null || link.subnet === undefined ? [] : [link.subnet])).map((subnet, at) => (
                <span key={subnet.id}>
                  {at > 0 && ", "}
                  <Link to={`/subnets/${subnet.id}`}>{subnet.name}</Link>
                </span>
              )),
          },
          {
            header: "VLAN",
            cell: (found) => (found.vlan === null || found.vlan === undefined ? <span className={styles.quiet}>Unknown</span> : `${found.vlan.fabric} ${found.vlan.vid === 0 ? "untagged" : found.vlan.vid}${found.vlan.name === "untagged" ? "" : ` (${found.vlan.name})`}`),
          },
          { header: "DHCP", cell: (found) => (found.vlan?.dhcp_on === true ? <Status tone="good">Served</Status> : <Status tone="idle">Off</Status>) },
          { header: "MTU", cell: (found) => found.effective_mtu, isNumeric: true },
        ]}
        rows={rack.interface_set}
        rowKey={(found) => String(found.id)}
        empty="It has told of no interface but loopback. A rack that is away tells when it comes back."
      />
    </Panel>
  );
}

interface BootImages {
  connected: boolean;
  status: string;
  images: { name: string; architecture: string; subarches: string[]; status: string }[];
}

function Images({ rack }: { rack: RackItem }) {
  const images = useRead<BootImages>(`${pathOf("racks", rack.system_id)}/list-boot-images`, "images");
  const all = images.value?.images ?? [];
  return (
    <Panel title="Images that it can give" result={images} isFlush>
      <PlainTable
        label="Images"
        columns={[
          { header: "Image", cell: (image) => image.name },
          { header: "Architecture", cell: (image) => [image.architecture, ...image.subarches].join("/") },
          { header: "State", cell: (image) => <Status tone={image.status === "synced" ? "good" : "busy"}>{image.status === "synced" ? "Complete at a region" : inWords(image.status)}</Status> },
        ]}
        rows={all}
        rowKey={(image) => `${image.name} ${image.architecture}`}
        empty="There are no images yet."
      />
      <Note>A rack fetches an image when a machine asks for it, and keeps it.</Note>
    </Panel>
  );
}
