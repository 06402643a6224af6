/** One webhook: whether it is taken, why not, a test, and what failed for good. */

import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useNavigate, useParams } from "react-router";

import { make } from "../../api/changes";
import { useObject, useRead } from "../../api/lists";
import { pathOf } from "../../api/resources";
import { ObjectDialog } from "../../form/ObjectDialog";
import { Button } from "../../parts/Button";
import { ConfirmWithPlan } from "../../parts/ConfirmWithPlan";
import { Menu } from "../../parts/Menu";
import { PageHeader } from "../../parts/PageHeader";
import { Facts, Panel, Panels } from "../../parts/Panel";
import { PlainTable } from "../../parts/PlainTable";
import { count } from "../../parts/PlanView";
import { ProblemView } from "../../parts/Problem";
import { Status } from "../../parts/Status";
import { Time } from "../../parts/Time";
import { UnreadPage } from "../../parts/UnreadPage";
import type { Webhook } from "../settings/Webhooks";
import { SecretDialog, standing, WEBHOOK_FIELDS } from "../settings/Webhooks";
import styles from "./Webhooks.module.css";

interface Tested {
  arrived: boolean;
  status: number | null;
  answer: string | null;
  error: string | null;
  milliseconds: number;
}

interface DeadLetter {
  delivery: string;
  type: string;
  since: number;
  revision: number;
  attempts: number;
  made: string;
  died: string;
  error: string;
  waits_for_retry: boolean;
}

type Asked = { kind: "edit" | "switch" | "secret" | "delete" | "retry-all" } | { kind: "retry"; of: DeadLetter };

const ABOVE = [
  { title: "Settings", to: "/settings/site" },
  { title: "Webhooks", to: "/settings/webhooks" },
];

export default function WebhookPage() {
  const { id = "" } = useParams();
  const read = useObject("webhooks", id);
  const { item } = read;
  const path = pathOf("webhooks", id);
  const test = useMutation({ mutationFn: async () => (await make<Tested>({ method: "POST", path: `${path}/test`, body: {} })).data });
  const [asked, setAsked] = useState<Asked | null>(null);
  const [secret, setSecret] = useState<string | null>(null);
  if (item === undefined) return <UnreadPage title={id} above={ABOVE} result={read} />;
  const { tone, word } = standing(item);
  return (
    <>
      <PageHeader title={item.name} above={ABOVE} beside={<Status tone={tone}>{word}</Status>}>
        <Button onPress={() => test.mutate()} isPending={test.isPending}>
          Send a test
        </Button>
        <Button onPress={() => setAsked({ kind: "edit" })}>Change…</Button>
        <Menu
          label="More"
          choices={[
            { id: "switch", label: item.enabled ? "Disable…" : "Enable…", detail: item.enabled ? "It is told nothing meanwhile" : "It goes on where it was" },
            { id: "secret", label: "New secret…", detail: "The one that it has is of no use then" },
            { id: "delete", label: "Delete…", detail: "With its dead letters", isDangerous: true },
          ]}
          onChoose={(kind) => setAsked({ kind: kind as "switch" | "secret" | "delete" })}
        />
      </PageHeader>
      <Panels>
        {(test.data !== undefined || test.error !== null) && <TestPanel told={test.data} error={test.error} />}
        <About webhook={item} />
        <DeadLetters webhook={item} onRetry={(of) => setAsked(of === null ? { kind: "retry-all" } : { kind: "retry", of })} />
      </Panels>
      {asked !== null && <Ask webhook={item} asked={asked} onClose={() => setAsked(null)} onSecret={setSecret} />}
      {secret !== null && <SecretDialog secret={secret} onClose={() => setSecret(null)} />}
    </>
  );
}

function TestPanel({ told, error }: { told: Tested | undefined; error: unknown }) {
  return (
    <Panel title="The test" beside={told === undefined ? undefined : <Status tone={told.arrived ? "good" : "bad"}>{told.arrived ? "Arrived" : "Did not arrive"}</Status>}>
      {error !== null && <ProblemView error={error} />}
      {told !== undefined && (
        <Facts
          of={[
            ["What came back", told.status === null ? (told.error ?? "Nothing") : `Status ${told.status}`],
            ["Its text", (told.answer ?? "") !== "" && <code key="answer">{told.answer}</code>],
            ["After", `${told.milliseconds.toLocaleString("en")} ms`],
          ]}
        />
      )}
    </Panel>
  );
}

function About({ webhook }: { webhook: Webhook }) {
  return (
    <Panel title="How it stands">
      <Facts
        of={[
          ["Disabled because", webhook.disabled_because],
          ["Why it was not taken", webhook.last_error],
          ["Sent again", (webhook.next_attempt ?? "") !== "" && <Time key="next" at={webhook.next_attempt} />],
          ["Told through", `revision ${webhook.delivered_through.toLocaleString("en")}`],
          ["Where", <code key="url">{webhook.url}</code>],
          ["Told of", webhook.resources.length === 0 ? "everything that changes for users" : webhook.resources.join(", ")],
          ["Only", webhook.filter !== "" && <code key="filter">{webhook.filter}</code>],
          ["Made by", `${webhook.owner ?? "a user who is gone"}: it is told what this user may see`],
          ["Internal addresses", webhook.allow_internal ? "allowed" : "refused"],
        ]}
      />
    </Panel>
  );
}

function DeadLetters({ webhook, onRetry }: { webhook: Webhook; onRetry: (of: DeadLetter | null) => void }) {
  const letters = useRead<DeadLetter[]>(`${pathOf("webhooks", String(webhook.id))}/dead-letters`, "webhooks");
  const all = letters.value ?? [];
  return (
    <Panel
      title="Dead letters"
      beside={all.length === 0 ? undefined : count(all.length, "delivery", "deliveries")}
      actions={
        <Button size="small" refusal={all.length === 0 ? "There is none." : null} onPress={() => onRetry(null)}>
          Send all again
        </Button>
      }
      result={letters}
    >
      <PlainTable
        label="Dead letters"
        columns={[
          { header: "Delivery", cell: (letter) => <code className={styles.delivery}>{letter.delivery}</code> },
          { header: "Type", cell: (letter) => letter.type },
          { header: "Revisions", cell: (letter) => `${letter.since.toLocaleString("en")} to ${letter.revision.toLocaleString("en")}` },
          { header: "Why", cell: (letter) => letter.error },
          { header: "Attempts", cell: (letter) => letter.attempts, isNumeric: true },
          { header: "Given up", cell: (letter) => <Time at={letter.died} /> },
        ]}
        actions={(letter) => (
          <Button size="small" label={`Send again ${letter.delivery}`} refusal={letter.waits_for_retry ? "It is being sent again." : null} onPress={() => onRetry(letter)}>
            Send again
          </Button>
        )}
        rows={all}
        rowKey={(letter) => letter.delivery}
        empty="Everything that was sent was taken, or is still tried."
      />
    </Panel>
  );
}

function Ask({ webhook, asked, onClose, onSecret }: { webhook: Webhook; asked: Asked; onClose: () => void; onSecret: (secret: string) => void }) {
  const path = pathOf("webhooks", String(webhook.id));
  const navigate = useNavigate();
  switch (asked.kind) {
    case "edit": {
      const { name, url, resources, filter, allow_internal } = webhook;
      return (
        <ObjectDialog resource="webhooks" noun="webhook" item={webhook} name={name} fields={WEBHOOK_FIELDS} initial={{ name, url, resources, filter, allow_internal }} isReversible={false} onClose={onClose} />
      );
    }
    case "switch":
      return (
        <ConfirmWithPlan
          title={webhook.enabled ? `Disable ${webhook.name}?` : `Enable ${webhook.name}?`}
          change={{ method: "PATCH", path, body: { enabled: !webhook.enabled } }}
          verb={webhook.enabled ? "Disable" : "Enable"}
          done={webhook.enabled ? `${webhook.name} is disabled` : `${webhook.name} goes on`}
          onClose={onClose}
        >
          <p>{webhook.enabled ? "It is told nothing until it is enabled. Then it is told what happened meanwhile, as far as the history goes back." : "It is told what happened meanwhile, or a reset when the history is gone."}</p>
        </ConfirmWithPlan>
      );
    case "secret":
      return (
        <ConfirmWithPlan
          title={`A new secret for ${webhook.name}?`}
          change={{ method: "PATCH", path, body: { secret: null } }}
          verb="Make a new one"
          isDangerous
          done={null}
          onClose={onClose}
          onDone={(answer) => onSecret((answer.data as Webhook).secret ?? "")}
        >
          <p>The receiver refuses what is signed with the new one until it has it, and is sent that again.</p>
        </ConfirmWithPlan>
      );
    case "delete":
      return (
        <ConfirmWithPlan title={`Delete ${webhook.name}?`} change={{ method: "DELETE", path }} verb="Delete" isDangerous cli={`ironraft webhook delete ${webhook.name}`} done={`${webhook.name} was deleted`} onClose={onClose} onDone={() => void navigate("/settings/webhooks")}>
          <p>Its dead letters go with it, and what was not told yet is told to nobody.</p>
        </ConfirmWithPlan>
      );
    default: {
      const body = asked.kind === "retry" ? { delivery: asked.of.delivery } : {};
      return (
        <ConfirmWithPlan title={asked.kind === "retry" ? "Send it again?" : "Send all dead letters again?"} change={{ method: "POST", path: `${path}/retry`, body }} verb="Send again" done="It is sent again" onClose={onClose}>
          <p>They come out of order, with the ids that they had, and as a reset when the history is gone.</p>
        </ConfirmWithPlan>
      );
    }
  }
}
