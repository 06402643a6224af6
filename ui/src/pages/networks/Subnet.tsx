/** A subnet: what is wrong with it, what each of its addresses is used for, and all that is said about it. */

import { useMemo, useState } from "react";
import { useNavigate, useParams, useSearchParams } from "react-router";
import { Link } from "react-router";

import { useAll, useFirstPage, useObject, useRead } from "../../api/lists";
import { pathOf } from "../../api/resources";
import { Beside, Block, Blocks, Column, Facts } from "../../parts/Block";
import { Button } from "../../parts/Button";
import { ConfirmWithPlan } from "../../parts/ConfirmWithPlan";
import { PageHeader } from "../../parts/PageHeader";
import { Loading, ProblemView } from "../../parts/Problem";
import { Status } from "../../parts/Status";
import type { Finding } from "../../parts/Verdict";
import { Verdict } from "../../parts/Verdict";
import { AddressMap } from "./AddressMap";
import styles from "./AddressMap.module.css";
import tree from "./Networks.module.css";
import type { Racks } from "./dhcp";
import { byId, dhcpFindings, dhcpState } from "./dhcp";
import { SubnetDialog } from "./forms";
import type { Known, UsedAddress } from "./map";
import { spansOf, totals } from "./map";
import { parsePrefix, spoken } from "./address";
import { Leases, Ranges, ReservedIps, Routes, Snippets } from "./SubnetParts";
import type { Asked } from "./SubnetDialogs";
import { SubnetDialogs } from "./SubnetDialogs";
import type { Subnet } from "./tree";
import { vlanName } from "./tree";
import type { Statistics } from "./Usage";
import { UsageBar, useStatistics } from "./Usage";

/** How many leases and neighbours a map takes in. */
const MANY = 1000;

export default function SubnetPage() {
  const { id = "" } = useParams();
  const { item, error, refetch } = useObject("subnets", id);
  if (error !== null && item === undefined) {
    return (
      <>
        <PageHeader title={`Subnet ${id}`} above={[{ title: "Networks", to: "/networks" }]} />
        <Blocks>
          <ProblemView error={error} onRetry={() => void refetch()} />
        </Blocks>
      </>
    );
  }
  return item === undefined ? <Loading /> : <Page key={item.id} subnet={item} />;
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
      leases: leases.data?.items ?? [],
      observed: observed.data?.items ?? [],
    }),
    [statistics.value, addresses.value, reserved.items, leases.data, observed.data],
  );
  return { statistics, addresses, reserved, leases, observed, known };
}

function Page({ subnet }: { subnet: Subnet }) {
  const [search, setSearch] = useSearchParams();
  const [asked, setAsked] = useState<Asked | null>(null);
  const [isEditing, setEditing] = useState(false);
  const [isDeleting, setDeleting] = useState(false);
  const navigate = useNavigate();
  const all = useKnown(subnet);
  const ranges = useAll("ip-ranges", { filter: `subnet.id:${subnet.id}`, sort: "start_ip" });
  const racks = useAll("racks", { fields: ["system_id", "hostname", "service_set"] });
  const known = useMemo(() => byId({ data: racks.data, items: racks.items }), [racks.data, racks.items]);
  const isTable = search.get("as") === "table";
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
  const findings = subnetFindings(subnet, all.statistics.value, all.known, ranges.data === undefined ? null : ranges.items, known);
  const title = subnet.name === subnet.cidr || subnet.name === "" ? subnet.cidr : `${subnet.cidr} · ${subnet.name}`;
  return (
    <>
      <PageHeader
        title={title}
        above={[
          { title: "Networks", to: "/networks" },
          { title: `${subnet.vlan.fabric} ${vlanName(subnet.vlan)}`, to: `/vlans/${subnet.vlan.id}` },
        ]}
      >
        <Button onPress={() => setEditing(true)}>Change…</Button>
        <Button kind="quiet" onPress={() => setDeleting(true)}>
          Delete…
        </Button>
      </PageHeader>
      <Blocks>
        <Verdict findings={findings} well={well(subnet, all.statistics.value)} />
        <Beside>
          <Column>
          <Block
            title="Addresses"
            beside={all.statistics.value !== undefined && <UsageBar statistics={all.statistics.value} />}
            result={all.statistics}
            actions={
              <div className={tree.choice} role="group" aria-label="Shown as">
                {(["map", "table"] as const).map((one) => (
                  <button key={one} type="button" aria-pressed={(one === "table") === isTable} onClick={() => put("as", one === "table" ? "table" : "")}>
                    {one === "map" ? "Map" : "Table"}
                  </button>
                ))}
              </div>
            }
          >
            <AddressMap
              cidr={subnet.cidr}
              known={all.known}
              block={search.get("block") ?? ""}
              isTable={isTable}
              onShow={(block) => put("block", block)}
              onReserve={(ip) => setAsked({ kind: "reserved", ip })}
              onRange={(ip) => setAsked({ kind: "range", ip })}
            />
            {(all.leases.data?.next !== null && all.leases.data?.next !== undefined) || all.addresses.error !== null ? (
              <p className={styles.note}>{all.addresses.error !== null ? "Who has which address may not be seen: static addresses have no names here." : `Only the first ${MANY} leases are drawn.`}</p>
            ) : null}
          </Block>
          <Ranges subnet={subnet} ranges={ranges} onAsk={setAsked} />
          </Column>
          <Block title="Facts">
            <SubnetFacts subnet={subnet} racks={known} statistics={all.statistics.value} />
          </Block>
        </Beside>
        <ReservedIps reserved={all.reserved} onAsk={setAsked} />
        <Leases subnet={subnet} leases={all.leases} onAsk={setAsked} />
        <Routes subnet={subnet} onAsk={setAsked} />
        <Snippets subnet={subnet} onAsk={setAsked} />
      </Blocks>
      {asked !== null && <SubnetDialogs subnet={subnet} statistics={all.statistics.value} asked={asked} onClose={() => setAsked(null)} />}
      {isEditing && <SubnetDialog subnet={subnet} onClose={() => setEditing(false)} />}
      {isDeleting && (
        <ConfirmWithPlan
          title={`Delete subnet ${subnet.cidr}?`}
          change={{ method: "DELETE", path: pathOf("subnets", String(subnet.id)), ifMatch: subnet.revision }}
          verb="Delete"
          isDangerous
          isReversible
          done={`Subnet ${subnet.cidr} was deleted`}
          onClose={() => setDeleting(false)}
          onDone={() => void navigate("/networks")}
        >
          <p>Its ranges, routes and snippets go with it. It cannot be deleted while somebody has an address of it.</p>
        </ConfirmWithPlan>
      )}
    </>
  );
}

function well(subnet: Subnet, statistics: Statistics | undefined): string {
  if (statistics === undefined) return "Nothing is known to be wrong";
  const free = spoken(totals(spansOf(parsePrefix(subnet.cidr) ?? { version: 4, first: 0n, length: 32 }, { ranges: statistics.ranges ?? [], addresses: [], reserved: [], leases: [], observed: [] })).free);
  return `All is well: ${free} addresses are free`;
}

/** From how full a dynamic range is said to be pressed. */
const PRESSED = 0.9;

export function subnetFindings(subnet: Subnet, statistics: Statistics | undefined, known: Known, ranges: readonly { type: string }[] | null, racks: Racks | null): Finding[] {
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
      facts={[
        ["VLAN", <Link key="v" to={`/vlans/${subnet.vlan.id}`}>{`${subnet.vlan.fabric} / ${vlanName(subnet.vlan)}`}</Link>],
        ["DHCP", <Status key="d" tone={state.tone} detail={state.word}>{state.word}</Status>],
        ["Space", subnet.space === "undefined" ? "" : subnet.space],
        ["Gateway", subnet.gateway_ip ?? ""],
        ["DNS servers", subnet.dns_servers.length === 0 ? "the racks alone" : subnet.dns_servers.join(", ")],
        ["Hosts", statistics === undefined ? "" : `${spoken(BigInt(Math.round(statistics.total_addresses)))}`],
        ["Managed", subnet.managed ? "Yes: addresses are assigned in it" : "No: only reserved ranges are used"],
        ["Names", subnet.allow_dns ? "Hosts may ask the racks" : "The racks do not answer"],
        ["Search", subnet.active_discovery ? "Racks search it for hosts" : "Racks listen only"],
        ["Reverse zone", ["none", "whole", "whole and classless"][subnet.rdns_mode] ?? String(subnet.rdns_mode)],
        ["Not booted", subnet.disabled_boot_architectures.join(", ")],
        ["Description", subnet.description],
      ]}
    />
  );
}
