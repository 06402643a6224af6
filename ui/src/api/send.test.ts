import { afterEach, describe, expect, test } from "vitest";

import { freshness } from "../live/freshness";
import { http, HttpResponse, ORIGIN, refusal, server } from "../testing/server";
import { curlOf, make, plan } from "./changes";
import { asProblem, Problem } from "./problem";
import { ask, csrfToken, onSignedOut } from "./send";
import { login, SESSION } from "./session";
import { client } from "./../testing/show";

const region = server();

afterEach(() => {
  document.cookie = "csrftoken=; Max-Age=0";
});

async function problemOf(promise: Promise<unknown>): Promise<Problem> {
  return promise.then(
    () => Promise.reject(new Error("it succeeded")),
    (error: unknown) => asProblem(error),
  );
}

describe("what is asked", () => {
  test("may be answered with a word", async () => {
    region.use(http.post(`${ORIGIN}/api/v1/groups/3/add-member`, () => new HttpResponse("OK", { headers: { "Content-Type": "text/plain; charset=utf-8" } })));
    expect((await ask("/api/v1/groups/3/add-member", { method: "POST" })).data).toBe("OK");
  });

  test("is read with its revision", async () => {
    region.use(http.get(`${ORIGIN}/api/v1/zones`, () => HttpResponse.json({ a: 1 }, { headers: { "X-Ironraft-Revision": "77" } })));
    const answer = await ask("/api/v1/zones", { query: { filter: "a b", sort: "" } });
    expect(answer).toMatchObject({ data: { a: 1 }, revision: 77 });
    expect(freshness.read().revision).toBe(77);
  });

  test("is a problem with its faults when it is refused", async () => {
    const errors = [{ pointer: "/vlan", message: "There is no such VLAN." }, { parameter: "filter", message: "No." }, { pointer: 3 }];
    region.use(http.post(`${ORIGIN}/api/v1/subnets`, () => refusal(400, "vlan: …", { errors, revision: 4 })));
    const problem = await problemOf(ask("/api/v1/subnets", { method: "POST", body: {} }));
    expect(problem.faultOf("vlan")).toBe("There is no such VLAN.");
    expect(problem.parameterFault("filter")).toBe("No.");
    expect(problem.errors).toHaveLength(2);
    expect(problem.more).toEqual({ revision: 4 });
  });

  test.each([
    ["<html>Bad gateway</html>", ""],
    ["plain words", "plain words"],
    ["[1]", "[1]"],
    ["", ""],
  ])("is a problem whatever comes back: %s", async (body, detail) => {
    region.use(http.get(`${ORIGIN}/api/v1/zones`, () => new HttpResponse(body, { status: 500 })));
    expect(await problemOf(ask("/api/v1/zones"))).toMatchObject({ status: 500, detail, title: "Answer 500" });
  });

  test("is a problem when it is no JSON, and when nothing comes back", async () => {
    region.use(http.get(`${ORIGIN}/api/v1/zones`, () => new HttpResponse("{half", { headers: { "Content-Type": "application/json" } })));
    expect((await problemOf(ask("/api/v1/zones"))).title).toBe("The answer is not JSON");
    region.use(http.get(`${ORIGIN}/api/v1/zones`, () => HttpResponse.error()));
    expect(await problemOf(ask("/api/v1/zones"))).toMatchObject({ status: 0, isPassing: true });
  });

  test("is asked of this region alone when no quorum answers, and is told to be old", async () => {
    const asked: string[] = [];
    region.use(
      http.get(`${ORIGIN}/api/v1/zones`, ({ request }) => {
        const { searchParams } = new URL(request.url);
        asked.push(searchParams.get("stale") ?? "");
        if (searchParams.get("stale") !== "true") return refusal(503, "no quorum");
        return HttpResponse.json([], { headers: { "X-Ironraft-Revision": "12" } });
      }),
    );
    expect((await ask("/api/v1/zones")).data).toEqual([]);
    expect(asked).toEqual(["", "true"]);
    expect(freshness.read()).toMatchObject({ oldRevision: 12 });
    freshness.answered(13);
  });

  test("tells that nobody is logged in", async () => {
    let told = 0;
    const end = onSignedOut(() => (told += 1));
    region.use(http.get(`${ORIGIN}/api/v1/zones`, () => refusal(401, "Send a key.")));
    await problemOf(ask("/api/v1/zones"));
    end();
    expect(told).toBe(1);
  });
});

describe("a change", () => {
  test("shows the token of the session, its condition and its key", async () => {
    document.cookie = "csrftoken=to%3Dken";
    let seen: Headers | null = null;
    region.use(
      http.patch(`${ORIGIN}/api/v1/zones/1`, ({ request }) => {
        seen = request.headers;
        return HttpResponse.json({});
      }),
    );
    await make({ method: "PATCH", path: "/api/v1/zones/1", body: { name: "x" }, ifMatch: 9 }, { key: "k1" });
    const header = (name: string) => (seen as Headers | null)?.get(name);
    expect([header("X-CSRFToken"), header("If-Match"), header("Idempotency-Key")]).toEqual(["to=ken", '"9"', "k1"]);
  });

  test("is asked for again under the same key while a region is away, and done once", async () => {
    const keys: (string | null)[] = [];
    region.use(
      http.post(`${ORIGIN}/api/v1/zones`, ({ request }) => {
        keys.push(request.headers.get("Idempotency-Key"));
        if (keys.length === 1) return HttpResponse.error();
        if (keys.length === 2) return refusal(503, "no leader", {}, { "Retry-After": "2" });
        return HttpResponse.json({ id: 1 }, { headers: { "X-Ironraft-Revision": "30" } });
      }),
    );
    const waited: number[] = [];
    const answer = await make({ method: "POST", path: "/api/v1/zones", body: {} }, {}, (ms) => Promise.resolve(void waited.push(ms)));
    expect(answer.revision).toBe(30);
    expect(new Set(keys).size).toBe(1);
    expect(waited).toEqual([500, 2000]);
  });

  test("that is refused is not asked for again", async () => {
    let asked = 0;
    region.use(
      http.post(`${ORIGIN}/api/v1/zones`, () => {
        asked += 1;
        return refusal(412, "It has changed.");
      }),
    );
    expect((await problemOf(make({ method: "POST", path: "/api/v1/zones" }))).status).toBe(412);
    expect(asked).toBe(1);
  });

  test("is planned without being made, and made as planned", async () => {
    const asked: string[] = [];
    region.use(
      http.delete(`${ORIGIN}/api/v1/zones/1`, ({ request }) => {
        asked.push(new URL(request.url).search);
        return HttpResponse.json({ plan: "p" });
      }),
    );
    const change = { method: "DELETE", path: "/api/v1/zones/1" } as const;
    const planned = await plan(change);
    await make(change, { ifPlan: planned.plan });
    expect(asked).toEqual(["?plan=true", "?if_plan=p"]);
  });

  test("is a command for a shell, whatever stands in it", () => {
    const change = { method: "POST", path: "/api/v1/zones", body: { name: "it's" }, query: { a: 1, b: undefined }, ifMatch: 3 } as const;
    expect(curlOf(change, "http://r")).toMatchInlineSnapshot(`
      "curl -X POST -H "Authorization: Bearer $(ironraft apikey)" \\
        -H 'If-Match: "3"' \\
        -H 'Content-Type: application/json' \\
        -d '{"name":"it'\\''s"}' \\
        'http://r/api/v1/zones?a=1'"
    `);
  });
});

describe("a session", () => {
  test("is nobody's when the server says so", async () => {
    expect(await client().fetchQuery(SESSION), "without a cookie nothing is asked").toBeNull();
    document.cookie = "csrftoken=ended";
    region.use(http.get(`${ORIGIN}/api/v1/users/whoami`, () => refusal(401, "")));
    expect(await client().fetchQuery(SESSION)).toBeNull();
  });

  test("that is refused says why in the server's words", async () => {
    region.use(http.post(`${ORIGIN}/MAAS/accounts/login/`, () => HttpResponse.json({ __all__: ["Please enter a correct password."] }, { status: 400 })));
    expect((await problemOf(login("a", "b"))).message).toBe("Please enter a correct password.");
  });

  test("has its token in a cookie among others", () => {
    expect(csrfToken("a=b; csrftoken=x%2Fy; c=d")).toBe("x/y");
    expect(csrfToken("xcsrftoken=1")).toBeNull();
  });
});
