/** The parts of a page, one of which is shown: which one stands in the address as `tab`. */

import { useEffect, useRef } from "react";
import { Link, useSearchParams } from "react-router";

import styles from "./PageTabs.module.css";

export interface Tab {
  /** Its name in the address. */
  id: string;
  title: string;
  /** How many are in it. */
  count?: number | undefined;
}

/** The tab that the address names; the first one where it names none that there is. */
export function useTab(tabs: readonly Tab[]): string {
  const [search] = useSearchParams();
  const named = search.get("tab");
  return tabs.find((tab) => tab.id === named)?.id ?? tabs[0]?.id ?? "";
}

export function PageTabs({ label, tabs, current }: { label: string; tabs: readonly Tab[]; current: string }) {
  const bar = useRef<HTMLElement>(null);
  useEffect(() => {
    // On a phone it may stand outside.
    const shown = bar.current?.querySelector<HTMLElement>("[aria-current]");
    if (shown !== undefined && shown !== null && bar.current !== null) bar.current.scrollLeft = shown.offsetLeft - (bar.current.clientWidth - shown.offsetWidth) / 2;
  }, [current]);
  return (
    <nav ref={bar} className={styles.tabs} aria-label={label}>
      <ul>
        {tabs.map((tab, at) => (
          <li key={tab.id}>
            <Link to={at === 0 ? "?" : `?tab=${tab.id}`} aria-current={tab.id === current ? "page" : undefined}>
              {tab.title}
              {tab.count !== undefined && tab.count > 0 && <span className={styles.count}>{tab.count.toLocaleString("en")}</span>}
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  );
}
