/** Pages or parts of a page that belong together, as links beside each other. */

import { useEffect, useRef } from "react";
import { Link, matchPath, useLocation, useSearchParams } from "react-router";

import styles from "./Tabs.module.css";

export interface Tab {
  to: string;
  title: string;
  /** How many are in it. */
  count?: number | undefined;
  /** Whether it is the one that is shown; without, the path says it. */
  isOpen?: boolean;
}

export function Tabs({ label, tabs }: { label: string; tabs: readonly Tab[] }) {
  const bar = useRef<HTMLElement>(null);
  const { pathname } = useLocation();
  const open = tabs.find((tab) => tab.isOpen ?? matchPath({ path: tab.to, end: true }, pathname) !== null);
  useEffect(() => {
    // On a phone there are more than fit: the one that is open is in sight.
    const shown = bar.current?.querySelector<HTMLElement>("[aria-current]");
    if (shown !== undefined && shown !== null && bar.current !== null) bar.current.scrollLeft = shown.offsetLeft - (bar.current.clientWidth - shown.offsetWidth) / 2;
  }, [open?.to]);
  return (
    <nav ref={bar} className={styles.tabs} aria-label={label}>
      <ul>
        {tabs.map((tab) => (
          <li key={tab.to}>
            <Link to={tab.to} aria-current={tab === open ? "page" : undefined}>
              {tab.title}
              {tab.count !== undefined && tab.count > 0 && <span className={styles.count}>{tab.count.toLocaleString("en")}</span>}
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  );
}

/** A part of a page, one of which is shown. */
export interface Part extends Pick<Tab, "title" | "count"> {
  /** Its name in the address. */
  id: string;
}

/** Which part is shown stands in the address as `tab`: the first one where it names none that there is. */
export function useTabs(parts: readonly Part[]): { open: string; tabs: Tab[] } {
  const [search] = useSearchParams();
  const named = search.get("tab");
  const open = (parts.find((part) => part.id === named) ?? parts[0])?.id ?? "";
  return { open, tabs: parts.map(({ id, ...part }, at) => ({ ...part, to: at === 0 ? "?" : `?tab=${id}`, isOpen: id === open })) };
}
