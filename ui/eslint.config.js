import js from "@eslint/js";
import hooks from "eslint-plugin-react-hooks";
import { defineConfig } from "eslint/config";
import ts from "typescript-eslint";

export default defineConfig(
  { ignores: ["dist", "src/api/schema.d.ts", "public"] },
  js.configs.recommended,
  ts.configs.strict,
  hooks.configs.flat.recommended,
  {
    rules: {
      eqeqeq: "error",
      "no-console": "error",
      // One data path: everything that is asked of the server goes through src/api.
      "no-restricted-globals": ["error", { name: "fetch", message: "Ask through src/api." }, "EventSource"],
      "@typescript-eslint/no-non-null-assertion": "error",
    },
  },
  { files: ["src/api/send.ts", "src/api/session.ts", "src/live/stream.ts"], rules: { "no-restricted-globals": "off" } },
  { files: ["*.config.js"], languageOptions: { globals: { process: "readonly" } } },
  {
    // Programs of Node, with functions in them that run in a browser.
    files: ["journeys/*.mjs", "bench/*.mjs"],
    languageOptions: { globals: { process: "readonly", URL: "readonly", URLSearchParams: "readonly", fetch: "readonly", AbortController: "readonly", AbortSignal: "readonly", document: "readonly", location: "readonly", window: "readonly", requestAnimationFrame: "readonly", performance: "readonly", PerformanceObserver: "readonly", setInterval: "readonly", clearInterval: "readonly", setTimeout: "readonly" } },
    rules: { "no-restricted-globals": "off" },
  },
);
