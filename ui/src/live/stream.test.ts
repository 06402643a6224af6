import { beforeEach, describe, expect, test } from "vitest";

import { EventReader } from "./sse";
import type { LiveChange, StreamHooks, StreamSurroundings } from "./stream";
import { LiveStream } from "./stream";

/** A clock, timers and connections that the test moves by hand. */
class Hand implements StreamSurroundings, StreamHooks {
  time = 0;
  timers: { at: number; run: () => void }[] = [];
  frames: (() => void)[] = [];
  opened: { address: string; signal: AbortSignal; answer: (response: Response | Error) => void }[] = [];
  told: LiveChange[][] = [];
  resets = 0;
  states: string[] = [];
  isSignedOut = false;

  open(address: string, signal: AbortSignal) {
    return new Promise<Response>((resolve, reject) => {
      const answer = (response: Response | Error) => (response instanceof Error ? reject(response) : resolve(response));
      signal.addEventListener("abort", () => reject(new Error("given up")));
      this.opened.push({ address, signal, answer });
    });
  }
  now = () => this.time;
  random = () => 1;
  later(run: () => void, ms: number) {
    const timer = { at: this.time + ms, run };
    this.timers.push(timer);
    return () => void (this.timers = this.timers.filter((other) => other !== timer));
  }
  frame(run: () => void) {
    this.frames.push(run);
  }
  changed = (changes: LiveChange[]) => void this.told.push(changes);
  reset = () => void (this.resets += 1);
  state = (state: string) => void this.states.push(state);
  heard = () => undefined;
  signedOut = () => void (this.isSignedOut = true);

  /** Lets time pass, with everything that it brings. */
  async pass(ms: number) {
    const until = this.time + ms;
    for (;;) {
      await settle();
      const next = this.timers.filter((timer) => timer.at <= until).sort((one, other) => one.at - other.at)[0];
      if (next === undefined) break;
      this.time = next.at;
      this.timers = this.timers.filter((timer) => timer !== next);
      next.run();
    }
    this.time = until;
  }

  draw() {
    this.frames.splice(0).forEach((run) => run());
  }

  get last() {
    const last = this.opened.at(-1);
    if (last === undefined) throw new Error("nothing was opened");
    return last;
  }
}

/** What is done already is done. */
async function settle() {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
}

/** A connection that the test writes to. */
function connection() {
  let control: ReadableStreamDefaultController<Uint8Array> | null = null;
  const body = new ReadableStream<Uint8Array>({ start: (begun) => void (control = begun) });
  const write = async (text: string) => {
    control?.enqueue(new TextEncoder().encode(text));
    await settle();
  };
  const end = async () => {
    control?.close();
    await settle();
  };
  return { response: new Response(body), write, end };
}

const change = (id: string, revision: number) =>
  `id: ${revision}\nevent: change\ndata: ${JSON.stringify({ revision, changes: [{ resource: "machines", id, revision, change: "put", object: {} }] })}\n\n`;

let hand: Hand;
let stream: LiveStream;
beforeEach(() => {
  hand = new Hand();
  stream = new LiveStream(hand, hand);
});

async function open() {
  const made = connection();
  hand.last.answer(made.response);
  await settle();
  return made;
}

describe("the stream", () => {
  test("is one for all kinds, from the oldest of what was read on", async () => {
    stream.want("machines", 20);
    stream.want("zones", 18);
    stream.want("machines", 25);
    await hand.pass(100);
    expect(hand.opened.map((one) => one.address)).toEqual(["/api/v1/watch?resources=machines,zones&since=18"]);
  });

  test("hands changes over once per frame", async () => {
    stream.want("machines", 5);
    await hand.pass(100);
    const { write } = await open();
    await write(change("a", 6) + change("b", 7));
    expect(hand.told).toEqual([]);
    hand.draw();
    expect(hand.told.map((changes) => changes.map((one) => one.id))).toEqual([["a", "b"]]);
  });

  test("goes on behind the last event when it ends, at once", async () => {
    stream.want("machines", 5);
    await hand.pass(100);
    const { write, end } = await open();
    await write(change("a", 9));
    await write('id: 12\nevent: bookmark\ndata: {"revision":12}\n\n');
    await end();
    await hand.pass(0);
    expect(hand.last.address).toContain("since=12");
    expect(hand.states).not.toContain("lost");
  });

  test("tries again ever more slowly, and says that it is lost", async () => {
    stream.want("machines", 5);
    await hand.pass(100);
    const begun: number[] = [];
    for (let attempt = 0; attempt < 9; attempt += 1) {
      begun.push(hand.time);
      const before = hand.opened.length;
      hand.last.answer(new Error("refused"));
      while (hand.opened.length === before) await hand.pass(50);
    }
    const waited = begun.slice(1).map((time, at) => time - (begun[at] ?? 0));
    expect(waited).toEqual([50, 500, 1000, 2000, 4000, 8000, 16_000, 30_000]);
    expect(hand.states).toContain("lost");
  });

  test("waits as long as it is told", async () => {
    stream.want("machines", 5);
    await hand.pass(100);
    hand.last.answer(new Response("{}", { status: 503, headers: { "Retry-After": "7" } }));
    await hand.pass(6_900);
    expect(hand.opened).toHaveLength(1);
    await hand.pass(200);
    expect(hand.opened).toHaveLength(2);
  });

  test("ends when nobody is known any more", async () => {
    stream.want("machines", 5);
    await hand.pass(100);
    hand.last.answer(new Response("{}", { status: 401 }));
    await hand.pass(60_000);
    expect(hand.isSignedOut).toBe(true);
    expect(hand.opened).toHaveLength(1);
  });

  test("is given up when nothing is heard, not even a comment", async () => {
    stream.want("machines", 5);
    await hand.pass(100);
    const { write } = await open();
    await hand.pass(30_000);
    await write(":\n\n");
    await hand.pass(30_000);
    expect(hand.opened).toHaveLength(1);
    await hand.pass(15_000);
    expect(hand.opened).toHaveLength(2);
  });

  test("has everything read again after a reset, once the next one has begun", async () => {
    stream.want("machines", 5);
    await hand.pass(100);
    const first = await open();
    await first.write('id: 900\nevent: reset\ndata: {"revision":900,"oldest":400}\n\n');
    await first.end();
    await hand.pass(0);
    expect(hand.last.address).toContain("since=900");
    expect(hand.resets).toBe(0);
    const second = await open();
    await second.write('event: open\ndata: {"revision":901}\n\n');
    expect(hand.resets).toBe(1);
  });

  test("follows another kind from where that was read", async () => {
    stream.want("machines", 5);
    await hand.pass(100);
    const { write } = await open();
    await write(change("a", 50));
    stream.want("zones", 45);
    await hand.pass(100);
    expect(hand.opened[0]?.signal.aborted).toBe(true);
    expect(hand.last.address).toBe("/api/v1/watch?resources=machines,zones&since=45");
  });

  test("lets go of a kind some time after it left the screen", async () => {
    const end = stream.want("machines", 5);
    await hand.pass(100);
    await open();
    end();
    await hand.pass(4_000);
    expect(hand.last.signal.aborted).toBe(false);
    await hand.pass(2_000);
    expect(hand.last.signal.aborted).toBe(true);
    expect(hand.states.at(-1)).toBe("idle");
  });

  test("gives its connection back while nobody sees the tab, and misses nothing", async () => {
    stream.want("machines", 5);
    await hand.pass(100);
    const { write } = await open();
    await write(change("a", 8));
    stream.pause(true);
    expect(hand.last.signal.aborted).toBe(true);
    stream.pause(false);
    await hand.pass(0);
    expect(hand.last.address).toContain("since=8");
  });
});

test("events are read however they are cut", () => {
  const text = ": hello\r\nid: 7\r\nevent: change\r\ndata: a\r\ndata: b\r\n\r\ndata: c\n\n";
  for (let at = 1; at < text.length; at += 1) {
    const reader = new EventReader();
    const events = [...reader.read(text.slice(0, at)), ...reader.read(text.slice(at))];
    expect(events, `cut at ${at}`).toEqual([
      { event: "change", id: "7", data: "a\nb" },
      { event: "message", id: "7", data: "c" },
    ]);
  }
});
