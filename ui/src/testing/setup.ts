/** Before each test: nothing is left of the one before. */

import { cleanup, configure } from "@testing-library/react";
import { afterEach, vi } from "vitest";

// A busy machine is no failure: what is waited for comes as soon as it is there.
configure({ asyncUtilTimeout: 5_000 });

// jsdom has no layout: everything is as large as a window, so that tables have rows in sight.
for (const [side, size] of [["Height", 600], ["Width", 1200]] as const) {
  for (const kind of ["offset", "client"]) Object.defineProperty(HTMLElement.prototype, kind + side, { get: () => size });
}
// Nor has it `CSS`, which dialogs look for elements with.
globalThis.CSS ??= { escape: (text: string) => text.replace(/[^\w-]/g, (character) => `\\${character}`) } as typeof CSS;
HTMLElement.prototype.scrollTo = () => undefined;
// jsdom has none of CSS's functions; dialogs look for elements by their ids.
Object.defineProperty(globalThis, "CSS", { value: { escape: (text: string) => text.replaceAll(/[^\w-]/g, "\\$&") }, configurable: true });

window.matchMedia = (query) =>
  ({ matches: false, media: query, addEventListener: () => undefined, removeEventListener: () => undefined }) as unknown as MediaQueryList;
window.ResizeObserver = class {
  observe() {}
  unobserve() {}
  disconnect() {}
} as unknown as typeof ResizeObserver;

// jsdom has none of CSS's functions; dialogs look for elements by their ids.
Object.defineProperty(globalThis, "CSS", { value: { escape: (text: string) => text.replaceAll(/[^\w-]/g, "\\$&") }, configurable: true });

afterEach(() => {
  cleanup();
  vi.useRealTimers();
  localStorage.clear();
});
