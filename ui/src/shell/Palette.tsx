/** Ctrl-K: a few letters of a machine, an address or a page, and Enter. */

import type { KeyboardEvent } from "react";
import { useDeferredValue, useId, useState } from "react";
import { Dialog, Modal, ModalOverlay } from "react-aria-components";
import { useNavigate } from "react-router";

import { useFirstPage } from "../api/lists";
import type { IconName } from "../parts/Icon";
import { Icon } from "../parts/Icon";
import { machineTone, Status } from "../parts/Status";
import { PAGES } from "../routes";
import { quotedText } from "../table/filter";
import styles from "./Palette.module.css";

interface Hit {
  id: string;
  label: string;
  detail?: string | undefined;
  icon: IconName;
  status?: string | undefined;
  to: string;
}

/** How many machines are shown. */
const MACHINES = 8;

export function Palette({ onClose }: { onClose: () => void }) {
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const navigate = useNavigate();
  const id = useId();
  const { hits, isSearching } = useHits(text);
  const current = hits[Math.min(at, hits.length - 1)];
  const go = (hit: Hit | undefined) => {
    if (hit === undefined) return;
    onClose();
    void navigate(hit.to);
  };
  const down = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined) {
      event.preventDefault();
      setAt((Math.min(at, hits.length - 1) + step + hits.length) % Math.max(1, hits.length));
    } else if (event.key === "Enter") {
      event.preventDefault();
      go(current);
    }
  };
  return (
    <ModalOverlay className={styles.overlay ?? ""} isOpen isDismissable onOpenChange={(open) => !open && onClose()}>
      <Modal className={styles.modal ?? ""}>
        <Dialog className={styles.palette ?? ""} aria-label="Search">
          <div className={styles.input}>
            <Icon name="search" />
            <input
              autoFocus
              role="combobox"
              aria-expanded={hits.length > 0}
              aria-controls={`${id}-hits`}
              aria-activedescendant={current === undefined ? undefined : `${id}-${current.id}`}
              aria-label="Search machines by name, MAC or IP address, or go to a page"
              placeholder="Name, MAC or IP address of a machine, or a page"
              value={text}
              onChange={(event) => {
                setText(event.target.value);
                setAt(0);
              }}
              onKeyDown={down}
              spellCheck={false}
              autoComplete="off"
            />
          </div>
          <ul id={`${id}-hits`} role="listbox" aria-label="What was found" className={styles.hits}>
            {hits.map((hit, place) => (
              <HitView key={hit.id} id={`${id}-${hit.id}`} hit={hit} isCurrent={hit === current} onPoint={() => setAt(place)} onChoose={() => go(hit)} />
            ))}
          </ul>
          <p className={styles.foot} role="status">
            {isSearching ? "Searching…" : hits.length === 0 ? "Nothing is called that." : "↑ ↓ to choose, Enter to open, Esc to close"}
          </p>
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}

function HitView({ id, hit, isCurrent, onPoint, onChoose }: { id: string; hit: Hit; isCurrent: boolean; onPoint: () => void; onChoose: () => void }) {
  return (
    <li id={id} role="option" aria-selected={isCurrent} className={styles.hit} onPointerMove={onPoint} onClick={onChoose}>
      <Icon name={hit.icon} />
      <span className={styles.label}>{hit.label}</span>
      {hit.detail !== undefined && <span className={styles.detail}>{hit.detail}</span>}
      {hit.status !== undefined && <Status tone={machineTone(hit.status)}>{hit.status}</Status>}
    </li>
  );
}

function useHits(text: string): { hits: Hit[]; isSearching: boolean } {
  const wanted = useDeferredValue(text.trim());
  const isWanted = wanted.length >= 2;
  const filter = quotedText(wanted);
  const found = useFirstPage("machines", { filter, sort: "hostname", limit: MACHINES }, isWanted);
  const machines: Hit[] = (isWanted ? (found.data?.items ?? []) : []).map((machine) => ({
    id: `machine-${machine.system_id}`,
    label: machine.fqdn,
    detail: machine.ip_addresses.join(", "),
    icon: "machines",
    status: machine.status_name,
    to: `/machines/${machine.system_id}`,
  }));
  const more: Hit[] =
    isWanted && (found.data?.total ?? 0) > MACHINES
      ? [{ id: "more", label: `All ${found.data?.total} machines with “${wanted}”`, icon: "filter", to: `/machines?q=${encodeURIComponent(filter)}` }]
      : [];
  const pages: Hit[] = PAGES.filter((page) => page.nav !== undefined && page.title.toLowerCase().includes(wanted.toLowerCase())).map((page) => ({
    id: `page-${page.path}`,
    label: page.title,
    detail: page.nav?.keys,
    icon: page.nav?.icon ?? "next",
    to: page.path,
  }));
  return { hits: [...machines, ...more, ...pages], isSearching: isWanted && found.isFetching };
}
