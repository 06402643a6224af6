/** Puts the parts together: the data path, the live stream, the router, the frame. */

import "./tokens.css";

import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { RouterProvider } from "react-router";

import { Problem } from "./api/problem";
import { onSignedOut } from "./api/send";
import { SESSION } from "./api/session";
import { router } from "./shell/router";

const client = new QueryClient({
  defaultOptions: {
    queries: {
      // The live stream says what has changed; what left the screen is asked for again when it comes back.
      staleTime: 2_000,
      gcTime: 60_000,
      refetchOnWindowFocus: false,
      // Only what may succeed by itself is tried again, ever more slowly, for as long as it is on the screen.
      retry: (failures, error) => error instanceof Problem && error.isPassing && failures < 40,
      retryDelay: (failures) => Math.min(15_000, 400 * 2 ** failures) * (0.5 + Math.random() / 2),
      // "Online" is what the browser thinks; a region on the same host answers without a network.
      networkMode: "always",
    },
    mutations: { networkMode: "always" },
  },
});

onSignedOut(() => client.setQueryData(SESSION.queryKey, null));

const root = document.getElementById("root");
if (root !== null) {
  createRoot(root).render(
    <StrictMode>
      <QueryClientProvider client={client}>
        <RouterProvider router={router()} />
      </QueryClientProvider>
    </StrictMode>,
  );
}
