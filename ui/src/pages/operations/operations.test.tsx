/** Operations: what became of each, and what is repeated. */

import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { Route, Routes } from "react-router";
import { expect, test } from "vitest";

import type { Operation, OperationTarget } from "../../api/resources";
import { http, HttpResponse, ORIGIN, refusal, server } from "../../testing/server";
import { show } from "../../testing/show";
import { parametersOf, progressOf, reasons, stateInWords, titleOf, targetsOf } from "./operation";
import OperationPage, { retryOf, retryRefusal } from "./OperationPage";

const region = server();

const target = (id: string, outcome: OperationTarget["outcome"], detail: string | null = null): OperationTarget => ({ id, name: `web-${id}`, outcome, revision: outcome === "done" ? 41 : null, status: detail === null ? null : 409, detail, time: null });

const OPERATION = {
  id: "op1",
  state: "failed",
  kind: "machines",
  verb: "power-off",
  username: "anna",
  filter: "pool:lab",
  created: "2026-01-01T00:00:00Z",
  ended: "2026-01-01T00:00:02Z",
  cancelled_by: null,
  total: 4,
  waiting: 0,
  done: 1,
  failed: 3,
  cancelled: 0,
  parameters: { comment: ["fan"], erase: [true] },
  resolved_at: 40,
  targets: [target("1", "failed", "It is locked."), target("2", "done"), target("3", "failed", "It is locked."), target("4", "failed", null)],
  // The document of the API says of parameters only that they are an object.
} as unknown as Operation;

test("an operation is said in words", () => {
  expect(titleOf(OPERATION)).toBe("Power off: 4 machines");
  expect(titleOf({ verb: "deploy", total: 1, kind: "machines" })).toBe("Deploy: 1 machine");
  expect(progressOf(OPERATION)).toBe("1 of 4 done, 3 refused");
  expect([stateInWords(OPERATION), stateInWords({ state: "failed", done: 0 }), stateInWords({ state: "running", done: 0 })]).toEqual(["With refusals", "Refused", "Under way"]);
});

test("what was refused for the same reason is one line, the most frequent first", () => {
  expect(reasons(targetsOf(OPERATION)).map(({ detail, targets }) => [detail, targets.length])).toEqual([
    ["It is locked.", 2],
    ["It did not say why.", 1],
  ]);
});

test("repeated is what was refused alone, as it was told before", () => {
  expect(parametersOf({ parameters: { a: ["x"], b: ["x", "y"], c: true } })).toEqual({ a: "x", b: ["x", "y"], c: true });
  expect(retryOf(OPERATION)).toEqual({
    method: "POST",
    path: "/api/v1/machines/actions",
    body: { verb: "power-off", ids: ["1", "3", "4"], parameters: { comment: "fan", erase: true }, max: 3 },
  });
});

test("why it cannot be repeated is said: also that a secret is not told again", () => {
  const told = (more: object) => retryRefusal({ ...OPERATION, ...more } as Operation);
  expect(told({})).toBeNull();
  expect(told({ state: "running" })).toContain("under way");
  expect(told({ failed: 0 })).toBe("Nothing was refused.");
  expect(told({ parameters: { user_data: ["***"] } })).toContain("secret");
});

const shown = (
  <Routes>
    <Route path="/operations/:id" element={<OperationPage />} />
  </Routes>
);

test("its page narrows the objects by outcome in the address, and repeats by a plan", async () => {
  region.use(
    http.get(`${ORIGIN}/api/v1/operations/:id`, ({ params }) => HttpResponse.json({ ...OPERATION, id: params.id })),
    http.post(`${ORIGIN}/api/v1/machines/actions`, ({ request }) =>
      request.url.includes("plan=true")
        ? HttpResponse.json({ plan: "p", revision: 9, targets: 3, refused: [], changes: [], more: 0, effects: { machines: [], addresses_freed: [], addresses_taken: [], leases_ended: [], names_added: [], names_removed: [] } })
        : HttpResponse.json({ ...OPERATION, id: "op2" }, { status: 202 }),
    ),
  );
  const { router } = show(shown, "/operations/op1");
  expect(await screen.findByText("web-2")).toBeTruthy();
  expect(screen.getByRole("button", { name: "Give up what waits" }).closest("[title]")?.getAttribute("title")).toBe("It has ended.");
  await userEvent.click(screen.getByRole("button", { name: /Refused/ }));
  expect(router.state.location.search).toBe("?outcome=failed");
  expect(screen.queryByText("web-2")).toBeNull();
  await userEvent.click(screen.getByRole("button", { name: "Repeat for the refused" }));
  await waitFor(() => expect(screen.getByRole("button", { name: "Repeat" }).hasAttribute("disabled")).toBe(false));
  await userEvent.click(screen.getByRole("button", { name: "Repeat" }));
  await waitFor(() => expect(router.state.location.pathname).toBe("/operations/op2"));
});

test("an operation of somebody else is refused in words", async () => {
  region.use(http.get(`${ORIGIN}/api/v1/operations/op1`, () => refusal(404, "There is no operation op1.")));
  show(shown, "/operations/op1");
  expect(await screen.findByText("There is no operation op1.")).toBeTruthy();
});
