/** How fresh what is on the screen is: the newest revision that was seen, whether the stream runs, and since when it does not. */

import { useSyncExternalStore } from "react";

export interface Freshness {
  /** Whether changes arrive. */
  stream: "idle" | "connecting" | "open" | "lost";
  /** When the stream was lost, in milliseconds since the epoch. */
  lostAt: number | null;
  /** When it will be tried next. */
  retryAt: number | null;
  /** The newest revision that was seen. */
  revision: number | null;
  /** When something was heard of the region last. */
  heardAt: number | null;
  /** Since when reads are answered without a quorum; null while they are answered with one. */
  oldSince: number | null;
  /** The revision of those. */
  oldRevision: number | null;
}

const BEGIN: Freshness = {
  stream: "idle",
  lostAt: null,
  retryAt: null,
  revision: null,
  heardAt: null,
  oldSince: null,
  oldRevision: null,
};

/** Keeps it, and tells who shows it. */
export class FreshnessStore {
  private now: Freshness = BEGIN;
  private readonly listeners = new Set<() => void>();

  constructor(private readonly clock: () => number = Date.now) {}

  readonly read = (): Freshness => this.now;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** A read was answered with a quorum. */
  answered(revision: number | null): void {
    this.set({ heardAt: this.clock(), revision: newest(this.now.revision, revision), oldSince: null, oldRevision: null });
  }

  /** A read was answered with what this region has. */
  answeredOld(revision: number | null): void {
    const oldSince = this.now.oldSince ?? this.clock();
    this.set({ heardAt: this.clock(), oldSince, oldRevision: newest(this.now.oldRevision, revision) });
  }

  /** Something was asked and not answered. */
  failed(): void {
    if (this.now.stream === "lost" || this.now.lostAt !== null) return;
    this.set({ lostAt: this.clock() });
  }

  /** The stream says something. */
  heard(revision: number | null): void {
    this.set({ heardAt: this.clock(), revision: newest(this.now.revision, revision) });
  }

  streamIs(stream: Freshness["stream"], retryAt: number | null = null): void {
    if (stream === "lost") {
      this.set({ stream, retryAt, lostAt: this.now.lostAt ?? this.now.heardAt ?? this.clock() });
    } else if (stream === "connecting") {
      this.set({ stream, retryAt: null });
    } else {
      this.set({ stream, retryAt: null, lostAt: null });
    }
  }

  private set(change: Partial<Freshness>): void {
    this.now = { ...this.now, ...change };
    this.listeners.forEach((listener) => listener());
  }
}

function newest(one: number | null, other: number | null): number | null {
  return one === null || (other !== null && other > one) ? other : one;
}

export const freshness = new FreshnessStore();

export function useFreshness(store: FreshnessStore = freshness): Freshness {
  return useSyncExternalStore(store.subscribe, store.read);
}
