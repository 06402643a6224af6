/** Which site this is: its name and its color, so that nobody works on the wrong one. */

import { useEffect, useSyncExternalStore } from "react";

import { useFirstPage } from "../api/lists";
import { jsonPreference } from "./preference";

interface Site {
  name: string;
  theme: string;
}

const isSite = (value: unknown): value is Site =>
  typeof value === "object" && value !== null && typeof (value as Site).name === "string" && typeof (value as Site).theme === "string";

/** What it was last: the login page shows it before anything may be read. */
const KNOWN = jsonPreference<Site>("site", { name: "Ironraft", theme: "" }, isSite);

/** The colors of MAAS's themes. */
export const COLORS: Readonly<Record<string, string>> = {
  "": "var(--accent)",
  default: "#5a6b80",
  bark: "#787859",
  sage: "#4e5f51",
  olive: "#3d5f11",
  viridian: "#025a3d",
  prussian_green: "#225d5c",
  blue: "#0060bf",
  purple: "#7764d8",
  magenta: "#974097",
  red: "#a71b33",
};

/** The themes that can be chosen. */
export const THEMES: readonly string[] = Object.keys(COLORS).filter((theme) => theme !== "");

/** The color of a theme: one of MAAS's names, or `#rrggbb`. */
export function siteColor(theme: string): string {
  if (/^#[0-9a-f]{6}$/i.test(theme)) return theme;
  return COLORS[theme.toLowerCase().replaceAll(" ", "_")] ?? "var(--accent)";
}

export function useSiteName(): string {
  return useSyncExternalStore(KNOWN.subscribe, KNOWN.read).name;
}

export function useSite(): Site {
  return useSyncExternalStore(KNOWN.subscribe, KNOWN.read);
}

/** Reads the site's settings, and remembers them. */
export function useSiteSettings(): void {
  const { data } = useFirstPage("settings", { filter: "name:maas_name,theme" });
  useEffect(() => {
    if (data === undefined) return;
    const value = (name: string) => {
      const found = data.items.find((setting) => setting.name === name);
      return typeof found?.value === "string" ? found.value : "";
    };
    const name = value("maas_name");
    const next = { name: name === "" ? "Ironraft" : name, theme: value("theme") };
    const now = KNOWN.read();
    if (now.name !== next.name || now.theme !== next.theme) KNOWN.set(next);
  }, [data]);
}

/** Paints the site's color. */
export function useSiteColor(): void {
  const { theme } = useSite();
  useEffect(() => {
    document.documentElement.style.setProperty("--site", siteColor(theme));
  }, [theme]);
}
