/** Asks whether something is to be done, showing what it would do; and does exactly that, or nothing. */

import { useMutation, useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { useEffect, useState } from "react";

import type { Change } from "../api/changes";
import { make, newKey, plan } from "../api/changes";
import type { Problem } from "../api/problem";
import { asProblem } from "../api/problem";
import type { BulkPlan, Plan } from "../api/resources";
import type { Answer } from "../api/send";
import { Button } from "./Button";
import { Dialog } from "./Dialog";
import { PlanView } from "./PlanView";
import { Loading, ProblemView } from "./Problem";
import { ShowAs } from "./ShowAs";
import { useToasts } from "./Toasts";

interface Props {
  title: string;
  change: Change;
  /** What the button says: the verb, perhaps with what the plan tells. */
  verb: string | ((plan: Plan | BulkPlan | undefined) => string);
  isDangerous?: boolean;
  cli?: string | undefined;
  /** Why it cannot be done yet: something that it has to be told is missing. Until then nothing is planned. */
  refusal?: string | null;
  /** What stands above the plan: what will happen, and fields that the change is made of, perhaps by what is wrong with it, or by the plan. */
  children?: ReactNode | ((problem: Problem | null, plan: Plan | BulkPlan | undefined) => ReactNode);
  /** Whether that says all that is wrong. */
  isSaid?: (problem: Problem) => boolean;
  width?: "normal" | "wide";
  /** Whether a slip beside it closes it: not where something was typed. */
  isDismissable?: boolean;
  /** What is said when it is done; null says nothing. */
  done?: string | null;
  /** Whether what was done can be taken back. */
  isReversible?: boolean;
  onClose: () => void;
  /** Called when it is done, after the dialog was closed. */
  onDone?: (answer: Answer<unknown>) => void;
}

export function ConfirmWithPlan(props: Props) {
  const { title, change, verb, isDangerous = false, cli, refusal: missing = null, children, isSaid = () => false, width = "normal", isDismissable = true, done = title, isReversible = false, onClose, onDone } = props;
  const toasts = useToasts();
  const { planned, isSettled, isPending, failure, makeIt, again } = usePlanned(change, missing === null, (answer) => {
    if (done !== null) toasts.tell(done, isReversible ? answer.revision : null);
    onClose();
    onDone?.(answer);
  });
  const problem = failure !== null ? asProblem(failure) : missing === null && planned.isError ? asProblem(planned.error) : null;
  const isToSay = problem !== null && !isSaid(problem);
  const isOutdated = failure !== null && asProblem(failure).status === 412;
  const refusal = missing ?? (planned.isPending || !isSettled ? "What it would do is being found out." : planned.isError ? "It would be refused." : refusalOf(planned.data));
  const footer = (
    <>
      <Button onPress={onClose}>Cancel</Button>
      {isOutdated ? (
        <Button kind="primary" onPress={again}>
          Look again
        </Button>
      ) : (
        <Button kind={isDangerous ? "danger" : "primary"} refusal={refusal} isPending={isPending} onPress={makeIt}>
          {typeof verb === "string" ? verb : verb(planned.data)}
        </Button>
      )}
    </>
  );
  return (
    <Dialog title={title} isOpen onClose={onClose} footer={footer} width={width} isDismissable={isDismissable && !isPending}>
      {typeof children === "function" ? children(problem, missing === null && isSettled ? planned.data : undefined) : children}
      {missing === null && planned.isPending && <Loading what="Finding out what would happen" />}
      {isToSay && failure === null && <ProblemView error={problem} onRetry={again} />}
      {missing === null && planned.data !== undefined && <PlanView plan={planned.data} />}
      {isToSay && failure !== null && <ProblemView error={problem} />}
      <ShowAs change={change} cli={cli} />
    </Dialog>
  );
}

/** Why what is planned is not done: an operation that refuses all of its objects does nothing. */
export function refusalOf(plan: Plan | BulkPlan | undefined): string | null {
  if (plan === undefined || !("targets" in plan)) return null;
  if (plan.targets === 0) return "It is about nothing.";
  return plan.refused.length >= plan.targets ? "It would be refused for all of them." : null;
}

/** A change with its plan: `makeIt` makes what was planned, `again` plans it anew. */
function usePlanned(change: Change, isReady: boolean, onDone: (answer: Answer<unknown>) => void) {
  const settled = useSettled(change);
  const isSettled = isSame(change, settled);
  // Another change is another request.
  const [request, setRequest] = useState(() => ({ change: settled, key: newKey() }));
  if (request.change !== settled) setRequest({ change: settled, key: newKey() });
  const planned = useQuery({
    queryKey: ["plan", undefined, settled],
    queryFn: ({ signal }) => plan(settled, signal),
    // What is only half typed is not planned, also when it is all there by now.
    enabled: isReady && isSettled,
    gcTime: 0,
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  });
  const made = useMutation({
    mutationFn: (of: Change) => make<unknown>(of, { ifPlan: planned.data?.plan, key: request.key }),
    onSuccess: onDone,
  });
  const again = () => {
    made.reset();
    // What was refused once is another request.
    setRequest({ change: settled, key: newKey() });
    void planned.refetch();
  };
  // What was said of another change is not of this one.
  const failure = made.variables === settled ? made.error : null;
  return { planned, isSettled, isPending: made.isPending, failure, makeIt: () => made.mutate(settled), again };
}

/** How long nothing must be typed before it is planned anew. */
const SETTLE_MS = 250;

/** The change as it was when it stayed the same for a moment; the same object as long as it says the same. */
function useSettled(change: Change): Change {
  const [settled, setSettled] = useState(change);
  const isChanged = !isSame(change, settled);
  useEffect(() => {
    if (!isChanged) return undefined;
    const timer = setTimeout(() => setSettled(change), SETTLE_MS);
    return () => clearTimeout(timer);
  });
  return settled;
}

function isSame(one: Change, other: Change): boolean {
  return one === other || JSON.stringify(one) === JSON.stringify(other);
}
