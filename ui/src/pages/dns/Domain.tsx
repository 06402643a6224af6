/** A zone: its records, of which each says where it comes from. */

import { useMemo, useState } from "react";
import { Link, useNavigate, useParams, useSearchParams } from "react-router";

import { useAll, useFirstPage, useObject } from "../../api/lists";
import { pathOf } from "../../api/resources";
import { ObjectDialog } from "../../form/ObjectDialog";
import { Block, Blocks } from "../../parts/Block";
import { Button } from "../../parts/Button";
import { ConfirmWithPlan } from "../../parts/ConfirmWithPlan";
import { Menu } from "../../parts/Menu";
import { PageHeader } from "../../parts/PageHeader";
import { count } from "../../parts/PlanView";
import { Empty, Loading, ProblemView } from "../../parts/Problem";
import { Status } from "../../parts/Status";
import { span } from "../../parts/Time";
import { ShortTable } from "../../table/ShortTable";
import { RowMenu } from "../networks/SubnetParts";
import tree from "../networks/Networks.module.css";
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
  const { item, error, refetch } = useObject("domains", id);
  if (error !== null && item === undefined) {
    return (
      <>
        <PageHeader title={`Zone ${id}`} above={ABOVE} />
        <Blocks>
          <ProblemView error={error} onRetry={() => void refetch()} />
        </Blocks>
      </>
    );
  }
  return item === undefined ? <Loading /> : <Page key={item.id} domain={item} />;
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
  return { lines, resources, unread, machines };
}

function Page({ domain }: { domain: Domain }) {
  const [search, setSearch] = useSearchParams();
  const [asked, setAsked] = useState<Asked | null>(null);
  const [open, setOpen] = useState<"change" | "default" | "delete" | null>(null);
  const navigate = useNavigate();
  const { lines, resources, unread } = useLines(domain);
  const words = search.get("q") ?? "";
  const source = (search.get("from") ?? "") as Source | "";
  const shown = meant(lines, words, source);
  const put = (name: string, value: string) =>
    setSearch(
      (before) => {
        const after = new URLSearchParams(before);
        if (value === "") after.delete(name);
        else after.set(name, value);
        return after;
      },
      { replace: true },
    );
  return (
    <>
      <PageHeader
        title={domain.name}
        above={ABOVE}
        beside={
          <>
            {domain.is_default && <Status tone="good">Default</Status>}
            <Status tone={domain.authoritative ? "good" : "idle"}>{domain.authoritative ? "Answered by the racks" : "Answered by others"}</Status>
            <span className={styles.quiet}>TTL {ttlSpoken(domain.ttl ?? null, Number.NaN)}</span>
          </>
        }
      >
        <Menu label="New record" name="New record" kind="primary" choices={[{ id: "address", label: "Addresses", detail: "A and AAAA of a name" }, { id: "record", label: "Another record", detail: "CNAME, MX, NS, SRV, SSHFP or TXT" }]} onChoose={(kind) => setAsked({ kind: kind as "address" | "record" })} />
        <Button onPress={() => setOpen("change")}>Change…</Button>
        <Button refusal={domain.is_default ? "It is the default already." : null} onPress={() => setOpen("default")}>
          Make it the default…
        </Button>
        <Button kind="quiet" refusal={domain.is_default ? "It is the default: make another zone that before." : null} onPress={() => setOpen("delete")}>
          Delete…
        </Button>
      </PageHeader>
      <Blocks>
        <Block
          title="Records"
          beside={resources.data === undefined ? undefined : shown.length === lines.length ? count(lines.length, "record") : `${shown.length} of ${count(lines.length, "record")}`}
          result={resources}
          actions={
            <>
              <div className={tree.choice} role="group" aria-label="Where they come from">
                {(["", "user", "machine", "device", "rack", "lease"] as const).map((one) => (
                  <button key={one} type="button" aria-pressed={source === one} onClick={() => put("from", one)}>
                    {one === "" ? "All" : SOURCES[one]}
                  </button>
                ))}
              </div>
              <input className={styles.search} type="search" aria-label="Find records" placeholder="Name, type or data" value={words} onChange={(event) => put("q", event.target.value)} spellCheck={false} />
            </>
          }
        >
          <Records lines={shown} hasSome={lines.length > 0} domain={domain} onAsk={setAsked} />
          {(shown.length > SHOWN || unread > 0) && (
            <p className={styles.quiet}>
              {shown.length > SHOWN && `The first ${SHOWN} are shown: look for a name. `}
              {unread > 0 && (
                <>
                  {count(unread, "machine or device", "machines and devices")} more {unread === 1 ? "has its name" : "have their names"} in this zone: <Link to={`/machines?q=${encodeURIComponent(`domain:"${domain.name}"`)}`}>look in their list</Link>.
                </>
              )}
            </p>
          )}
        </Block>
      </Blocks>
      {asked !== null && <RecordDialogs domain={domain} asked={asked} onClose={() => setAsked(null)} />}
      {open === "change" && (
        <ObjectDialog resource="domains" noun="zone" item={domain} name={domain.name} fields={DOMAIN_FIELDS} initial={{ name: domain.name, ttl: domain.ttl ?? "", authoritative: domain.authoritative }} onClose={() => setOpen(null)} />
      )}
      {open === "default" && (
        <ConfirmWithPlan title={`Make ${domain.name} the default zone?`} change={{ method: "POST", path: `${pathOf("domains", String(domain.id))}/set-default` }} verb="Make it the default" isReversible done={`${domain.name} is the default zone`} onClose={() => setOpen(null)}>
          <p>Machines that come without a domain have their names in it, as controllers and leases do.</p>
        </ConfirmWithPlan>
      )}
      {open === "delete" && (
        <ConfirmWithPlan title={`Delete zone ${domain.name}?`} change={{ method: "DELETE", path: pathOf("domains", String(domain.id)), ifMatch: domain.revision }} verb="Delete" isDangerous isReversible done={`Zone ${domain.name} was deleted`} onClose={() => setOpen(null)} onDone={() => void navigate("/domains")}>
          <p>It can be deleted when no name is in it: {lines.length === 0 ? "none is." : `${count(lines.length, "record")} ${lines.length === 1 ? "is" : "are"} there now.`}</p>
        </ConfirmWithPlan>
      )}
    </>
  );
}

function Records({ lines, hasSome, domain, onAsk }: { lines: readonly Line[]; hasSome: boolean; domain: Domain; onAsk: (asked: Asked) => void }) {
  const what = (line: Line) => `${line.type} of ${line.name}`;
  return (
    <ShortTable
      label="Records"
      rows={lines.slice(0, SHOWN)}
      rowKey={(line) => line.key}
      isTall
      empty={hasSome ? <Empty title="No record is meant by this">Take a word out, or show those of all sources.</Empty> : <Empty title="It has no records">Machines whose domain it is have theirs here as soon as they have an address.</Empty>}
      columns={[
        { id: "name", header: "Name", cell: (line) => (line.to === undefined ? <strong className={styles.name}>{line.name}</strong> : <Link className={styles.name} to={line.to}>{line.name}</Link>) },
        { id: "type", header: "Type", cell: (line) => line.type },
        { id: "data", header: "Data", cell: (line) => <code>{line.data}</code> },
        { id: "ttl", header: "TTL", cell: (line) => (line.ttl === null ? <span className={styles.quiet}>as the zone</span> : span(line.ttl * 1000)) },
        { id: "source", header: "From", cell: (line) => <span className={styles.source} data-source={line.source}>{SOURCES[line.source]}</span> },
      ]}
      actions={(line) => {
        const { resource, record } = line;
        if (resource === undefined) return null;
        if (record !== undefined) return <RowMenu name={what(line)} onChange={() => onAsk({ kind: "record", item: record })} onDelete={() => onAsk({ kind: "delete", path: pathOf("dns-records", String(record.id)), name: `the ${record.rrtype} record of ${line.name} in ${domain.name}` })} />;
        return <RowMenu name={what(line)} onChange={() => onAsk({ kind: "address", item: resource })} onDelete={() => onAsk({ kind: "delete", path: pathOf("dns-resources", String(resource.id)), name: `the name ${resource.fqdn} with all of its addresses` })} />;
      }}
    />
  );
}
