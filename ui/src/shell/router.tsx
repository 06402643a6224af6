/** The routes of the table of pages, each loaded when it is opened. */

import { lazy, Suspense } from "react";
import { createBrowserRouter, isRouteErrorResponse, Outlet, useRouteError } from "react-router";

import { Problem } from "../api/problem";
import { Button } from "../parts/Button";
import { PageHeader } from "../parts/PageHeader";
import { Empty, Loading, ProblemView } from "../parts/Problem";
import { PAGES } from "../routes";
import { Guard } from "./Guard";
import { useLook } from "./look";
import { useSiteColor } from "./site";

const Login = lazy(() => import("../pages/login/Login"));

export function router() {
  const pages = PAGES.map(({ path, load }) => {
    const Page = lazy(load);
    const element = (
      <Suspense fallback={<Loading />}>
        <Page />
      </Suspense>
    );
    return { path, element, errorElement: <Failed /> };
  });
  return createBrowserRouter(
    [
      {
        element: <Looks />,
        errorElement: <Failed />,
        children: [
          { path: "/login", element: <Suspense fallback={<Loading />}><Login /></Suspense> },
          { element: <Guard />, children: [...pages, { path: "*", element: <Nowhere /> }] },
        ],
      },
    ],
    { basename: import.meta.env.BASE_URL.replace(/\/$/, "") },
  );
}

function Looks() {
  useLook();
  useSiteColor();
  return <Outlet />;
}

function Nowhere() {
  return (
    <>
      <PageHeader title="There is no such page" />
      <Empty title="Nothing is at this address">
        <p>It may be of an older version. Use the navigation, or search with Ctrl K.</p>
      </Empty>
    </>
  );
}

/** A page that broke, or that could not be loaded: after an upgrade its file has another name. */
function Failed() {
  const error = useRouteError();
  const isLoading = error instanceof Error && /dynamically imported module|Failed to fetch/i.test(error.message);
  const shown = isRouteErrorResponse(error) ? new Problem(error.status, error.statusText, "") : error;
  if (!isLoading) return <ProblemView error={shown} onRetry={() => location.reload()} />;
  return (
    <Empty title="This page could not be loaded">
      <p>The region was upgraded, or did not answer.</p>
      <Button kind="primary" onPress={() => location.reload()}>
        Load again
      </Button>
    </Empty>
  );
}
