/** What belongs to a subnet, each as a table: ranges, pools of prefixes, reserved IPs, leases, routes and snippets. */

import { useAll } from "../../api/lists";
import type { Item, ListPage } from "../../api/resources";
import { Button } from "../../parts/Button";
import { Note, Panel } from "../../parts/Panel";
import { PlainTable } from "../../parts/PlainTable";
import { count } from "../../parts/PlanView";
import { Empty } from "../../parts/Problem";
import { RowMenu } from "../../parts/RowMenu";
import type { Tone } from "../../parts/Status";
import { inWords, Status } from "../../parts/Status";
import { Time } from "../../parts/Time";
import { countOf, spoken } from "./address";
import { Mark } from "./AddressMap";
import styles from "./AddressMap.module.css";
import type { Asked } from "./SubnetDialogs";
import type { Subnet } from "./tree";

type Ask = (asked: Asked) => void;

interface Listed<T> {
  items: readonly T[];
  isPending: boolean;
  error: unknown;
  data?: unknown;
  refetch: () => unknown;
}

export function Ranges({ subnet, ranges, onAsk }: { subnet: Subnet; ranges: Listed<Item<"ip-ranges">>; onAsk: Ask }) {
  return (
    <Panel
      title="Ranges"
      result={ranges}
      actions={
        <>
          <Button size="small" onPress={() => onAsk({ kind: "range", type: "dynamic" })}>
            New dynamic range
          </Button>
          <Button size="small" onPress={() => onAsk({ kind: "range", type: "reserved" })}>
            New reserved range
          </Button>
        </>
      }
    >
      <PlainTable
        label="Ranges"
        rows={ranges.items}
        rowKey={(range) => String(range.id)}
        empty={<Empty title="It has no ranges">{subnet.managed ? "DHCP gives out what a dynamic range has; what is reserved is left alone." : "It is not managed: only what is reserved here is used."}</Empty>}
        columns={[
          { header: "Type", cell: (range) => <span className={styles.use}><Mark use={range.type === "dynamic" ? "dynamic" : "reserved"} /> {inWords(range.type)}</span> },
          { header: "From", cell: (range) => <code>{range.start_ip}</code> },
          { header: "To", cell: (range) => <code>{range.end_ip}</code> },
          { header: "Addresses", cell: (range) => spoken(countOf(range.start_ip, range.end_ip)), isNumeric: true },
          { header: "Owner", cell: (range) => range.user?.username ?? "" },
          { header: "Comment", cell: (range) => range.comment },
        ]}
        actions={(range) => <RowMenu name={`range ${range.start_ip}`} onChange={() => onAsk({ kind: "range", item: range })} onDelete={() => onAsk({ kind: "delete", resource: "ip-ranges", item: range, name: `the ${range.type} range ${range.start_ip} to ${range.end_ip}` })} />}
      />
    </Panel>
  );
}

/** The pools of prefixes that racks delegate to routers on the link of an IPv6 subnet. */
export function PrefixPools({ subnet, onAsk }: { subnet: Subnet; onAsk: Ask }) {
  const pools = useAll("prefix-pools", { filter: `subnet.id:${subnet.id}`, sort: "prefix" });
  return (
    <Panel
      title="Prefix pools"
      beside="Delegated to routers on this link, each prefix as a whole"
      result={pools}
      actions={
        <Button size="small" onPress={() => onAsk({ kind: "pool" })}>
          New prefix pool
        </Button>
      }
    >
      <PlainTable
        label="Prefix pools"
        rows={pools.items}
        rowKey={(pool) => String(pool.id)}
        empty="No prefixes are delegated here."
        columns={[
          { header: "Prefix", cell: (pool) => <code>{pool.prefix}</code> },
          { header: "Delegated as", cell: (pool) => <code>/{pool.delegated_length}</code> },
          { header: "Delegated", cell: (pool) => `${pool.prefixes_delegated} of ${pool.prefixes_total}`, isNumeric: true },
          { header: "Comment", cell: (pool) => pool.comment },
        ]}
        actions={(pool) => <RowMenu name={`prefix pool ${pool.prefix}`} onChange={() => onAsk({ kind: "pool", item: pool })} onDelete={() => onAsk({ kind: "delete", resource: "prefix-pools", item: pool, name: `the prefix pool ${pool.prefix}` })} />}
      />
    </Panel>
  );
}

export function ReservedIps({ reserved, onAsk }: { reserved: Listed<Item<"reserved-ips">>; onAsk: Ask }) {
  return (
    <Panel
      title="Reserved IPs"
      beside="Kept for one client each, by its hardware address"
      result={reserved}
      actions={
        <Button size="small" onPress={() => onAsk({ kind: "reserved" })}>
          New reserved IP
        </Button>
      }
    >
      <PlainTable
        label="Reserved IPs"
        rows={reserved.items}
        rowKey={(one) => String(one.id)}
        isFramed
        empty="No address is kept for a client."
        columns={[
          { header: "Address", cell: (one) => <code>{one.ip}</code> },
          { header: "Client", cell: (one) => <code>{one.mac_address}</code> },
          { header: "Comment", cell: (one) => one.comment },
        ]}
        actions={(one) => <RowMenu name={one.ip} onChange={() => onAsk({ kind: "reserved", item: one })} onDelete={() => onAsk({ kind: "delete", resource: "reserved-ips", item: one, name: `what keeps ${one.ip} for ${one.mac_address}` })} />}
      />
    </Panel>
  );
}

const LEASES: Record<string, { tone: Tone; word: string }> = {
  active: { tone: "good", word: "Active" },
  kept: { tone: "idle", word: "Kept" },
  ended: { tone: "neutral", word: "Ended" },
  declined: { tone: "bad", word: "Declined" },
};

/** How many leases stand in the table. */
const SHOWN = 200;

export function Leases({ subnet, leases, onAsk }: { subnet: Subnet; leases: { data?: ListPage<Item<"leases">> | undefined; isPending: boolean; error: unknown; refetch: () => unknown }; onAsk: Ask }) {
  const all = leases.data?.items ?? [];
  const active = all.filter((lease) => lease.state === "active").length;
  const isMore = all.length > SHOWN || (leases.data?.next ?? null) !== null;
  return (
    <Panel title="Leases" beside={active === 0 ? undefined : `${count(active, "client")} ${active === 1 ? "has" : "have"} an address now`} result={leases}>
      <PlainTable
        label="Leases"
        rows={all.slice(0, SHOWN)}
        rowKey={(lease) => lease.ip}
        empty={subnet.vlan.dhcp_on || subnet.vlan.relay_vlan ? "No client has had an address yet." : "DHCP is not served here."}
        isFramed
        columns={[
          { header: "Address", cell: (lease) => <code>{lease.kind === "prefix" ? `${lease.ip}/${lease.prefix_length}` : lease.ip}</code> },
          { header: "Client", cell: (lease) => <code>{lease.client}</code> },
          { header: "Name", cell: (lease) => lease.name ?? "" },
          { header: "State", cell: (lease) => <Status tone={LEASES[lease.state]?.tone ?? "neutral"}>{lease.kind === "registered" && lease.state === "active" ? "Made by its host" : (LEASES[lease.state]?.word ?? lease.state)}</Status> },
          { header: "Until", cell: (lease) => <Time at={lease.promised_until} /> },
          { header: "By", cell: (lease) => lease.rack.hostname ?? lease.rack.system_id },
        ]}
        actions={(lease) =>
          lease.state === "active" && lease.kind === "address" ? (
            <Button size="small" kind="quiet" onPress={() => onAsk({ kind: "reserved", ip: lease.ip, mac: lease.client })}>
              Keep it…
            </Button>
          ) : null
        }
      />
      {isMore && (
        <Note>
          There are more than these: <code>ironraft lease list subnet:{subnet.id}</code>
        </Note>
      )}
    </Panel>
  );
}

export function Routes({ subnet, onAsk }: { subnet: Subnet; onAsk: Ask }) {
  const routes = useAll("static-routes", { filter: `source.id:${subnet.id}`, sort: "metric" });
  return (
    <Panel
      title="Static routes"
      beside="Told to clients of this subnet"
      result={routes}
      actions={
        <Button size="small" onPress={() => onAsk({ kind: "route" })}>
          New route
        </Button>
      }
    >
      <PlainTable
        label="Static routes"
        rows={routes.items}
        rowKey={(route) => String(route.id)}
        empty="Clients are told no routes but the gateway."
        columns={[
          { header: "To", cell: (route) => <><code>{route.destination.cidr}</code> {route.destination.name !== route.destination.cidr && route.destination.name}</> },
          { header: "By gateway", cell: (route) => <code>{route.gateway_ip}</code> },
          { header: "Metric", cell: (route) => route.metric, isNumeric: true },
        ]}
        actions={(route) => <RowMenu name={`the route to ${route.destination.cidr}`} onChange={() => onAsk({ kind: "route", item: route })} onDelete={() => onAsk({ kind: "delete", resource: "static-routes", item: route, name: `the route to ${route.destination.cidr}` })} />}
      />
    </Panel>
  );
}

export function Snippets({ subnet, onAsk }: { subnet: Subnet; onAsk: Ask }) {
  const snippets = useAll("dhcp-snippets", { filter: `subnet.id:${subnet.id}`, sort: "name" });
  return (
    <Panel
      title="DHCP snippets"
      beside="Options that clients of this subnet are told besides"
      result={snippets}
      actions={
        <Button size="small" onPress={() => onAsk({ kind: "snippet" })}>
          New snippet
        </Button>
      }
    >
      <PlainTable
        label="DHCP snippets"
        rows={snippets.items}
        rowKey={(snippet) => String(snippet.id)}
        empty="None is for this subnet."
        columns={[
          { header: "Name", cell: (snippet) => <strong>{snippet.name}</strong> },
          { header: "State", cell: (snippet) => <Status tone={snippet.enabled ? "good" : "idle"}>{snippet.enabled ? "On" : "Off"}</Status> },
          { header: "What clients are told", cell: (snippet) => <code>{snippet.value}</code> },
          { header: "Description", cell: (snippet) => snippet.description },
        ]}
        actions={(snippet) => <RowMenu name={snippet.name} onChange={() => onAsk({ kind: "snippet", item: snippet })} onDelete={() => onAsk({ kind: "delete", resource: "dhcp-snippets", item: snippet, name: `the snippet ${snippet.name}` })} />}
      />
    </Panel>
  );
}
