/** All networks: fabrics or spaces, their VLANs with DHCP, and their subnets with how full they are. */

import { useMemo, useRef, useState } from "react";
import { Link, useNavigate } from "react-router";

import { useAll } from "../../api/lists";
import { Button } from "../../parts/Button";
import { Choice } from "../../parts/Choice";
import { Icon } from "../../parts/Icon";
import { Menu } from "../../parts/Menu";
import { PageHeader } from "../../parts/PageHeader";
import { count } from "../../parts/PlanView";
import { Empty, Loading, ProblemView } from "../../parts/Problem";
import type { Finding } from "../../parts/Verdict";
import { Verdict } from "../../parts/Verdict";
import type { KeyBinding } from "../../shell/keys";
import { useKeys } from "../../shell/keys";
import { useParameters } from "../../shell/parameters";
import type { Racks } from "./dhcp";
import { byId, dhcpFindings } from "./dhcp";
import { FabricDialog, SpaceDialog, SubnetDialog, VlanDialog } from "./forms";
import styles from "./Networks.module.css";
import type { By, Vlan } from "./tree";
import { rowsOf } from "./tree";
import { TreeGrid } from "./TreeGrid";

type Making = "fabric" | "vlan" | "space" | "subnet";

const NEW: { id: Making; label: string; detail: string }[] = [
  { id: "subnet", label: "Subnet", detail: "A prefix of addresses on a VLAN" },
  { id: "vlan", label: "VLAN", detail: "A link: what DHCP is served on" },
  { id: "fabric", label: "Fabric", detail: "A switched network, with VLANs of its own" },
  { id: "space", label: "Space", detail: "VLANs that may reach each other" },
];

export default function Networks() {
  const [making, setMaking] = useState<Making | null>(null);
  const navigate = useNavigate();
  const close = () => setMaking(null);
  const opened = (answer: { data: unknown }) => {
    const id = (answer.data as { id?: number } | null)?.id;
    if (id !== undefined) void navigate(`/subnets/${id}`);
  };
  return (
    <>
      <PageHeader title="Networks">
        <Menu label="New" name="New" kind="primary" choices={NEW} onChoose={(id) => setMaking(id as Making)} />
      </PageHeader>
      <Tree onNew={setMaking} />
      {making === "fabric" && <FabricDialog onClose={close} />}
      {making === "space" && <SpaceDialog onClose={close} />}
      {making === "vlan" && <VlanDialog onClose={close} />}
      {making === "subnet" && <SubnetDialog onClose={close} onDone={opened} />}
    </>
  );
}

/** All that the tree is made of, followed live. */
function useNetworks() {
  const fabrics = useAll("fabrics", { fields: ["id", "name", "description"] });
  const spaces = useAll("spaces", { fields: ["id", "name", "description"] });
  const vlans = useAll("vlans");
  const subnets = useAll("subnets", { fields: ["id", "cidr", "name", "description", "gateway_ip", "managed", "vlan", "space"] });
  const racks = useAll("racks", { fields: ["system_id", "hostname", "service_set"] });
  const sources = useMemo(() => ({ fabrics: fabrics.items, spaces: spaces.items, vlans: vlans.items, subnets: subnets.items }), [fabrics.items, spaces.items, vlans.items, subnets.items]);
  const known = useMemo(() => byId({ data: racks.data, items: racks.items }), [racks.data, racks.items]);
  const all = [fabrics, spaces, vlans, subnets];
  return { sources, racks: known, isMore: vlans.isMore || subnets.isMore, isPending: all.some((one) => one.isPending), failed: all.find((one) => one.error !== null && one.data === undefined) };
}

function Tree({ onNew }: { onNew: (what: Making) => void }) {
  const [get, put] = useParameters();
  const { sources, racks, isMore, isPending, failed } = useNetworks();
  const by: By = get("by") === "space" ? "space" : "fabric";
  const words = get("q");
  const closedText = get("closed");
  const closed = useMemo(() => new Set(closedText.split(",").filter((key) => key !== "")), [closedText]);
  const rows = useMemo(() => rowsOf(sources, by, words, closed), [sources, by, words, closed]);
  const toggle = (key: string) => {
    const next = new Set(closed);
    if (!next.delete(key)) next.add(key);
    put({ closed: [...next].join(",") });
  };
  if (failed !== undefined) {
    return (
      <div className={styles.pad}>
        <ProblemView error={failed.error} onRetry={() => void failed.refetch()} />
      </div>
    );
  }
  if (isPending) return <Loading />;
  const { fabrics, spaces, vlans, subnets } = sources;
  return (
    <section className={styles.tree} aria-label="Networks">
      <div className={styles.pad}>
        <DhcpVerdict vlans={vlans} racks={racks} />
      </div>
      <Tools words={words} by={by} onWords={(text) => put({ q: text })} onBy={(next) => put({ by: next === "fabric" ? "" : next })} />
      <p className={styles.counts} role="status">
        {count(fabrics.length, "fabric")}, {count(vlans.length, "VLAN")}, {count(subnets.length, "subnet")}, {count(spaces.length, "space")}
        {isMore && " – and more than are shown: ask for them by the API or the command line"}
      </p>
      {rows.length === 0 ? <NoRows words={words} onNew={onNew} /> : <TreeGrid rows={rows} racks={racks} onToggle={toggle} />}
      {subnets.length === 0 && (
        <Empty title="There are no subnets yet">
          <p>
            A subnet says which addresses machines get. <Link to="/welcome">Set up the first one</Link>, with DHCP.
          </p>
        </Empty>
      )}
    </section>
  );
}

function NoRows({ words, onNew }: { words: string; onNew: (what: Making) => void }) {
  if (words === "") {
    return (
      <Empty title="There are no networks">
        <Button onPress={() => onNew("fabric")}>New fabric</Button>
      </Empty>
    );
  }
  return (
    <Empty title="Nothing is called that">
      <p>Names, tags (vid:20), prefixes, an address that a subnet has, dhcp:on and dhcp:off can be looked for.</p>
    </Empty>
  );
}

/** How many findings stand open. */
const FINDINGS = 5;

function DhcpVerdict({ vlans, racks }: { vlans: readonly Vlan[]; racks: Racks }) {
  const all = useMemo(() => vlans.flatMap((vlan) => dhcpFindings(vlan, racks)), [vlans, racks]);
  const shown: Finding[] = all.length > FINDINGS ? [...all.slice(0, FINDINGS), { tone: "warn", text: `${all.length - FINDINGS} more of that kind` }] : all;
  const served = vlans.filter((vlan) => vlan.dhcp_on || vlan.relay_vlan).length;
  return <Verdict findings={shown} tone={served === 0 || racks === null ? "idle" : "good"} well={servedInWords(served, racks !== null)} />;
}

/** What is said of DHCP when nothing is wrong with it. */
function servedInWords(served: number, areRacksKnown: boolean): string {
  if (served === 0) return "DHCP is served nowhere yet";
  if (!areRacksKnown) return `DHCP is on in ${count(served, "VLAN")}; whether their racks are there, you may not see`;
  return served === 1 ? "DHCP is answered on the one VLAN that has it" : `DHCP is answered on all of the ${count(served, "VLAN")} that have it`;
}

const GROUPINGS = [
  ["fabric", "By fabric"],
  ["space", "By space"],
] as const;

function Tools({ words, by, onWords, onBy }: { words: string; by: By; onWords: (text: string) => void; onBy: (by: By) => void }) {
  const input = useRef<HTMLInputElement>(null);
  useKeys(useMemo<KeyBinding[]>(() => [{ keys: "/", label: "Go to the search of networks", group: "Networks", run: () => input.current?.focus() }], []));
  return (
    <div className={styles.tools}>
      <div className={styles.search}>
        <Icon name="filter" />
        <input ref={input} type="search" aria-label="Find networks" placeholder="Name, VLAN, prefix, or an address: vid:20 · 10.20.0.17 · dhcp:off" value={words} onChange={(event) => onWords(event.target.value)} spellCheck={false} autoComplete="off" />
      </div>
      <Choice label="Grouped by" options={GROUPINGS} value={by} onChange={onBy} />
    </div>
  );
}
