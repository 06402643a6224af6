/** Says when what is shown is old: how old, from which region, at which revision, and what is done about it. */

import { useEffect, useState } from "react";

import { Button } from "../parts/Button";
import { Duration } from "../parts/Time";
import { freshness, useFreshness } from "./freshness";
import type { Freshness } from "./freshness";
import { useStream } from "./Live";
import styles from "./StaleBanner.module.css";

/** How long a stream may be away before it is told of: leaders change in less. */
const TOLERATED_MS = 4_000;

/** What there is to say at a time; null while all is fresh. */
export function staleness(state: Freshness, now: number): { title: string; since: number; isOld: boolean } | null {
  if (state.oldSince !== null) {
    const title = `No quorum answers. Shown is what ${location.host} has, as of revision ${state.oldRevision ?? "unknown"}`;
    return { title, since: state.oldSince, isOld: true };
  }
  if (state.lostAt !== null && now - state.lostAt >= TOLERATED_MS) {
    const title = `${location.host} does not answer. Shown is what it said last, as of revision ${state.revision ?? "unknown"}`;
    return { title, since: state.lostAt, isOld: false };
  }
  return null;
}

export function StaleBanner() {
  const state = useFreshness();
  const stream = useStream();
  const now = useSecond(state.lostAt !== null || state.oldSince !== null);
  const told = staleness(state, now);
  if (told === null) return null;
  const retryS = state.retryAt === null ? null : Math.max(0, Math.ceil((state.retryAt - now) / 1000));
  return (
    <div className={styles.banner} role="alert">
      <span aria-hidden="true">▲</span>
      <span className={styles.text}>
        <strong>{told.title}</strong>, for <Duration ms={now - told.since} />.{" "}
        {retryS !== null && retryS > 0 && <>Next try in {retryS} s.</>}
        {told.isOld && <> Nothing can be changed meanwhile.</>}
      </span>
      <Button size="small" onPress={() => stream?.retryNow()}>
        Try now
      </Button>
      <a href="/MAAS/status">Status of this region</a>
    </div>
  );
}

function useSecond(isNeeded: boolean): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    if (!isNeeded) return;
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, [isNeeded]);
  return now;
}

/** In a corner: that changes arrive, and up to which revision. */
export function FreshnessMark() {
  const { stream, revision } = useFreshness(freshness);
  const words = { idle: "Nothing followed", connecting: "Connecting", open: "Live", lost: "Not live" }[stream];
  return (
    <span className={styles.mark} data-stream={stream} title={`${words}: revision ${revision ?? "unknown"} from ${location.host}`}>
      <span className={styles.dot} aria-hidden="true" />
      {words}
      {revision !== null && <span className={styles.revision}>r{revision}</span>}
    </span>
  );
}
