/** What is asked before something is done: the plan decides whether one may go on. */

import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test } from "vitest";

import type { BulkPlan, Plan } from "../api/resources";
import { http, HttpResponse, ORIGIN, refusal, server } from "../testing/server";
import { show } from "../testing/show";
import { ConfirmWithPlan, refusalOf } from "./ConfirmWithPlan";

const region = server();

const PLAN: Plan = { plan: "p", revision: 9, changes: [], more: 0, effects: { machines: [], addresses_freed: [], addresses_taken: [], leases_ended: [], names_added: [], names_removed: [] } };
const target = (id: string) => ({ id, name: `web-${id}`, status: 409, detail: "It is locked." });
const bulk = (targets: number, refused: string[]): BulkPlan => ({ ...PLAN, targets, refused: refused.map(target) });

const asked = (onDone: () => void = () => undefined) => (
  <ConfirmWithPlan title="Release" verb="Release them" change={{ method: "POST", path: "/api/v1/machines/actions", body: { verb: "release", ids: ["1", "2"] } }} onClose={() => undefined} onDone={onDone} />
);

const answer = (plan: Plan | BulkPlan, sent: string[] = []) =>
  http.post(`${ORIGIN}/api/v1/machines/actions`, ({ request }) => {
    const { search } = new URL(request.url);
    sent.push(search);
    return HttpResponse.json(search.includes("plan=true") ? plan : {}, { status: 202 });
  });

test("what refuses all of its objects is not done", () => {
  expect([undefined, PLAN, bulk(2, []), bulk(2, ["1"])].map(refusalOf)).toEqual([null, null, null, null]);
  expect(refusalOf(bulk(2, ["1", "2"]))).toBe("It would be refused for all of them.");
  expect(refusalOf(bulk(0, []))).toBe("It is about nothing.");
});

test("one cannot go on with what is refused for all, and is told why", async () => {
  region.use(answer(bulk(2, ["1", "2"])));
  show(asked());
  expect(await screen.findByText("2 of 2 are refused: web-1, web-2")).toBeTruthy();
  const button = screen.getByRole("button", { name: "Release them" });
  expect(button.hasAttribute("disabled")).toBe(true);
  expect(button.closest("[title]")?.getAttribute("title")).toBe("It would be refused for all of them.");
});

test("what is refused for some is done by its plan for the others", async () => {
  const sent: string[] = [];
  let isDone = false;
  region.use(answer(bulk(2, ["1"]), sent));
  show(asked(() => (isDone = true)));
  await waitFor(() => expect(screen.getByRole("button", { name: "Release them" }).hasAttribute("disabled")).toBe(false));
  await userEvent.click(screen.getByRole("button", { name: "Release them" }));
  await waitFor(() => expect(isDone).toBe(true));
  expect(sent).toEqual(["?plan=true", "?if_plan=p"]);
});

test("what cannot be planned is not done either", async () => {
  region.use(http.post(`${ORIGIN}/api/v1/machines/actions`, () => refusal(403, "You may not.")));
  show(asked());
  expect(await screen.findByText("You may not.")).toBeTruthy();
  expect(screen.getByRole("button", { name: "Release them" }).closest("[title]")?.getAttribute("title")).toBe("It would be refused.");
});
