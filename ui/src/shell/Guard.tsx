/** Lets in who is logged in, and sends others to log in and back again. */

import { useQuery } from "@tanstack/react-query";
import { Navigate, useLocation } from "react-router";

import { SESSION } from "../api/session";
import { Live } from "../live/Live";
import { Loading, ProblemView } from "../parts/Problem";
import { ToastRegion } from "../parts/Toasts";
import { Keys } from "./keys";
import { Shell } from "./Shell";

export function Guard() {
  const session = useQuery(SESSION);
  const { pathname, search } = useLocation();
  if (session.isPending) return session.failureReason === null ? <Loading /> : <ProblemView error={session.failureReason} />;
  if (session.isError) return <ProblemView error={session.error} onRetry={() => void session.refetch()} />;
  if (session.data === null) {
    const next = pathname === "/" ? "" : `?next=${encodeURIComponent(pathname + search)}`;
    return <Navigate to={`/login${next}`} replace />;
  }
  return (
    <Live>
      <ToastRegion>
        <Keys>
          <Shell user={session.data} />
        </Keys>
      </ToastRegion>
    </Live>
  );
}
