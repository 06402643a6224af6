/** The stream within the page: components say what they show, and it is kept up to date. */

import { useQueryClient } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { createContext, useContext, useEffect, useState } from "react";

import type { ResourceName } from "../api/resources";
import { isWatched, shownWith } from "../api/resources";
import { SESSION } from "../api/session";
import { Applier } from "./apply";
import { freshness } from "./freshness";
import { BROWSER, LiveStream } from "./stream";

const Context = createContext<LiveStream | null>(null);

/** How long a tab that nobody sees keeps its connection. */
const HIDDEN_MS = 60_000;

/** Has one stream for everything below. */
export function Live({ children }: { children: ReactNode }) {
  const client = useQueryClient();
  const [stream] = useState(() => {
    const applier = new Applier(client, BROWSER);
    return new LiveStream({
      changed: (changes) => applier.apply(changes),
      reset: () => void applier.reset(),
      state: (state, retryAt) => freshness.streamIs(state, retryAt),
      heard: (revision) => freshness.heard(revision),
      signedOut: () => client.setQueryData(SESSION.queryKey, null),
    });
  });
  useEffect(() => {
    let callOff: (() => void) | null = null;
    const seen = () => {
      callOff?.();
      callOff = null;
      if (document.hidden) callOff = BROWSER.later(() => stream.pause(true), HIDDEN_MS);
      else stream.pause(false);
    };
    const online = () => stream.retryNow();
    document.addEventListener("visibilitychange", seen);
    window.addEventListener("online", online);
    return () => {
      document.removeEventListener("visibilitychange", seen);
      window.removeEventListener("online", online);
      callOff?.();
      stream.close();
    };
  }, [stream]);
  return <Context value={stream}>{children}</Context>;
}

/** Follows a kind of objects of which something was read at a revision, for as long as the component is there. */
export function useWatched(resource: ResourceName | null, revision: number | undefined, enabled = true): void {
  const stream = useContext(Context);
  const isRead = revision !== undefined && enabled;
  useEffect(() => {
    if (stream === null || resource === null || !isRead || !isWatched(resource)) return;
    const ends = [resource, ...shownWith(resource)].map((kind) => stream.want(kind, revision));
    return () => ends.forEach((end) => end());
    // The stream goes on by itself: only the first revision matters.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [stream, resource, isRead]);
}

export function useStream(): LiveStream | null {
  return useContext(Context);
}
