/** A zone: its records, of which each says where it comes from. */

import { useMemo, useState } from "react";
import { Link, useNavigate, useParams } from "react-router";

import { useAll, useFirstPage, useObject } from "../../api/lists";
import { pathOf } from "../../api/resources";
import { ObjectDialog } from "../../form/ObjectDialog";
import { Button } from "../../parts/Button";
import { Choice } from "../../parts/Choice";
import { ConfirmWithPlan } from "../../parts/ConfirmWithPlan";
import { Menu } from "../../parts/Menu";
import { PageHeader } from "../../parts/PageHeader";
import { Note, Panel, Panels, Quiet } from "../../parts/Panel";
import { PlainTable } from "../../parts/PlainTable";
import { count } from "../../parts/PlanView";
import { Empty } from "../../parts/Problem";
import { RowMenu } from "../../parts/RowMenu";
import { Status } from "../../parts/Status";
import { span } from "../../parts/Time";
import { UnreadPage } from "../../parts/UnreadPage";
import { useParameters } from "../../shell/parameters";
import styles from "./Dns.module.css";
import { DOMAIN_FIELDS } from "./Domains";
import type { Asked } from "./RecordDialog";
import { RecordDialogs } from "./RecordDialog";
import type { Domain, Line, Source } from "./records";
import { linesOf, meant } from "./records";
import { ttlSpoken } from "./ttl";

const ABOVE = [{ title: "DNS", to: "/domains" }];

export default function DomainPage() {
  const { id = "" } = useParams();
  const read = useObject("domains", id);
  const { item } = read;
  if (item === undefined) return <UnreadPage title={`Zone ${id}`} above={ABOVE} result={read} />;
  return <Page key={item.id} domain={item} />;
}

/** How many machines, devices and leases are looked at, and how many lines are shown. */
const MANY = 1000;
const SHOWN = 500;

const SOURCES: Record<Source, string> = { user: "Made here", machine: "Machine", device: "Device", rack: "Rack", lease: "Lease" };

function useLines(domain: Domain) {
  const zones = useAll("domains", { fields: ["id", "name"] });
  const resources = useAll("dns-resources", { filter: `fqdn:${domain.name},*.${domain.name}` });
  const nodes = { filter: `domain:"${domain.name}"`, sort: "hostname", limit: MANY, fields: ["system_id", "fqdn", "ip_addresses"] };
  const machines = useFirstPage("machines", nodes);
  const devices = useFirstPage("devices", nodes);
  const racks = useFirstPage("racks", { sort: "hostname", limit: MANY, fields: ["system_id", "fqdn", "ip_addresses"] }, domain.is_default);
  const leases = useFirstPage("leases", { filter: "state:active", limit: MANY }, domain.is_default);
  const lines = useMemo(
    () =>
      linesOf({
        zone: domain.name,
        zones: [domain.name, ...zones.items.map((zone) => zone.name)],
        resources: resources.items,
        machines: machines.data?.items ?? [],
        devices: devices.data?.items ?? [],
        racks: racks.data?.items ?? [],
        leases: leases.data?.items ?? [],
        isDefault: domain.is_default,
      }),
    [domain, zones.items, resources.items, machines.data, devices.data, racks.data, leases.data],
  );
  const unread = Math.max(0, (machines.data?.total ?? 0) - MANY) + Math.max(0, (devices.data?.total ?? 0) - MANY);
  return { lines, resources, unread };
}

type Open = "change" | "default" | "delete";

function Page({ domain }: { domain: Domain }) {
  const [asked, setAsked] = useState<Asked | null>(null);
  const [open, setOpen] = useState<Open | null>(null);
  const { lines, resources, unread } = useLines(domain);
  return (
    <>
      <PageHeader
        title={domain.name}
        above={ABOVE}
        beside={
          <>
            {domain.is_default && <Status tone="good">Default</Status>}
            <Status tone={domain.authoritative ? "good" : "idle"}>{domain.authoritative ? "Answered by the racks" : "Answered by others"}</Status>
            <Quiet>TTL {ttlSpoken(domain.ttl ?? null, Number.NaN)}</Quiet>
          </>
        }
      >
        <Menu label="New record" name="New record" kind="primary" choices={NEW} onChoose={(kind) => setAsked({ kind: kind as "address" | "record" })} />
        <Button onPress={() => setOpen("change")}>Change…</Button>
        <Button refusal={domain.is_default ? "It is the default already." : null} onPress={() => setOpen("default")}>
          Make it the default…
        </Button>
        <Button kind="quiet" refusal={domain.is_default ? "It is the default: make another zone that before." : null} onPress={() => setOpen("delete")}>
          Delete…
        </Button>
      </PageHeader>
      <Panels>
        <RecordsPanel domain={domain} lines={lines} resources={resources} unread={unread} onAsk={setAsked} />
      </Panels>
      {asked !== null && <RecordDialogs domain={domain} asked={asked} onClose={() => setAsked(null)} />}
      {open !== null && <DomainDialogs domain={domain} open={open} records={lines.length} onClose={() => setOpen(null)} />}
    </>
  );
}

const NEW = [
  { id: "address", label: "Addresses", detail: "A and AAAA of a name" },
  { id: "record", label: "Another record", detail: "CNAME, MX, NS, SRV, SSHFP or TXT" },
];

function DomainDialogs({ domain, open, records, onClose }: { domain: Domain; open: Open; records: number; onClose: () => void }) {
  const navigate = useNavigate();
  const path = pathOf("domains", String(domain.id));
  switch (open) {
    case "change":
      return <ObjectDialog resource="domains" noun="zone" item={domain} name={domain.name} fields={DOMAIN_FIELDS} initial={{ name: domain.name, ttl: domain.ttl ?? "", authoritative: domain.authoritative }} onClose={onClose} />;
    case "default":
      return (
        <ConfirmWithPlan title={`Make ${domain.name} the default zone?`} change={{ method: "POST", path: `${path}/set-default` }} verb="Make it the default" isReversible done={`${domain.name} is the default zone`} onClose={onClose}>
          <p>Machines that come without a domain have their names in it, as controllers and leases do.</p>
        </ConfirmWithPlan>
      );
    case "delete":
      return (
        <ConfirmWithPlan title={`Delete zone ${domain.name}?`} change={{ method: "DELETE", path, ifMatch: domain.revision }} verb="Delete" isDangerous isReversible done={`Zone ${domain.name} was deleted`} onClose={onClose} onDone={() => void navigate("/domains")}>
          <p>It can be deleted when no name is in it: {records === 0 ? "none is." : `${count(records, "record")} ${records === 1 ? "is" : "are"} there now.`}</p>
        </ConfirmWithPlan>
      );
  }
}

interface RecordsProps extends Pick<ReturnType<typeof useLines>, "lines" | "resources" | "unread"> {
  domain: Domain;
  onAsk: (asked: Asked) => void;
}

function RecordsPanel({ domain, lines, resources, unread, onAsk }: RecordsProps) {
  const [get, put] = useParameters();
  const source = get("from") as Source | "";
  const shown = meant(lines, get("q"), source);
  const number = shown.length === lines.length ? count(lines.length, "record") : `${shown.length} of ${count(lines.length, "record")}`;
  const tools = (
    <>
      <Choice label="Where they come from" options={[["", "All"], ...(Object.entries(SOURCES) as [Source, string][])]} value={source} onChange={(from) => put({ from })} />
      <input className={styles.search} type="search" aria-label="Find records" placeholder="Name, type or data" value={get("q")} onChange={(event) => put({ q: event.target.value })} spellCheck={false} />
    </>
  );
  return (
    <Panel title="Records" beside={resources.data === undefined ? undefined : number} result={resources} actions={tools}>
      <Records lines={shown} hasSome={lines.length > 0} domain={domain} onAsk={onAsk} />
      {(shown.length > SHOWN || unread > 0) && (
        <Note>
          {shown.length > SHOWN && `The first ${SHOWN} are shown: look for a name. `}
          {unread > 0 && (
            <>
              {count(unread, "machine or device", "machines and devices")} more {unread === 1 ? "has its name" : "have their names"} in this zone: <Link to={`/machines?q=${encodeURIComponent(`domain:"${domain.name}"`)}`}>look in their list</Link>.
            </>
          )}
        </Note>
      )}
    </Panel>
  );
}

function Records({ lines, hasSome, domain, onAsk }: { lines: readonly Line[]; hasSome: boolean; domain: Domain; onAsk: (asked: Asked) => void }) {
  return (
    <PlainTable
      label="Records"
      rows={lines.slice(0, SHOWN)}
      rowKey={(line) => line.key}
      empty={hasSome ? <Empty title="No record is meant by this">Take a word out, or show those of all sources.</Empty> : <Empty title="It has no records">Machines whose domain it is have theirs here as soon as they have an address.</Empty>}
      columns={[
        { header: "Name", cell: (line) => (line.to === undefined ? <strong className={styles.name}>{line.name}</strong> : <Link className={styles.name} to={line.to}>{line.name}</Link>) },
        { header: "Type", cell: (line) => line.type },
        { header: "Data", cell: (line) => <code>{line.data}</code> },
        { header: "TTL", cell: (line) => (line.ttl === null ? <Quiet>as the zone</Quiet> : span(line.ttl * 1000)) },
        { header: "From", cell: (line) => <span className={styles.source} data-source={line.source}>{SOURCES[line.source]}</span> },
      ]}
      actions={(line) => <LineMenu line={line} domain={domain} onAsk={onAsk} />}
    />
  );
}

/** What can be done with a record: with those that were made here alone. */
function LineMenu({ line, domain, onAsk }: { line: Line; domain: Domain; onAsk: (asked: Asked) => void }) {
  const { resource, record } = line;
  if (resource === undefined) return null;
  const name = `${line.type} of ${line.name}`;
  if (record !== undefined) {
    return <RowMenu name={name} onChange={() => onAsk({ kind: "record", item: record })} onDelete={() => onAsk({ kind: "delete", path: pathOf("dns-records", String(record.id)), name: `the ${record.rrtype} record of ${line.name} in ${domain.name}` })} />;
  }
  return <RowMenu name={name} onChange={() => onAsk({ kind: "address", item: resource })} onDelete={() => onAsk({ kind: "delete", path: pathOf("dns-resources", String(resource.id)), name: `the name ${resource.fqdn} with all of its addresses` })} />;
}
