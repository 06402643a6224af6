/** Asks whether something is to be done, showing what it would do; and does exactly that, or nothing. */

import { useMutation, useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { useEffect, useState } from "react";

import type { Change } from "../api/changes";
import { make, newKey, plan } from "../api/changes";
import { asProblem } from "../api/problem";
import type { Plan } from "../api/resources";
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
  /** What the button says: the verb. */
  verb: string;
  isDangerous?: boolean;
  cli?: string | undefined;
  /** Why it cannot be done yet: something that it has to be told is missing. Until then nothing is planned. */
  refusal?: string | null;
  /** What stands above the plan: what will happen, and fields that the change is made of. */
  children?: ReactNode;
  width?: "normal" | "wide";
  /** What is said when it is done; null says nothing. */
  done?: string | null;
  /** Whether what was done can be taken back. */
  isReversible?: boolean;
  onClose: () => void;
  onDone?: (answer: Answer<unknown>) => void;
}

export function ConfirmWithPlan(props: Props) {
  const { title, change, verb, isDangerous = false, cli, refusal: missing = null, children, width = "normal", done = title, isReversible = false, onClose, onDone } = props;
  const toasts = useToasts();
  const settled = useSettled(change);
  // Another change is another request.
  const [request, setRequest] = useState(() => ({ change: settled, key: newKey() }));
  if (request.change !== settled) setRequest({ change: settled, key: newKey() });
  const isSettled = isSame(change, settled);
  const planned = useQuery({
    queryKey: ["plan", undefined, settled],
    queryFn: ({ signal }) => plan<Plan>(settled, signal),
    enabled: missing === null,
    gcTime: 0,
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  });
  const made = useMutation({
    mutationFn: () => make<unknown>(settled, { ifPlan: planned.data?.plan, key: request.key }),
    onSuccess: (answer) => {
      if (done !== null) toasts.tell(done, isReversible ? answer.revision : null);
      onDone?.(answer);
      onClose();
    },
  });
  const isOutdated = made.error !== null && asProblem(made.error).status === 412;
  const again = () => {
    made.reset();
    void planned.refetch();
  };
  const refusal = missing !== null ? missing : planned.isPending || !isSettled ? "What it would do is being found out." : planned.isError ? "It would be refused." : null;
  const footer = (
    <>
      <Button onPress={onClose}>Cancel</Button>
      {isOutdated ? (
        <Button kind="primary" onPress={again}>
          Look again
        </Button>
      ) : (
        <Button kind={isDangerous ? "danger" : "primary"} refusal={refusal} isPending={made.isPending} onPress={() => made.mutate()}>
          {verb}
        </Button>
      )}
    </>
  );
  return (
    <Dialog title={title} isOpen onClose={onClose} footer={footer} width={width} isDismissable={!made.isPending}>
      {children}
      {missing === null && planned.isPending && <Loading what="Finding out what would happen" />}
      {planned.isError && <ProblemView error={planned.error} onRetry={again} />}
      {planned.data !== undefined && <PlanView plan={planned.data} />}
      {made.isError && <ProblemView error={made.error} />}
      <ShowAs change={change} cli={cli} />
    </Dialog>
  );
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
