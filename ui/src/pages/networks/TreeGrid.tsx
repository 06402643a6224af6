/** The networks as a tree with keys: those rows of it that are in sight. */

import { useVirtualizer } from "@tanstack/react-virtual";
import type { KeyboardEvent } from "react";
import { useId, useRef, useState } from "react";
import { Link, useNavigate } from "react-router";

import { Icon } from "../../parts/Icon";
import { count } from "../../parts/PlanView";
import { Status } from "../../parts/Status";
import type { KeyBinding } from "../../shell/keys";
import { useKeys } from "../../shell/keys";
import { useIsPhone } from "../../table/Rows";
import type { Racks } from "./dhcp";
import { dhcpState } from "./dhcp";
import styles from "./Networks.module.css";
import type { Row } from "./tree";
import { spaceOf, vlanName } from "./tree";
import { Usage } from "./Usage";

const HEIGHT = { desk: 38, phone: 62 };

const TREE_KEYS: KeyBinding[] = [
  { keys: "↓ ↑", label: "Next and previous row", group: "Networks" },
  { keys: "← →", label: "Close and open the row", group: "Networks" },
  { keys: "Enter", label: "Go to the page of the row", group: "Networks" },
];

interface Props {
  rows: readonly Row[];
  racks: Racks;
  onToggle: (key: string) => void;
}

const HEADS = ["Network", "DHCP, or use", "Gateway", "Space"];

/** How many rows a page down is. */
const PAGE = 12;

export function TreeGrid({ rows, racks, onToggle }: Props) {
  const scroller = useRef<HTMLDivElement>(null);
  const [active, setActive] = useState<string | null>(null);
  const isPhone = useIsPhone();
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
  const down = useTreeKeys(rows, place, goTo, onToggle);
  return (
    <div ref={scroller} className={styles.scroller} role="treegrid" tabIndex={0} aria-label="Fabrics, VLANs and subnets" aria-rowcount={rows.length + 1} aria-activedescendant={place === -1 ? undefined : `${id}-${active}`} onKeyDown={down}>
      <div className={styles.head} role="row" aria-rowindex={1}>
        {HEADS.map((title) => (
          <span key={title} role="columnheader">
            {title}
          </span>
        ))}
      </div>
      <div className={styles.rows} role="rowgroup" style={{ height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map((item) => {
          const row = rows[item.index];
          if (row === undefined) return null;
          const style = { transform: `translateY(${item.start}px)`, height: item.size };
          return (
            <div key={item.key} id={`${id}-${row.key}`} role="row" aria-level={levelOf(row)} aria-rowindex={item.index + 2} aria-expanded={row.kind === "subnet" ? undefined : row.isOpen} className={styles.row} data-kind={row.kind} data-active={row.key === active || undefined} style={style} onClick={() => setActive(row.key)}>
              <Cells row={row} racks={racks} onToggle={onToggle} />
            </div>
          );
        })}
      </div>
    </div>
  );
}

/** What keys do in a tree (WAI-ARIA's pattern of a treegrid). */
function useTreeKeys(rows: readonly Row[], place: number, goTo: (next: number) => void, onToggle: (key: string) => void) {
  const navigate = useNavigate();
  return (event: KeyboardEvent) => {
    if (event.target !== event.currentTarget) return;
    const row = rows[place];
    const moves: Record<string, number> = { ArrowDown: place + 1, ArrowUp: place - 1, Home: 0, End: rows.length - 1, PageDown: place + PAGE, PageUp: place - PAGE };
    const move = moves[event.key];
    const isOpen = row !== undefined && row.kind !== "subnet" && row.isOpen;
    if (move !== undefined) goTo(move);
    else if (row !== undefined && event.key === "ArrowRight" && row.kind !== "subnet" && !isOpen) onToggle(row.key);
    else if (row !== undefined && event.key === "ArrowLeft" && isOpen) onToggle(row.key);
    else if (row !== undefined && event.key === "ArrowLeft") goTo(rows.slice(0, place).findLastIndex((above) => levelOf(above) < levelOf(row)));
    else if (row !== undefined && event.key === "Enter") {
      const to = pageOf(row);
      if (to === undefined) onToggle(row.key);
      else void navigate(to);
    } else return;
    event.preventDefault();
  };
}

const levelOf = (row: Row) => ({ group: 1, vlan: 2, subnet: 3 })[row.kind];

function pageOf(row: Row): string | undefined {
  return row.kind === "vlan" ? `/vlans/${row.vlan.id}` : row.kind === "subnet" ? `/subnets/${row.subnet.id}` : undefined;
}

interface CellsProps {
  row: Row;
  racks: Racks;
  onToggle: (key: string) => void;
}

function Cells({ row, racks, onToggle }: CellsProps) {
  switch (row.kind) {
    case "group":
      return <GroupCells row={row} onToggle={onToggle} />;
    case "vlan":
      return <VlanCells row={row} racks={racks} onToggle={onToggle} />;
    case "subnet":
      return <SubnetCells subnet={row.subnet} />;
  }
}

function Toggle({ row, onToggle }: { row: Row & { isOpen: boolean }; onToggle: (key: string) => void }) {
  return (
    <button type="button" tabIndex={-1} className={styles.toggle} aria-label={row.isOpen ? "Close" : "Open"} onClick={() => onToggle(row.key)}>
      <Icon name={row.isOpen ? "chevron" : "next"} size={12} />
    </button>
  );
}

function GroupCells({ row, onToggle }: { row: Extract<Row, { kind: "group" }>; onToggle: (key: string) => void }) {
  return (
    <>
      <span role="gridcell" className={styles.name}>
        <Toggle row={row} onToggle={onToggle} />
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

function VlanCells({ row, racks, onToggle }: { row: Extract<Row, { kind: "vlan" }>; racks: Racks; onToggle: (key: string) => void }) {
  const { vlan } = row;
  const state = dhcpState(vlan, racks);
  return (
    <>
      <span role="gridcell" className={styles.name}>
        <Toggle row={row} onToggle={onToggle} />
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
        {spaceOf(vlan)}
      </span>
    </>
  );
}

function SubnetCells({ subnet }: { subnet: Extract<Row, { kind: "subnet" }>["subnet"] }) {
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
