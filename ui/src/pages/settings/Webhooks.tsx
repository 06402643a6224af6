/** Who is told of changes by HTTP. */

import { useState } from "react";
import { Link, useNavigate } from "react-router";

import { useFirstPage } from "../../api/lists";
import type { Item } from "../../api/resources";
import type { Field } from "../../form/Fields";
import { ObjectDialog } from "../../form/ObjectDialog";
import { Button } from "../../parts/Button";
import { Dialog } from "../../parts/Dialog";
import { Note, Panel, Quiet } from "../../parts/Panel";
import { PlainTable } from "../../parts/PlainTable";
import { count } from "../../parts/PlanView";
import { Copyable } from "../../parts/ShowAs";
import type { Tone } from "../../parts/Status";
import { Status } from "../../parts/Status";

export type Webhook = Item<"webhooks">;

export const WEBHOOK_FIELDS: readonly Field[] = [
  { name: "name", label: "Name", isNeeded: true },
  { name: "url", label: "Where deliveries are sent", isNeeded: true, placeholder: "https://hooks.example.com/ironraft" },
  { name: "resources", label: "Kinds of objects", kind: "list", placeholder: "machines, racks", help: "Everything that changes for users, when none is named. Events are told only when they are named." },
  { name: "filter", label: "Only what this filter means", placeholder: "status:failed*", help: "It needs one kind of objects." },
  { name: "allow_internal", label: "It may be sent to internal addresses", kind: "checkbox", help: "Loopback, private and link-local ones, and those of the cluster." },
];

/** How a webhook stands. */
export function standing(webhook: Pick<Webhook, "enabled" | "disabled_because" | "attempts" | "dead_letters">): { tone: Tone; word: string } {
  if (!webhook.enabled) return (webhook.disabled_because ?? "") === "" ? { tone: "idle", word: "Disabled" } : { tone: "bad", word: "Disabled by failures" };
  if (webhook.attempts > 0) return { tone: "bad", word: `Not taken, ${count(webhook.attempts, "attempt")}` };
  return webhook.dead_letters > 0 ? { tone: "warn", word: "Goes on, with dead letters" } : { tone: "good", word: "Taken" };
}

/** A secret that is told once. */
export function SecretDialog({ secret, onClose }: { secret: string; onClose: () => void }) {
  return (
    <Dialog title="What deliveries are signed with" isOpen onClose={onClose} isDismissable={false} footer={<Button kind="primary" onPress={onClose}>I have it</Button>}>
      <p>The receiver checks signatures with it. It is told now, and never again.</p>
      <Copyable text={secret} />
    </Dialog>
  );
}

export function Webhooks() {
  const list = useFirstPage("webhooks", { sort: "name", limit: 100 });
  const [isMaking, setMaking] = useState(false);
  const [made, setMade] = useState<Webhook | null>(null);
  const navigate = useNavigate();
  return (
    <>
      <Panel title="Webhooks" actions={<Button size="small" refusal={list.error === null ? null : "Only administrators may make one."} onPress={() => setMaking(true)}>New webhook</Button>} result={list}>
        <PlainTable
          label="Webhooks"
          columns={[
            { header: "Name", cell: (found) => <Link to={`/webhooks/${found.id}`}>{found.name}</Link> },
            { header: "State", cell: (found) => <Status tone={standing(found).tone}>{standing(found).word}</Status> },
            { header: "Where", cell: (found) => <code>{found.url}</code> },
            { header: "Told of", cell: (found) => <>{found.resources.length === 0 ? <Quiet>Everything</Quiet> : found.resources.join(", ")} {found.filter !== "" && <code>{found.filter}</code>}</> },
            { header: "Told through", cell: (found) => found.delivered_through.toLocaleString("en"), isNumeric: true },
            { header: "Dead letters", cell: (found) => found.dead_letters.toLocaleString("en"), isNumeric: true },
          ]}
          rows={list.data?.items ?? []}
          rowKey={(found) => String(found.id)}
          empty="There is none: nobody is told of changes by HTTP."
        />
        <Note>A webhook sends what changes, in order, until it is taken. It is told what the user who made it may see.</Note>
      </Panel>
      {isMaking && <ObjectDialog resource="webhooks" noun="webhook" fields={WEBHOOK_FIELDS} isReversible={false} onClose={() => setMaking(false)} onDone={(answer) => setMade(answer.data as Webhook)} />}
      {made !== null && (
        <SecretDialog
          secret={made.secret ?? ""}
          onClose={() => {
            setMade(null);
            void navigate(`/webhooks/${made.id}`);
          }}
        />
      )}
    </>
  );
}
