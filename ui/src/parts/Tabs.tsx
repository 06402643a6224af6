/** Pages that belong together, as links beside each other. */

import { useEffect, useRef } from "react";
import { NavLink, useLocation } from "react-router";

import styles from "./Tabs.module.css";

export function Tabs({ label, tabs }: { label: string; tabs: readonly { to: string; title: string }[] }) {
  const nav = useRef<HTMLElement>(null);
  const { pathname } = useLocation();
  useEffect(() => {
    // On a phone there are more than fit: the one that is open is in sight.
    const open = nav.current?.querySelector<HTMLElement>('[aria-current="page"]');
    if (nav.current !== null && open !== null && open !== undefined) nav.current.scrollLeft = open.offsetLeft - nav.current.offsetLeft - 40;
  }, [pathname]);
  return (
    <nav ref={nav} className={styles.tabs} aria-label={label}>
      {tabs.map((tab) => (
        <NavLink key={tab.to} to={tab.to} end className={styles.tab ?? ""}>
          {tab.title}
        </NavLink>
      ))}
    </nav>
  );
}
