import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

import react from "@vitejs/plugin-react";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

/** Where a region serves the pages; `/` leads there. */
const BASE = "/MAAS/r/";

/** How much the first page may load, compressed, in bytes. */
const FIRST_LOAD_MAX = 200_000;

/**
 * Puts a compressed form beside each text, so that no region compresses while it serves. It is made of what was written: until
 * then others change the texts.
 */
function compressed(): Plugin {
  return {
    name: "ironraft-compressed",
    apply: "build",
    writeBundle({ dir }, bundle) {
      let first = 0;
      for (const [fileName, file] of Object.entries(bundle)) {
        if (dir === undefined || !/\.(js|css)$/.test(fileName)) continue;
        const path = join(dir, fileName);
        const packed = gzipSync(readFileSync(path), { level: 9 });
        writeFileSync(`${path}.gz`, packed);
        if (file.type === "chunk" ? file.isEntry : fileName.includes("/index-")) first += packed.length;
      }
      if (first > FIRST_LOAD_MAX) this.error(`the first page loads ${first} bytes, more than ${FIRST_LOAD_MAX}`);
    },
  };
}

export default defineConfig({
  base: BASE,
  plugins: [react(), compressed()],
  build: {
    outDir: "dist/pages",
    emptyOutDir: true,
    target: "es2023",
    // Policy: everything comes as a file from here, nothing as `data:`.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    sourcemap: false,
    // What the first page loads is one chunk, of which the tests say how large it may be.
    chunkSizeWarningLimit: 700,
    cssTarget: ["chrome123", "firefox120", "safari17.5"],
  },
  server: {
    // `npm run dev` beside a region: IRONRAFT=http://10.0.0.1:5240 npm run dev
    proxy: Object.fromEntries(
      ["/api/", "/MAAS/accounts/", "/MAAS/api/", "/MAAS/status"].map((path) => [
        path,
        { target: process.env.IRONRAFT ?? "http://127.0.0.1:5240" },
      ]),
    ),
  },
  test: {
    environment: "jsdom",
    environmentOptions: { jsdom: { url: "http://region.test/MAAS/r/" } },
    setupFiles: ["src/testing/setup.ts"],
    css: { modules: { classNameStrategy: "non-scoped" } },
    restoreMocks: true,
    // A slow host only makes it slower.
    testTimeout: 120_000,
  },
});
