/** The addresses of a subnet as a map: one cell for each, or for a block of them; and the same as a table. */

import type { KeyboardEvent } from "react";
import { useId, useMemo, useState } from "react";
import { Link } from "react-router";

import { Button } from "../../parts/Button";
import { Note } from "../../parts/Panel";
import { PlainTable } from "../../parts/PlainTable";
import { count } from "../../parts/PlanView";
import { useIsPhone } from "../../table/Rows";
import type { Prefix } from "./address";
import { contains, lastOf, parsePrefix, sizeOf, spoken, written, writtenPrefix } from "./address";
import styles from "./AddressMap.module.css";
import type { Cell, Known, Span, UseName } from "./map";
import { cellsOf, mix, opened, partsOf, spansOf, totals, USE_WORDS, USES } from "./map";

interface Props {
  cidr: string;
  known: Known;
  /** The part that is shown, and whether as a table: what the address of the page says. */
  block: string;
  isTable: boolean;
  onShow: (block: string) => void;
  /** What can be done with an address. */
  onReserve?: ((ip: string) => void) | undefined;
  onRange?: ((ip: string) => void) | undefined;
}

/** The symbol of a use. */
export function Mark({ use }: { use: Cell["use"] }) {
  return <span className={`${styles.cell} ${styles.mark}`} data-use={use} aria-hidden="true" />;
}

const words = (use: Cell["use"]) => (use === "none" ? { label: "Not for hosts", text: "" } : USE_WORDS[use]);

/** Prefixes up to this many addresses are drawn; larger ones are told by what is used of them. */
const DRAWN_BITS = 32;

export function AddressMap({ cidr, known, block, isTable, onShow, onReserve, onRange }: Props) {
  const whole = useMemo(() => parsePrefix(cidr), [cidr]);
  const spans = useMemo(() => (whole === null ? [] : spansOf(whole, known)), [whole, known]);
  if (whole === null) return <p>This prefix cannot be read: {cidr}</p>;
  const isDrawn = whole.version === 4 || 128 - whole.length <= DRAWN_BITS;
  const wanted = block === "" ? null : parsePrefix(block);
  const shown = wanted !== null && wanted.length >= whole.length && contains(whole, { version: wanted.version, value: wanted.first }) ? wanted : whole;
  const inside = spans.filter((span) => span.end >= shown.first && span.start <= lastOf(shown));
  return (
    <div className={styles.map}>
      <Legend counts={totals(spans)} />
      {shown !== whole && (
        <nav className={styles.path} aria-label="Part of the subnet">
          <Button size="small" kind="quiet" onPress={() => onShow("")}>
            {writtenPrefix(whole)}
          </Button>
          <span aria-hidden="true">/</span> <strong>{writtenPrefix(shown)}</strong>
        </nav>
      )}
      {isTable ? (
        <SpanTable whole={whole} spans={inside} onReserve={onReserve} />
      ) : isDrawn ? (
        <Cells key={writtenPrefix(shown)} shown={shown} spans={inside} onOpen={(prefix) => onShow(writtenPrefix(prefix))} onReserve={onReserve} onRange={onRange} />
      ) : (
        <Parts whole={whole} known={known} />
      )}
    </div>
  );
}

/** What the symbols mean, with how many addresses have each use. */
function Legend({ counts }: { counts: Record<UseName, bigint> }) {
  return (
    <ul className={styles.legend} aria-label="What the symbols mean">
      {USES.map((use) => (
        <li key={use} title={USE_WORDS[use].text}>
          <Mark use={use} />
          {USE_WORDS[use].label} <span className={styles.number}>{spoken(counts[use])}</span>
        </li>
      ))}
    </ul>
  );
}

/** How many cells stand in a line. */
const WIDE = 32;
const NARROW = 16;

interface CellsProps extends Pick<Props, "onReserve" | "onRange"> {
  shown: Prefix;
  spans: readonly Span[];
  onOpen: (prefix: Prefix) => void;
}

const isBlock = (cell: Cell) => cell.size > 1n;

/** Which cell a key leads to from another one; null for keys that lead to none. */
export function cellAfter(key: string, at: number, width: number, total: number): number | null {
  const line = at - (at % width);
  const moves: Record<string, number> = { ArrowRight: at + 1, ArrowLeft: at - 1, ArrowDown: at + width, ArrowUp: at - width, Home: line, End: line + width - 1, PageDown: total - 1, PageUp: 0 };
  const next = moves[key];
  if (next === undefined) return null;
  // Up and down stay in their column.
  if ((key === "ArrowDown" && next >= total) || (key === "ArrowUp" && next < 0)) return at;
  return Math.max(0, Math.min(total - 1, next));
}

function Cells({ shown, spans, onOpen, onReserve, onRange }: CellsProps) {
  const cells = useMemo(() => cellsOf(shown, spans), [shown, spans]);
  const width = Math.min(cells.length, useIsPhone() ? NARROW : WIDE);
  const [at, setAt] = useState(() => Math.max(0, cells.findIndex((cell) => cell.use !== "none")));
  const [hovered, setHovered] = useState<number | null>(null);
  const id = useId();
  const told = cells[hovered ?? at];
  const open = (cell: Cell | undefined) => {
    if (cell !== undefined && isBlock(cell)) onOpen(opened(shown, cell));
  };
  const down = (event: KeyboardEvent) => {
    const next = cellAfter(event.key, at, width, cells.length);
    if (next !== null) setAt(next);
    else if (event.key === "Enter" || event.key === " ") open(cells[at]);
    else return;
    event.preventDefault();
    setHovered(null);
  };
  const lines = Array.from({ length: Math.ceil(cells.length / width) }, (_, line) => cells.slice(line * width, (line + 1) * width));
  return (
    <>
      <div className={styles.grid} role="grid" tabIndex={0} aria-label={`Addresses of ${writtenPrefix(shown)}, ${width} in a line`} aria-activedescendant={`${id}-${at}`} onKeyDown={down} onPointerLeave={() => setHovered(null)}>
        {lines.map((line, row) => (
          <div key={line[0]?.label} role="row" className={styles.line}>
            <span role="rowheader" className={styles.head}>
              {ending(shown, line[0])}
            </span>
            {line.map((cell, column) => {
              const place = row * width + column;
              const choose = () => {
                setAt(place);
                open(cell);
              };
              return <CellView key={cell.label} id={`${id}-${place}`} cell={cell} isActive={place === at} onHover={() => setHovered(place)} onChoose={choose} />;
            })}
          </div>
        ))}
      </div>
      {told !== undefined && <Told cell={told} onOpen={() => open(told)} onReserve={onReserve} onRange={onRange} />}
    </>
  );
}

function CellView({ id, cell, isActive, onHover, onChoose }: { id: string; cell: Cell; isActive: boolean; onHover: () => void; onChoose: () => void }) {
  const share = isBlock(cell) ? ({ "--share": `${Math.round(100 * cell.share)}%` } as React.CSSProperties) : undefined;
  return (
    <span
      id={id}
      role="gridcell"
      aria-label={inWords(cell)}
      aria-selected={isActive}
      title={inWords(cell)}
      className={styles.cell}
      data-use={cell.use}
      data-block={isBlock(cell) || undefined}
      style={share}
      onPointerEnter={onHover}
      onClick={onChoose}
    />
  );
}

/** What is said of the cell that is pointed at, or that the keys are at. */
function Told({ cell, onOpen, onReserve, onRange }: { cell: Cell; onOpen: () => void } & Pick<Props, "onReserve" | "onRange">) {
  return (
    <div className={styles.told}>
      <p aria-live="polite">
        <Mark use={cell.use} /> <code>{cell.label}</code> <strong>{isBlock(cell) ? count(Number(cell.size), "address", "addresses") : words(cell.use).label}</strong>{" "}
        <span className={styles.who}>{cell.to === undefined ? cell.who || words(cell.use).text : <Link to={cell.to}>{cell.who}</Link>}</span>
      </p>
      <span className={styles.deeds}>
        {isBlock(cell) ? (
          <Button size="small" kind="quiet" onPress={onOpen}>
            Look into it
          </Button>
        ) : (
          <Deeds cell={cell} onReserve={onReserve} onRange={onRange} />
        )}
      </span>
    </div>
  );
}

function Deeds({ cell, onReserve, onRange }: { cell: Cell } & Pick<Props, "onReserve" | "onRange">) {
  if (cell.use !== "free" && cell.use !== "observed") return null;
  return (
    <>
      {onReserve !== undefined && (
        <Button size="small" kind="quiet" onPress={() => onReserve(cell.label)}>
          Keep for a client…
        </Button>
      )}
      {onRange !== undefined && (
        <Button size="small" kind="quiet" onPress={() => onRange(cell.label)}>
          Range from here…
        </Button>
      )}
    </>
  );
}

function inWords(cell: Cell): string {
  if (cell.size > 1n) return `${cell.label}: ${mix(cell.parts) || "nothing that hosts can have"}`;
  return `${cell.label}: ${words(cell.use).label.toLowerCase()}${cell.who === "" ? "" : `, ${cell.who}`}`;
}

/** The part of an address that the lines of a map do not share. */
function ending(shown: Prefix, cell: Cell | undefined): string {
  if (cell === undefined) return "";
  const address = written({ version: shown.version, value: cell.first });
  if (shown.version === 6) return `…${address.slice(-5)}`;
  const octets = address.split(".");
  return shown.length >= 24 ? `.${octets[3]}` : `.${octets.slice(shown.length >= 16 ? 2 : 1).join(".")}`;
}

/** How many lines a table shows. */
const LINES = 1000;

function SpanTable({ whole, spans, onReserve }: { whole: Prefix; spans: readonly Span[] } & Pick<Props, "onReserve">) {
  const at = (value: bigint) => written({ version: whole.version, value });
  const keep = (span: Span) =>
    span.use === "free" && (
      <Button size="small" kind="quiet" onPress={() => onReserve?.(at(span.start))}>
        Keep one…
      </Button>
    );
  return (
    <>
      <PlainTable
        label="Addresses and their use"
        columns={[
          { header: "From", cell: (span) => <code>{at(span.start)}</code> },
          { header: "To", cell: (span) => (span.end === span.start ? "" : <code>{at(span.end)}</code>) },
          { header: "Addresses", cell: (span) => spoken(span.end - span.start + 1n), isNumeric: true },
          {
            header: "Use",
            cell: (span) => (
              <span className={styles.use}>
                <Mark use={span.use} /> {USE_WORDS[span.use].label}
              </span>
            ),
          },
          { header: "Who", cell: (span) => (span.to === undefined ? span.who : <Link to={span.to}>{span.who}</Link>) },
        ]}
        actions={onReserve === undefined ? undefined : keep}
        rows={spans.slice(0, LINES)}
        rowKey={(span) => String(span.start)}
        isFramed
        empty="No host can have an address here."
      />
      {spans.length > LINES && <Note>{(spans.length - LINES).toLocaleString("en")} more are not shown.</Note>}
    </>
  );
}

/** A prefix that is too large to draw: what is used of it, and how full that is. */
function Parts({ whole, known }: { whole: Prefix; known: Known }) {
  const parts = partsOf(whole, known);
  return (
    <>
      <Note>
        It has {spoken(sizeOf(whole))} addresses: what is used of them stands here, everything else is free.
      </Note>
      <PlainTable
        label="What is used of the prefix"
        rows={parts}
        rowKey={(part) => part.start}
        isFramed
        empty="Nothing of it is used."
        columns={[
          { header: "From", cell: (part) => <code>{part.start}</code> },
          { header: "To", cell: (part) => (part.end === part.start ? "" : <code>{part.end}</code>) },
          { header: "Addresses", cell: (part) => spoken(part.count), isNumeric: true },
          { header: "What for", cell: (part) => part.purposes },
          { header: "How much is taken", cell: (part) => <Mix parts={part.parts} size={part.count} /> },
        ]}
      />
    </>
  );
}

function Mix({ parts, size }: { parts: Record<UseName, bigint>; size: bigint }) {
  const taken = parts.leased + parts.static + parts.observed;
  if (size === 1n) return null;
  const share = Number((taken * 1000n) / (size === 0n ? 1n : size)) / 10;
  return (
    <span className={styles.mix}>
      <span className={styles.bar} aria-hidden="true">
        <span style={{ width: `${Math.max(taken > 0n ? 2 : 0, share)}%` }} />
      </span>
      {taken === 0n ? "nobody has one" : `${spoken(taken)} taken`}
    </span>
  );
}
