/** The frame of all pages: site, search, navigation, and what is old. */

import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo, useRef, useState } from "react";
import { NavLink, Outlet, useLocation, useNavigate } from "react-router";

import type { Whoami } from "../api/session";
import { logout, SESSION } from "../api/session";
import { FreshnessMark, StaleBanner } from "../live/StaleBanner";
import { grouped } from "../parts/grouped";
import { Icon } from "../parts/Icon";
import { Menu } from "../parts/Menu";
import { useTimesChoice } from "../parts/Time";
import { useToasts } from "../parts/Toasts";
import type { Page } from "../routes";
import { PAGES } from "../routes";
import type { KeyBinding } from "./keys";
import { useKeys } from "./keys";
import { useDensity, useTheme } from "./look";
import { Palette } from "./Palette";
import styles from "./Shell.module.css";
import { useSite, useSiteSettings } from "./site";

export function Shell({ user }: { user: Whoami }) {
  const [isPaletteOpen, setPaletteOpen] = useState(false);
  const [isNavOpen, setNavOpen] = useState(false);
  const { pathname } = useLocation();
  const main = useRef<HTMLElement>(null);
  useSiteSettings();
  useNavigationKeys(() => setPaletteOpen(true));
  const before = useRef(pathname);
  useEffect(() => {
    // A new page begins at its title, for who hears it and for who uses keys.
    if (before.current !== pathname) main.current?.querySelector("h1")?.focus({ preventScroll: true });
    before.current = pathname;
  }, [pathname]);
  return (
    <div className={styles.shell}>
      <a className={styles.skip} href="#main">
        Skip to the page
      </a>
      <Header user={user} onSearch={() => setPaletteOpen(true)} onNav={() => setNavOpen(!isNavOpen)} isNavOpen={isNavOpen} />
      <Navigation isOpen={isNavOpen} onGo={() => setNavOpen(false)} />
      {isNavOpen && <button type="button" className={styles.shade} aria-label="Close the navigation" onClick={() => setNavOpen(false)} />}
      <main id="main" className={styles.main} ref={main} tabIndex={-1}>
        <StaleBanner />
        <div className={styles.page}>
          <Outlet />
        </div>
      </main>
      {isPaletteOpen && <Palette onClose={() => setPaletteOpen(false)} />}
    </div>
  );
}

function Header({ user, onSearch, onNav, isNavOpen }: { user: Whoami; onSearch: () => void; onNav: () => void; isNavOpen: boolean }) {
  const site = useSite();
  return (
    <header className={styles.header}>
      <div className={styles.band} aria-hidden="true" />
      <button type="button" className={styles.burger} aria-expanded={isNavOpen} aria-controls="navigation" aria-label="Navigation" onClick={onNav}>
        <Icon name="menu" size={18} />
      </button>
      <NavLink to="/" className={styles.site ?? ""}>
        <span className={styles.swatch} aria-hidden="true" />
        {site.name}
      </NavLink>
      <button type="button" className={styles.search} onClick={onSearch}>
        <Icon name="search" />
        <span>Search machines, pages, addresses</span>
        <kbd aria-hidden="true">Ctrl K</kbd>
      </button>
      <FreshnessMark />
      <UserMenu user={user} />
    </header>
  );
}

function UserMenu({ user }: { user: Whoami }) {
  const [theme, setTheme] = useTheme();
  const [density, setDensity] = useDensity();
  const [times, setTimes] = useTimesChoice();
  const client = useQueryClient();
  const navigate = useNavigate();
  const toasts = useToasts();
  const leave = () => {
    logout().then(
      () => {
        client.clear();
        client.setQueryData(SESSION.queryKey, null);
        void navigate("/login");
      },
      (error: unknown) => toasts.fail(error),
    );
  };
  const nextTheme = theme === "system" ? "light" : theme === "light" ? "dark" : "system";
  const choices = [
    { id: "theme", label: `Colors: ${theme}`, detail: `Change to ${nextTheme}` },
    { id: "density", label: `Rows: ${density}`, detail: density === "compact" ? "Change to comfortable" : "Change to compact" },
    { id: "times", label: `Times: ${times}`, detail: times === "relative" ? "Change to absolute" : "Change to relative" },
    { id: "account", label: "My account", detail: "API keys, SSH keys, password" },
    { id: "docs", label: "Documentation of the API" },
    { id: "about", label: "About Ironraft" },
    { id: "logout", label: `Log out ${user.username}` },
  ];
  const choose = (id: string) => {
    if (id === "theme") setTheme(nextTheme);
    if (id === "density") setDensity(density === "compact" ? "comfortable" : "compact");
    if (id === "times") setTimes(times === "relative" ? "absolute" : "relative");
    if (id === "account" || id === "about") void navigate(`/${id}`);
    if (id === "docs") location.assign("/api/v1/docs");
    if (id === "logout") leave();
  };
  return <Menu label={<Icon name="user" />} name={`${user.username}: settings of this browser`} size="icon" kind="quiet" choices={choices} onChoose={choose} />;
}

function Navigation({ isOpen, onGo }: { isOpen: boolean; onGo: () => void }) {
  const groups = grouped(
    PAGES.filter((page): page is Page & { nav: NonNullable<Page["nav"]> } => page.nav !== undefined),
    (page) => page.nav.group,
  );
  return (
    <nav id="navigation" className={styles.nav} aria-label="Pages" data-open={isOpen || undefined}>
      {[...groups].map(([group, pages]) => (
        <div key={group}>
          {group !== "" && <p className={styles.group}>{group}</p>}
          <ul>
            {pages.map((page) => (
              <li key={page.path}>
                <NavLink to={page.path} end={page.path === "/"} className={styles.link ?? ""} onClick={onGo}>
                  <Icon name={page.nav.icon} />
                  {page.title}
                </NavLink>
              </li>
            ))}
          </ul>
        </div>
      ))}
      <a className={styles.status} href="/MAAS/status">
        Status of this region
      </a>
    </nav>
  );
}

/** `g m` goes to the machines, `Ctrl+k` searches. */
function useNavigationKeys(search: () => void): void {
  const navigate = useNavigate();
  const openSearch = useRef(search);
  useEffect(() => {
    openSearch.current = search;
  });
  const bindings = useMemo<KeyBinding[]>(() => {
    const pages = PAGES.flatMap((page) =>
      page.nav === undefined ? [] : [{ keys: page.nav.keys, label: page.title, group: "Go to", run: () => void navigate(page.path) }],
    );
    return [{ keys: "Ctrl+k", label: "Search, or go anywhere", group: "Everywhere", run: () => openSearch.current() }, ...pages];
  }, [navigate]);
  useKeys(bindings);
}

