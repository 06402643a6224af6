/** All networks: fabrics or spaces, their VLANs with DHCP, and their subnets with how full they are. */

import { useVirtualizer } from "@tanstack/react-virtual";
import type { KeyboardEvent } from "react";
import { useId, useMemo, useRef, useState } from "react";
import { Link, useNavigate, useSearchParams } from "react-router";

import { useAll } from "../../api/lists";
import { Button } from "../../parts/Button";
import { Icon } from "../../parts/Icon";
import { Menu } from "../../parts/Menu";
import { PageHeader } from "../../parts/PageHeader";
import { count } from "../../parts/PlanView";
import { Empty, Loading, ProblemView } from "../../parts/Problem";
import { Status } from "../../parts/Status";
import { Verdict } from "../../parts/Verdict";
import type { KeyBinding } from "../../shell/keys";
import { useKeys } from "../../shell/keys";
import { useIsPhone } from "../../table/Rows";
import type { Racks } from "./dhcp";
import { byId, dhcpFindings, dhcpState } from "./dhcp";
import { FabricDialog, SpaceDialog, SubnetDialog, VlanDialog } from "./forms";
import styles from "./Networks.module.css";
import type { By, Row } from "./tree";
import { rowsOf, vlanName } from "./tree";
import { Usage } from "./Usage";

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

/** How many findings stand open. */
const FINDINGS = 5;

function Tree({ onNew }: { onNew: (what: Making) => void }) {
  const [search, setSearch] = useSearchParams();
  const fabrics = useAll("fabrics", { fields: ["id", "name", "description"] });
  const spaces = useAll("spaces", { fields: ["id", "name", "description"] });
  const vlans = useAll("vlans");
  const subnets = useAll("subnets", { fields: ["id", "cidr", "name", "description", "gateway_ip", "managed", "vlan", "space"] });
  const racks = useAll("racks", { fields: ["system_id", "hostname", "service_set"] });
  const by: By = search.get("by") === "space" ? "space" : "fabric";
  const words = search.get("q") ?? "";
  const closedText = search.get("closed") ?? "";
  const closed = useMemo(() => new Set(closedText.split(",").filter((key) => key !== "")), [closedText]);
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
  const toggle = (key: string) => {
    const next = new Set(closed);
    if (!next.delete(key)) next.add(key);
    put("closed", [...next].join(","));
  };
  const rows = useMemo(
    () => rowsOf({ fabrics: fabrics.items, spaces: spaces.items, vlans: vlans.items, subnets: subnets.items }, by, words, closed),
    [fabrics.items, spaces.items, vlans.items, subnets.items, by, words, closed],
  );
  const known = useMemo(() => byId({ data: racks.data, items: racks.items }), [racks.data, racks.items]);
  const findings = useMemo(() => vlans.items.flatMap((vlan) => dhcpFindings(vlan, known)), [vlans.items, known]);
  const failed = [fabrics, spaces, vlans, subnets].find((result) => result.error !== null);
  if (failed !== undefined && failed.data === undefined) {
    return (
      <div className={styles.pad}>
        <ProblemView error={failed.error} onRetry={() => void failed.refetch()} />
      </div>
    );
  }
  if ([fabrics, spaces, vlans, subnets].some((result) => result.isPending)) return <Loading />;
  const served = vlans.items.filter((vlan) => vlan.dhcp_on || vlan.relay_vlan).length;
  return (
    <section className={styles.tree} aria-label="Networks">
      <div className={styles.pad}>
        <Verdict
          findings={findings.length > FINDINGS ? [...findings.slice(0, FINDINGS), { tone: "warn", text: `${findings.length - FINDINGS} more of that kind` }] : findings}
          tone={served === 0 || known === null ? "idle" : "good"}
          well={served === 0 ? "DHCP is served nowhere yet" : known === null ? `DHCP is on in ${count(served, "VLAN")}; whether their racks are there, you may not see` : served === 1 ? "DHCP is answered on the one VLAN that has it" : `DHCP is answered on all of the ${count(served, "VLAN")} that have it`}
        />
      </div>
      <Tools words={words} by={by} onWords={(text) => put("q", text)} onBy={(next) => put("by", next === "fabric" ? "" : next)} />
      <p className={styles.counts} role="status">
        {count(fabrics.items.length, "fabric")}, {count(vlans.items.length, "VLAN")}, {count(subnets.items.length, "subnet")}, {count(spaces.items.length, "space")}
        {(vlans.isMore || subnets.isMore) && " – and more than are shown: ask for them by the API or the command line"}
      </p>
      {rows.length === 0 ? (
        <Empty title={words === "" ? "There are no networks" : "Nothing is called that"}>
          {words === "" ? <Button onPress={() => onNew("fabric")}>New fabric</Button> : <p>Names, tags (vid:20), prefixes, an address that a subnet has, dhcp:on and dhcp:off can be looked for.</p>}
        </Empty>
      ) : (
        <TreeGrid rows={rows} racks={known} onToggle={toggle} />
      )}
      {subnets.items.length === 0 && (
        <Empty title="There are no subnets yet">
          <p>
            A subnet says which addresses machines get. <Link to="/welcome">Set up the first one</Link>, with DHCP.
          </p>
        </Empty>
      )}
    </section>
  );
}

function Tools({ words, by, onWords, onBy }: { words: string; by: By; onWords: (text: string) => void; onBy: (by: By) => void }) {
  const input = useRef<HTMLInputElement>(null);
  useKeys(useMemo<KeyBinding[]>(() => [{ keys: "/", label: "Go to the search of networks", group: "Networks", run: () => input.current?.focus() }], []));
  return (
    <div className={styles.tools}>
      <div className={styles.search}>
        <Icon name="filter" />
        <input ref={input} type="search" aria-label="Find networks" placeholder="Name, VLAN, prefix, or an address: vid:20 · 10.20.0.17 · dhcp:off" value={words} onChange={(event) => onWords(event.target.value)} spellCheck={false} autoComplete="off" />
      </div>
      <div className={styles.choice} role="group" aria-label="Grouped by">
        {(["fabric", "space"] as const).map((one) => (
          <button key={one} type="button" aria-pressed={by === one} onClick={() => onBy(one)}>
            {one === "fabric" ? "By fabric" : "By space"}
          </button>
        ))}
      </div>
    </div>
  );
}

const HEIGHT = { desk: 38, phone: 62 };

const TREE_KEYS: KeyBinding[] = [
  { keys: "↓ ↑", label: "Next and previous row", group: "Networks" },
  { keys: "← →", label: "Close and open the row", group: "Networks" },
  { keys: "Enter", label: "Go to the page of the row", group: "Networks" },
];

function TreeGrid({ rows, racks, onToggle }: { rows: readonly Row[]; racks: Racks; onToggle: (key: string) => void }) {
  const scroller = useRef<HTMLDivElement>(null);
  const [active, setActive] = useState<string | null>(null);
  const isPhone = useIsPhone();
  const navigate = useNavigate();
  const id = useId();
  useKeys(TREE_KEYS);
  const height = isPhone ? HEIGHT.phone : HEIGHT.desk;
  // eslint-disable-next-line react-hooks/incompatible-library
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => height,
    overscan: 12,
    getItemKey: (at) => rows[at]?.key ?? at,
  });
  const place = rows.findIndex((row) => row.key === active);
  const goTo = (next: number) => {
    const at = Math.max(0, Math.min(rows.length - 1, next));
    setActive(rows[at]?.key ?? null);
    virtual.scrollToIndex(at, { align: "auto" });
  };
  const down = (event: KeyboardEvent) => {
    if (event.target !== event.currentTarget) return;
    const row = rows[place];
    const move = { ArrowDown: place + 1, ArrowUp: place - 1, Home: 0, End: rows.length - 1, PageDown: place + 12, PageUp: place - 12 }[event.key];
    if (move !== undefined) goTo(move);
    else if (row !== undefined && event.key === "ArrowRight" && row.kind !== "subnet" && !row.isOpen) onToggle(row.key);
    else if (row !== undefined && event.key === "ArrowLeft" && row.kind !== "subnet" && row.isOpen) onToggle(row.key);
    else if (row !== undefined && event.key === "ArrowLeft") goTo(rows.slice(0, place).findLastIndex((above) => levelOf(above) < levelOf(row)));
    else if (row !== undefined && event.key === "Enter") {
      const to = pageOf(row);
      if (to === undefined) onToggle(row.key);
      else void navigate(to);
    } else return;
    event.preventDefault();
  };
  return (
    <div ref={scroller} className={styles.scroller} role="treegrid" tabIndex={0} aria-label="Fabrics, VLANs and subnets" aria-rowcount={rows.length + 1} aria-activedescendant={place === -1 ? undefined : `${id}-${active}`} onKeyDown={down}>
      <div className={styles.head} role="row" aria-rowindex={1}>
        {["Network", "DHCP, or use", "Gateway", "Space"].map((title) => (
          <span key={title} role="columnheader">
            {title}
          </span>
        ))}
      </div>
      <div className={styles.rows} role="rowgroup" style={{ height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map((item) => {
          const row = rows[item.index];
          if (row === undefined) return null;
          return (
            <div
              key={item.key}
              id={`${id}-${row.key}`}
              role="row"
              aria-level={levelOf(row)}
              aria-rowindex={item.index + 2}
              aria-expanded={row.kind === "subnet" ? undefined : row.isOpen}
              className={styles.row}
              data-kind={row.kind}
              data-active={row.key === active || undefined}
              style={{ transform: `translateY(${item.start}px)`, height: item.size }}
              onClick={() => setActive(row.key)}
            >
              <RowCells row={row} racks={racks} onToggle={onToggle} />
            </div>
          );
        })}
      </div>
    </div>
  );
}

const levelOf = (row: Row) => ({ group: 1, vlan: 2, subnet: 3 })[row.kind];

function pageOf(row: Row): string | undefined {
  return row.kind === "vlan" ? `/vlans/${row.vlan.id}` : row.kind === "subnet" ? `/subnets/${row.subnet.id}` : undefined;
}

function RowCells({ row, racks, onToggle }: { row: Row; racks: Racks; onToggle: (key: string) => void }) {
  if (row.kind === "subnet") {
    const { subnet } = row;
    return (
      <>
        <span role="gridcell" className={styles.name}>
          <Link to={`/subnets/${subnet.id}`} tabIndex={-1}>
            <code>{subnet.cidr}</code>
          </Link>
          {subnet.name !== subnet.cidr && <span className={styles.called}>{subnet.name}</span>}
          {!subnet.managed && <span className={styles.mark}>not managed</span>}
        </span>
        <span role="gridcell">
          <Usage subnet={subnet.id} />
        </span>
        <span role="gridcell" className={styles.muted}>
          {subnet.gateway_ip ?? "no gateway"}
        </span>
        <span role="gridcell" />
      </>
    );
  }
  const toggle = (
    <button type="button" tabIndex={-1} className={styles.toggle} aria-label={row.isOpen ? "Close" : "Open"} onClick={() => onToggle(row.key)}>
      <Icon name={row.isOpen ? "chevron" : "next"} size={12} />
    </button>
  );
  if (row.kind === "group") {
    return (
      <>
        <span role="gridcell" className={styles.name}>
          {toggle}
          <strong>{row.name}</strong>
          <span className={styles.called}>{row.description}</span>
        </span>
        <span role="gridcell" className={styles.muted}>
          {count(row.vlans, "VLAN")}, {count(row.subnets, "subnet")}
        </span>
        <span role="gridcell" />
        <span role="gridcell" />
      </>
    );
  }
  const { vlan } = row;
  const state = dhcpState(vlan, racks);
  return (
    <>
      <span role="gridcell" className={styles.name}>
        {toggle}
        <Link to={`/vlans/${vlan.id}`} tabIndex={-1} title={vlan.description}>
          {vlanName(vlan)}
        </Link>
        {row.subnets === 0 && <span className={styles.called}>no subnet</span>}
      </span>
      <span role="gridcell">
        <span className={styles.dhcp}>DHCP</span> <Status tone={state.tone} detail={state.word}>{state.word}</Status>
      </span>
      <span role="gridcell" />
      <span role="gridcell" className={styles.muted}>
        {vlan.space === "undefined" ? "" : vlan.space}
      </span>
    </>
  );
}
