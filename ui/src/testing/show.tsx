/** Shows a part of the interface with all that it lives in. */

import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { render } from "@testing-library/react";
import type { ReactNode } from "react";
import { createMemoryRouter, RouterProvider } from "react-router";

import { ToastRegion } from "../parts/Toasts";
import { Keys } from "../shell/keys";

export function client(): QueryClient {
  return new QueryClient({ defaultOptions: { queries: { retry: false, networkMode: "always" } } });
}

/** `path` is the route that the part is shown at, where it has parameters. */
export function show(part: ReactNode, at = "/", path = "*") {
  const queries = client();
  const framed = (
    <ToastRegion>
      <Keys>{part}</Keys>
    </ToastRegion>
  );
  const router = createMemoryRouter([{ path, element: framed }, ...(path === "*" ? [] : [{ path: "*", element: null }])], { initialEntries: [at] });
  const shown = render(
    <QueryClientProvider client={queries}>
      <RouterProvider router={router} />
    </QueryClientProvider>,
  );
  return { ...shown, router, queries };
}
