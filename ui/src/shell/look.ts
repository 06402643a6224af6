/** Colors and density, as chosen. */

import { useEffect, useSyncExternalStore } from "react";

import { preference } from "./preference";

export const THEMES = ["system", "light", "dark"] as const;
const DENSITIES = ["comfortable", "compact"] as const;

const THEME = preference("theme", "system", THEMES);
const DENSITY = preference("density", "comfortable", DENSITIES);

export function useTheme() {
  return [useSyncExternalStore(THEME.subscribe, THEME.read), THEME.set] as const;
}

export function useDensity() {
  return [useSyncExternalStore(DENSITY.subscribe, DENSITY.read), DENSITY.set] as const;
}

/** Has the page look as chosen. */
export function useLook(): void {
  const [theme] = useTheme();
  const [density] = useDensity();
  useEffect(() => {
    const { dataset } = document.documentElement;
    if (theme === "system") delete dataset.theme;
    else dataset.theme = theme;
    dataset.density = density;
  }, [theme, density]);
}
