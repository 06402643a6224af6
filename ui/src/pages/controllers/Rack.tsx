/** A rack: whether it is there, which region it follows, what it serves and where, and what would be lost with it. */

import { useState } from "react";
import { Link, useNavigate, useParams } from "react-router";

import { useFirstPage, useObject, useRead } from "../../api/lists";
import { pathOf } from "../../api/resources";
import { Button } from "../../parts/Button";
import { ConfirmWithPlan } from "../../parts/ConfirmWithPlan";
import { Menu } from "../../parts/Menu";
import { PageHeader } from "../../parts/PageHeader";
import { Beside, Facts, Note, orNone, Panel, Panels, Quiet } from "../../parts/Panel";
import { PlainTable } from "../../parts/PlainTable";
import { inWords, Status } from "../../parts/Status";
import { Time } from "../../parts/Time";
import { UnreadPage } from "../../parts/UnreadPage";
import { Verdict } from "../../parts/Verdict";
import { quotedText } from "../../table/filter";
import type { Rack } from "./controller";
import { isConnected, lastContact, regionNode, serviceName, servicesOf, serviceTone } from "./controller";
import { EditController, EventsPanel, HistoryPanel, useHistory } from "./parts";
import { SessionStatus } from "./SessionStatus";

const ABOVE = [{ title: "Racks", to: "/racks" }];

export default function RackPage() {
  const { id = "" } = useParams();
  const read = useObject("racks", id);
  const { item } = read;
  const [asked, setAsked] = useState<"edit" | "remove" | null>(null);
  if (item === undefined) return <UnreadPage title={id} above={ABOVE} result={read} />;
  const events = `node:${quotedText(item.system_id)}`;
  return (
    <>
      <PageHeader title={item.hostname} above={ABOVE} beside={<SessionStatus rack={item} />}>
        <Button onPress={() => setAsked("edit")}>Change…</Button>
        <Menu label="More" choices={[{ id: "remove", label: "Forget this rack…", detail: "For a host that does not come back", isDangerous: true }]} onChoose={() => setAsked("remove")} />
      </PageHeader>
      <Panels>
        <Session rack={item} />
        <Beside>
          <Services rack={item} />
          <Panel title="Rack">
            <Facts
              of={[
                ["Description", orNone(item.description)],
                ["Zone", orNone(item.zone?.name)],
                ["Version", item.version],
                ["Addresses", item.ip_addresses.length === 0 ? <Quiet>None that are in a known subnet</Quiet> : item.ip_addresses.join(", ")],
                ["Full name", item.fqdn],
                ["Id", <code key="id">{item.system_id}</code>],
              ]}
            />
          </Panel>
        </Beside>
        <Interfaces rack={item} />
        <Beside>
          <Images rack={item} />
          <EventsPanel filter={events} all={<Link to={`/events?q=${encodeURIComponent(events)}`}>All</Link>} />
        </Beside>
        <HistoryPanel kind="racks" item={item.system_id} />
      </Panels>
      {asked === "edit" && <EditController kind="racks" item={item} onClose={() => setAsked(null)} />}
      {asked === "remove" && <Forget rack={item} onClose={() => setAsked(null)} />}
    </>
  );
}

function Forget({ rack, onClose }: { rack: Rack; onClose: () => void }) {
  const navigate = useNavigate();
  return (
    <ConfirmWithPlan
      title={`Forget ${rack.hostname}?`}
      change={{ method: "DELETE", path: pathOf("racks", rack.system_id) }}
      verb="Forget the rack"
      isDangerous
      cli={`ironraft rack delete ${rack.hostname}`}
      done={`${rack.hostname} was forgotten`}
      onClose={onClose}
      onDone={() => void navigate("/racks")}
    >
      <p>
        VLANs that it serves are served by their other rack alone, or by nobody. Its certificate is not taken any more: the host comes back only by joining with a new
        token.{isConnected(rack) && " It is connected now: stop it first, or what it serves ends in the middle."}
      </p>
    </ConfirmWithPlan>
  );
}

function Session({ rack }: { rack: Rack }) {
  const filter = `node:${quotedText(rack.system_id)} type:"Rack controller connected","Rack controller disconnected"`;
  const last = useFirstPage("events", { filter, limit: 1 }).data?.items[0];
  const contact = lastContact(useHistory("racks", rack.system_id).value);
  const node = last === undefined ? null : regionNode(last.description);
  const help = (
    <>
      {last !== undefined && (
        <>
          {isConnected(rack) ? "Connected" : "Away since"} <Time at={last.created} />.{" "}
        </>
      )}
      {isConnected(rack)
        ? "It gets what changes as it happens."
        : "What it serves goes on from its memory: clients with a lease renew it for 15 to 20 minutes, new ones get addresses for 13 to 15. Look at the host, and at its link to the regions."}
      {contact !== null && (
        <>
          {" "}
          Heard of last <Time at={contact} />, as far as it is noted (every half minute).
        </>
      )}
    </>
  );
  const text = isConnected(rack) ? `Follows region${node === null ? "" : ` node ${node}`}` : "No region hears of it";
  return <Verdict findings={isConnected(rack) ? [] : [{ tone: "bad", text, help }]} well={text} help={help} />;
}

function Services({ rack }: { rack: Rack }) {
  const services = servicesOf(rack);
  return (
    <Panel title="Services">
      <PlainTable
        label="Services"
        columns={[
          { header: "Service", cell: (service) => serviceName(service.name) },
          { header: "State", cell: (service) => <Status tone={serviceTone(service.status)}>{inWords(service.status)}</Status> },
          { header: "Why", cell: (service) => service.status_info },
        ]}
        rows={services}
        rowKey={(service) => service.name}
        empty="It did not say what it serves."
      />
      {services.some((service) => service.status === "unknown") && <Note>“Unknown” is what a rack has not reported of.</Note>}
    </Panel>
  );
}

/** The subnets that an interface has addresses of. */
function Subnets({ of }: { of: Rack["interface_set"][number] }) {
  const subnets = of.links.flatMap((link) => (link.subnet === null || link.subnet === undefined ? [] : [link.subnet]));
  return subnets.map((subnet, at) => (
    <span key={subnet.id}>
      {at > 0 && ", "}
      <Link to={`/subnets/${subnet.id}`}>{subnet.name}</Link>
    </span>
  ));
}

function Interfaces({ rack }: { rack: Rack }) {
  return (
    <Panel title="Interfaces and VLANs">
      <PlainTable
        label="Interfaces"
        columns={[
          { header: "Interface", cell: (found) => found.name },
          { header: "MAC address", cell: (found) => <code>{found.mac_address}</code> },
          { header: "Addresses", cell: (found) => found.links.map((link) => link.ip_address).join(", ") },
          { header: "Subnets", cell: (found) => <Subnets of={found} /> },
          { header: "VLAN", cell: (found) => (found.vlan === null || found.vlan === undefined ? <Quiet>Unknown</Quiet> : `${found.vlan.fabric} ${found.vlan.vid === 0 ? "untagged" : found.vlan.vid}${found.vlan.name === "untagged" ? "" : ` (${found.vlan.name})`}`) },
          { header: "DHCP", cell: (found) => (found.vlan?.dhcp_on === true ? <Status tone="good">Served</Status> : <Status tone="idle">Off</Status>) },
          { header: "MTU", cell: (found) => found.effective_mtu, isNumeric: true },
        ]}
        rows={rack.interface_set}
        rowKey={(found) => found.id}
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

function Images({ rack }: { rack: Rack }) {
  const images = useRead<BootImages>(`${pathOf("racks", rack.system_id)}/list-boot-images`, "images");
  const all = images.value?.images ?? [];
  return (
    <Panel title="Images that it can give" result={images}>
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
