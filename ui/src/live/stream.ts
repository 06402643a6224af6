/**
 * The one stream of a tab: what changes of the kinds that are on the screen, in the order of revisions.
 *
 * It goes on behind the last revision that it had, at whichever region answers under this origin. It reads the stream by itself
 * instead of by `EventSource`, which hides what matters here: the status of a refusal, and the comments that show that a
 * quiet connection lives. Changes are handed over once per frame. A tab that nobody sees gives its connection back after a while:
 * without TLS a browser has six of them for all tabs.
 */

import { problemOf } from "../api/problem";
import type { Problem } from "../api/problem";
import { EventReader } from "./sse";
import type { ServerEvent } from "./sse";

/** What became of an object. */
export interface LiveChange {
  resource: string;
  id: string;
  revision: number;
  change: "put" | "deleted" | "left";
  object?: Record<string, unknown>;
}

/** Whom the stream tells. */
export interface StreamHooks {
  /** What changed since the last frame. */
  changed(changes: LiveChange[]): void;
  /** The history does not reach back: read everything again. */
  reset(): void;
  state(state: "idle" | "connecting" | "open" | "lost", retryAt: number | null): void;
  heard(revision: number | null): void;
  signedOut(): void;
}

/** What it needs of the browser. */
export interface StreamSurroundings {
  open(address: string, signal: AbortSignal): Promise<Response>;
  now(): number;
  random(): number;
  /** Calls back later; returns what calls that off. */
  later(run: () => void, ms: number): () => void;
  /** Calls back before the next frame. */
  frame(run: () => void): void;
}

/** How long kinds are gathered before the stream is opened anew for them. */
const GATHER_MS = 60;
/** How long nothing may be heard: a comment comes every fifteen seconds. */
const SILENCE_MS = 40_000;
/** How long a kind is followed after it left the screen: pages come and go. */
const LINGER_MS = 5_000;
const RETRY_MS = 500;
const RETRY_MAX_MS = 30_000;

export const BROWSER: StreamSurroundings = {
  open: (address, signal) => fetch(new URL(address, location.origin), { signal, headers: { Accept: "text/event-stream" } }),
  now: Date.now,
  random: Math.random,
  later: (run, ms) => {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
  // No frame comes in a tab that nobody sees.
  frame: (run) => (document.hidden ? setTimeout(run, 250) : requestAnimationFrame(run)),
};

export class LiveStream {
  private readonly wanted = new Map<string, number>();
  private followed = "";
  /** Everything up to this revision was told, or was read. */
  private position: number | null = null;
  private current: AbortController | null = null;
  private queue: LiveChange[] = [];
  private isFrameAsked = false;
  private failures = 0;
  private isPaused = false;
  private mustReset = false;
  private callOff: (() => void) | null = null;
  private callOffSilence: (() => void) | null = null;

  constructor(
    private readonly hooks: StreamHooks,
    private readonly around: StreamSurroundings = BROWSER,
  ) {}

  /** Follows a kind of which something was read at a revision; returns what ends that. */
  want(resource: string, revision: number): () => void {
    const users = this.wanted.get(resource) ?? 0;
    this.wanted.set(resource, users + 1);
    const isNew = users === 0 && !this.followed.split(",").includes(resource);
    // What changed between that reading and now must not be missed; what comes twice does no harm.
    if (isNew) this.position = this.position === null ? revision : Math.min(this.position, revision);
    if (isNew) this.schedule(GATHER_MS);
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      this.around.later(() => this.leave(resource), LINGER_MS);
    };
  }

  /** Gives the connection back, and takes it up again. */
  pause(isPaused: boolean): void {
    if (this.isPaused === isPaused) return;
    this.isPaused = isPaused;
    if (isPaused) {
      this.close();
      this.hooks.state("idle", null);
    } else {
      this.schedule(0);
    }
  }

  /** Tries again at once: the network is back, or somebody asks for it. */
  retryNow(): void {
    if (this.current === null && this.wanted.size > 0) this.schedule(0);
  }

  close(): void {
    this.callOff?.();
    this.callOff = null;
    this.callOffSilence?.();
    this.current?.abort();
    this.current = null;
    this.followed = "";
  }

  private leave(resource: string): void {
    const users = (this.wanted.get(resource) ?? 1) - 1;
    if (users > 0) this.wanted.set(resource, users);
    else this.wanted.delete(resource);
    if (users <= 0) this.schedule(GATHER_MS);
  }

  private schedule(ms: number): void {
    this.callOff?.();
    this.callOff = this.around.later(() => {
      this.callOff = null;
      const resources = [...this.wanted.keys()].sort().join(",");
      if (this.isPaused || (this.current !== null && resources === this.followed)) return;
      this.close();
      if (resources === "") {
        this.position = null;
        this.hooks.state("idle", null);
        return;
      }
      this.followed = resources;
      void this.follow(resources);
    }, ms);
  }

  private async follow(resources: string): Promise<void> {
    const abort = new AbortController();
    this.current = abort;
    this.hooks.state("connecting", null);
    let problem: Problem | null = null;
    try {
      const since = this.position === null ? "" : `&since=${this.position}`;
      this.listen(abort);
      const response = await this.around.open(`/api/v1/watch?resources=${resources}${since}`, abort.signal);
      if (response.ok && response.body !== null) {
        this.hooks.state("open", null);
        await this.consume(response.body, abort);
      } else {
        problem = await problemOf(response);
      }
    } catch {
      // The connection broke, or was given up.
    }
    if (this.current !== abort) return;
    this.current = null;
    this.followed = "";
    this.callOffSilence?.();
    if (problem?.status === 401) {
      this.hooks.state("idle", null);
      this.hooks.signedOut();
      return;
    }
    this.again(problem);
  }

  /** A stream that served ends when the region stops, and every quarter of an hour: then the next try is at once. */
  private again(problem: Problem | null): void {
    this.failures += 1;
    const backoff = Math.min(RETRY_MAX_MS, RETRY_MS * 2 ** (this.failures - 2));
    const spread = backoff / 2 + (this.around.random() * backoff) / 2;
    const ms = this.failures === 1 && problem === null ? 0 : Math.max(spread, (problem?.retryAfterS ?? 0) * 1000);
    if (this.failures > 1 || problem !== null) this.hooks.state("lost", this.around.now() + ms);
    this.schedule(ms);
  }

  private async consume(body: ReadableStream<Uint8Array>, abort: AbortController): Promise<void> {
    const reader = body.getReader();
    abort.signal.addEventListener("abort", () => void reader.cancel().catch(() => undefined));
    const events = new EventReader();
    const text = new TextDecoder();
    for (;;) {
      const { done, value } = await reader.read();
      if (done || this.current !== abort) return;
      this.failures = 0;
      this.listen(abort);
      this.hooks.heard(null);
      for (const event of events.read(text.decode(value, { stream: true }))) this.take(event);
    }
  }

  private listen(abort: AbortController): void {
    this.callOffSilence?.();
    this.callOffSilence = this.around.later(() => abort.abort(), SILENCE_MS);
  }

  private take(event: ServerEvent): void {
    const data = JSON.parse(event.data) as { revision?: number; changes?: LiveChange[] };
    const revision = data.revision ?? null;
    if (event.event === "reset") {
      this.position = revision;
      this.mustReset = true;
      return;
    }
    if (event.event === "open") {
      // What is read from now on is at this revision or later, and the stream tells what follows it.
      if (this.mustReset) this.hooks.reset();
      this.mustReset = false;
      // Where it begins when nothing else was asked for.
      this.position ??= revision;
      this.hooks.heard(revision);
      return;
    }
    if (event.id !== null && event.id !== "") this.position = Number(event.id);
    this.hooks.heard(revision);
    if (data.changes === undefined) return;
    this.queue.push(...data.changes);
    if (this.isFrameAsked) return;
    this.isFrameAsked = true;
    this.around.frame(() => {
      this.isFrameAsked = false;
      const changes = this.queue;
      this.queue = [];
      this.hooks.changed(changes);
    });
  }
}
