/** A subnet: what is wrong with it, what each of its addresses is used for, and all that is said about it. */

import { useMemo, useState } from "react";
import { Link, useNavigate, useParams } from "react-router";

import { useAll, useFirstPage, useObject, useRead } from "../../api/lists";
import { pathOf } from "../../api/resources";
import { Button } from "../../parts/Button";
import { Choice } from "../../parts/Choice";
import { ConfirmWithPlan } from "../../parts/ConfirmWithPlan";
import { PageHeader } from "../../parts/PageHeader";
import { Beside, Column, Facts, Note, orNone, Panel, Panels } from "../../parts/Panel";
import { Status } from "../../parts/Status";
import { UnreadPage } from "../../parts/UnreadPage";
import type { Finding } from "../../parts/Verdict";
import { Verdict } from "../../parts/Verdict";
import { useParameters } from "../../shell/parameters";
import { parsePrefix, spoken } from "./address";
import { AddressMap } from "./AddressMap";
import type { Racks } from "./dhcp";
import { byId, dhcpFindings, dhcpState } from "./dhcp";
import { SubnetDialog } from "./forms";
import type { Known, UsedAddress } from "./map";
import { spansOf, totals } from "./map";
import type { Asked } from "./SubnetDialogs";
import { SubnetDialogs } from "./SubnetDialogs";
import { Leases, PrefixPools, Ranges, ReservedIps, Routes, Snippets } from "./SubnetParts";
import type { Subnet } from "./tree";
import { spaceOf, vlanName } from "./tree";
import type { Statistics } from "./Usage";
import { UsageBar, useStatistics } from "./Usage";

/** How many leases and neighbours a map takes in. */
const MANY = 1000;

const ABOVE = [{ title: "Networks", to: "/networks" }];

export default function SubnetPage() {
  const { id = "" } = useParams();
  const read = useObject("subnets", id);
  const { item } = read;
  if (item === undefined) return <UnreadPage title={`Subnet ${id}`} above={ABOVE} result={read} />;
  return <Page key={item.id} subnet={item} />;
}

/** All that is known of the addresses, followed live. */
function useKnown(subnet: Subnet) {
  const statistics = useStatistics(subnet.id, "ip-ranges");
  const addresses = useRead<UsedAddress[]>(`${pathOf("subnets", String(subnet.id))}/ip-addresses`, "ip-addresses");
  const reserved = useAll("reserved-ips", { filter: `subnet.id:${subnet.id}`, sort: "ip" });
  const leases = useFirstPage("leases", { filter: `subnet:${subnet.id}`, limit: MANY });
  const observed = useFirstPage("discoveries", { filter: `ip:${subnet.cidr}`, limit: MANY });
  const known = useMemo<Known>(
    () => ({
      ranges: statistics.value?.ranges ?? [],
      addresses: addresses.value ?? [],
      reserved: reserved.items,
      leases: (leases.data?.items ?? []).filter((lease) => lease.kind !== "prefix"),
      observed: observed.data?.items ?? [],
    }),
    [statistics.value, addresses.value, reserved.items, leases.data, observed.data],
  );
  return { statistics, addresses, reserved, leases, observed, known };
}

type Open = "change" | "delete";

function Page({ subnet }: { subnet: Subnet }) {
  const [asked, setAsked] = useState<Asked | null>(null);
  const [open, setOpen] = useState<Open | null>(null);
  const all = useKnown(subnet);
  const ranges = useAll("ip-ranges", { filter: `subnet.id:${subnet.id}`, sort: "start_ip" });
  const racks = useAll("racks", { fields: ["system_id", "hostname", "service_set"] });
  const known = useMemo(() => byId({ data: racks.data, items: racks.items }), [racks.data, racks.items]);
  const findings = subnetFindings(subnet, all.statistics.value, all.known, ranges.data === undefined ? null : ranges.items, known);
  const title = subnet.name === subnet.cidr || subnet.name === "" ? subnet.cidr : `${subnet.cidr} · ${subnet.name}`;
  return (
    <>
      <PageHeader title={title} above={[...ABOVE, { title: `${subnet.vlan.fabric} ${vlanName(subnet.vlan)}`, to: `/vlans/${subnet.vlan.id}` }]}>
        <Button onPress={() => setOpen("change")}>Change…</Button>
        <Button kind="quiet" onPress={() => setOpen("delete")}>
          Delete…
        </Button>
      </PageHeader>
      <Panels>
        <Verdict findings={findings} well={well(subnet, all.statistics.value)} />
        <Beside isFirstWide>
          <Column>
            <AddressesPanel subnet={subnet} all={all} onAsk={setAsked} />
            <Ranges subnet={subnet} ranges={ranges} onAsk={setAsked} />
          </Column>
          <Panel title="Facts">
            <SubnetFacts subnet={subnet} racks={known} statistics={all.statistics.value} />
          </Panel>
        </Beside>
        {subnet.cidr.includes(":") && <PrefixPools subnet={subnet} onAsk={setAsked} />}
        <ReservedIps reserved={all.reserved} onAsk={setAsked} />
        <Leases subnet={subnet} leases={all.leases} onAsk={setAsked} />
        <Routes subnet={subnet} onAsk={setAsked} />
        <Snippets subnet={subnet} onAsk={setAsked} />
      </Panels>
      {asked !== null && <SubnetDialogs subnet={subnet} statistics={all.statistics.value} asked={asked} onClose={() => setAsked(null)} />}
      {open === "change" && <SubnetDialog subnet={subnet} onClose={() => setOpen(null)} />}
      {open === "delete" && <DeleteDialog subnet={subnet} onClose={() => setOpen(null)} />}
    </>
  );
}

function DeleteDialog({ subnet, onClose }: { subnet: Subnet; onClose: () => void }) {
  const navigate = useNavigate();
  return (
    <ConfirmWithPlan
      title={`Delete subnet ${subnet.cidr}?`}
      change={{ method: "DELETE", path: pathOf("subnets", String(subnet.id)), ifMatch: subnet.revision }}
      verb="Delete"
      isDangerous
      isReversible
      done={`Subnet ${subnet.cidr} was deleted`}
      onClose={onClose}
      onDone={() => void navigate("/networks")}
    >
      <p>Its ranges, routes and snippets go with it. It cannot be deleted while somebody has an address of it.</p>
    </ConfirmWithPlan>
  );
}

const SHAPES = [
  ["", "Map"],
  ["table", "Table"],
] as const;

function AddressesPanel({ subnet, all, onAsk }: { subnet: Subnet; all: ReturnType<typeof useKnown>; onAsk: (asked: Asked) => void }) {
  const [get, put] = useParameters();
  const { statistics, addresses, leases } = all;
  const shape = get("as") === "table" ? "table" : "";
  const isCut = (leases.data?.next ?? null) !== null;
  return (
    <Panel title="Addresses" beside={statistics.value !== undefined && <UsageBar statistics={statistics.value} />} result={statistics} actions={<Choice label="Shown as" options={SHAPES} value={shape} onChange={(as) => put({ as })} />}>
      <AddressMap
        cidr={subnet.cidr}
        known={all.known}
        block={get("block")}
        isTable={shape === "table"}
        onShow={(block) => put({ block })}
        onReserve={(ip) => onAsk({ kind: "reserved", ip })}
        onRange={(ip) => onAsk({ kind: "range", ip })}
      />
      {addresses.error !== null ? <Note>Who has which address may not be seen: static addresses have no names here.</Note> : isCut && <Note>Only the first {MANY} leases are drawn.</Note>}
    </Panel>
  );
}

function well(subnet: Subnet, statistics: Statistics | undefined): string {
  if (statistics === undefined) return "Nothing is known to be wrong";
  const free = spoken(totals(spansOf(parsePrefix(subnet.cidr) ?? { version: 4, first: 0n, length: 32 }, { ranges: statistics.ranges ?? [], addresses: [], reserved: [], leases: [], observed: [] })).free);
  return `All is well: ${free} addresses are free`;
}

/** From how full a dynamic range is said to be pressed. */
const PRESSED = 0.9;

function subnetFindings(subnet: Subnet, statistics: Statistics | undefined, known: Known, ranges: readonly { type: string }[] | null, racks: Racks | null): Finding[] {
  const found = dhcpFindings(subnet.vlan, racks);
  const prefix = parsePrefix(subnet.cidr);
  const isServed = subnet.vlan.dhcp_on || Boolean(subnet.vlan.relay_vlan);
  if (statistics !== undefined && prefix !== null) {
    const counts = totals(spansOf(prefix, known));
    if (counts.free === 0n) found.push({ tone: "bad", text: "No address is free", help: "Machines that are deployed get none: make a range smaller, release addresses, or add a subnet to the VLAN." });
    const pool = counts.leased + counts.dynamic;
    if (counts.leased > 0n && Number((counts.leased * 1000n) / pool) / 1000 >= PRESSED) {
      found.push({ tone: "bad", text: `The dynamic ranges are nearly full: ${counts.leased} of ${pool} are leased`, help: "New machines get no address soon: make a range larger, or add one." });
    }
    if (counts.observed > 0n) {
      found.push({ tone: "warn", text: `${counts.observed} ${counts.observed === 1n ? "address answers" : "addresses answer"} that nobody was given`, help: "Look at the map: put them into a reserved range, or find out whose they are." });
    }
  }
  if (isServed && subnet.managed && ranges !== null && !ranges.some((range) => range.type === "dynamic")) {
    found.push({ tone: "warn", text: "DHCP is on, but this subnet has no dynamic range", help: "Machines that are new get no address here: make one below." });
  }
  if (subnet.gateway_ip === null || subnet.gateway_ip === undefined) found.push({ tone: "idle", text: "It has no gateway", help: "Machines in it reach nothing else unless another subnet has one." });
  return found;
}

function SubnetFacts({ subnet, racks, statistics }: { subnet: Subnet; racks: Racks; statistics: Statistics | undefined }) {
  const state = dhcpState(subnet.vlan, racks);
  return (
    <Facts
      of={[
        ["VLAN", <Link key="v" to={`/vlans/${subnet.vlan.id}`}>{`${subnet.vlan.fabric} / ${vlanName(subnet.vlan)}`}</Link>],
        ["DHCP", <Status key="d" tone={state.tone} detail={state.word}>{state.word}</Status>],
        ["Space", orNone(spaceOf(subnet))],
        ["Gateway", orNone(subnet.gateway_ip)],
        ["DNS servers", subnet.dns_servers.length === 0 ? "the racks alone" : subnet.dns_servers.join(", ")],
        ["Hosts", statistics !== undefined && spoken(BigInt(Math.round(statistics.total_addresses)))],
        ["Managed", subnet.managed ? "Yes: addresses are assigned in it" : "No: only reserved ranges are used"],
        ["Names", subnet.allow_dns ? "Hosts may ask the racks" : "The racks do not answer"],
        ["Search", subnet.active_discovery ? "Racks search it for hosts" : "Racks listen only"],
        ["Reverse zone", ["none", "whole", "whole and classless"][subnet.rdns_mode] ?? String(subnet.rdns_mode)],
        ["Not booted", orNone(subnet.disabled_boot_architectures.join(", "))],
        ["Description", orNone(subnet.description)],
      ]}
    />
  );
}
