/** The user who is logged in: API keys, SSH keys, and the password. */

import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "react-router";

import { useFirstPage, useRead } from "../../api/lists";
import type { Item } from "../../api/resources";
import { pathOf } from "../../api/resources";
import { SESSION } from "../../api/session";
import { FormDialog } from "../../form/FormDialog";
import { ResourceForm } from "../../form/ResourceForm";
import { Button } from "../../parts/Button";
import { ConfirmWithPlan } from "../../parts/ConfirmWithPlan";
import { Dialog } from "../../parts/Dialog";
import { PageHeader } from "../../parts/PageHeader";
import { Beside, Facts, Note, Panel, Panels, Quiet } from "../../parts/Panel";
import { PlainTable } from "../../parts/PlainTable";
import { count } from "../../parts/PlanView";
import { Copyable } from "../../parts/ShowAs";
import { Tabs } from "../../parts/Tabs";
import { USER_TABS } from "../users/Users";

interface Token {
  name: string;
  /** `consumer:token:***`. */
  token: string;
}

/** The part of an API key that names it, and is no secret. */
export function middleOf(token: string): string {
  return token.split(":")[1] ?? token;
}

/** A public key in its parts: what sort it is, what stands in it shortened, and its comment. */
export function sshParts(key: string): { sort: string; short: string; comment: string } {
  const [sort = "", body = "", ...comment] = key.trim().split(/\s+/);
  return { sort, short: body.length > 24 ? `${body.slice(0, 12)}…${body.slice(-10)}` : body, comment: comment.join(" ") };
}

export default function Account() {
  const session = useQuery(SESSION);
  const user = session.data;
  return (
    <>
      <PageHeader title="My account" />
      <Tabs label="Accounts" tabs={USER_TABS} />
      <Panels>
        <ApiKeys />
        <SshKeys />
        <Beside>
          <Panel title="Who I am">
            <Facts
              of={[
                ["Name", user === null || user === undefined ? "" : <Link key="name" to={`/users/${encodeURIComponent(user.username)}`}>{user.username}</Link>],
                ["Mail address", user?.email === "" ? "None" : (user?.email ?? "")],
                ["Rights", user?.is_superuser === true ? "Administrator: may do everything" : "Those that my groups give"],
              ]}
            />
          </Panel>
          <Panel title="Password">
            <ResourceForm
              fields={[
                { name: "old_password", label: "Password of now", kind: "password", help: "None, if I have none yet." },
                { name: "new_password", label: "New password", kind: "password", isNeeded: true, help: "8 characters at least; not like the name, and no common one." },
              ]}
              change={(values) => ({ method: "POST", path: "/api/v1/account/change-password", body: { old_password: values.old_password, new_password: values.new_password } })}
              submit="Change the password"
              isPlanned={false}
              done="The password was changed. Log in again"
              cli={() => "ironraft password"}
              onDone={() => void session.refetch()}
            >
              <Note>All sessions end, this one, too. API keys stay: delete those that are not to.</Note>
            </ResourceForm>
          </Panel>
        </Beside>
      </Panels>
    </>
  );
}

type AskedKey = { kind: "new" } | { kind: "rename" | "delete"; of: Token } | { kind: "made"; key: string };

/** What the API answers when a key was made. */
interface MadeKey {
  consumer_key: string;
  token_key: string;
  token_secret: string;
}

function ApiKeys() {
  const tokens = useRead<Token[]>("/api/v1/account/list-authorisation-tokens", null);
  const [asked, setAsked] = useState<AskedKey | null>(null);
  const all = tokens.value ?? [];
  return (
    <Panel title="API keys" beside={tokens.value === undefined ? undefined : count(all.length, "key")} actions={<Button size="small" onPress={() => setAsked({ kind: "new" })}>New key</Button>} result={tokens}>
      <PlainTable
        label="API keys"
        columns={[
          { header: "Name", cell: (found) => (found.name === "" ? <Quiet>No name</Quiet> : found.name), widthMin: 140 },
          { header: "Middle part", cell: (found) => <code>{middleOf(found.token)}</code> },
        ]}
        actions={(found) => (
          <>
            <Button size="small" label={`Rename ${called(found)}`} onPress={() => setAsked({ kind: "rename", of: found })}>
              Rename
            </Button>
            <Button size="small" kind="quiet" label={`Delete ${called(found)}`} onPress={() => setAsked({ kind: "delete", of: found })}>
              Delete
            </Button>
          </>
        )}
        rows={all}
        rowKey={(found) => found.token}
        empty="There is none: the command line and other clients need one."
      />
      {asked !== null && <AskKey asked={asked} onAsk={setAsked} onDone={() => void tokens.refetch()} />}
    </Panel>
  );
}

/** What a key is called: by the part that is no secret when it has no name. */
function called(token: Token): string {
  return token.name === "" ? middleOf(token.token) : token.name;
}

function AskKey({ asked, onAsk, onDone }: { asked: AskedKey; onAsk: (asked: AskedKey | null) => void; onDone: () => void }) {
  const close = () => onAsk(null);
  switch (asked.kind) {
    case "new":
      return (
        <FormDialog
          title="New API key"
          fields={[{ name: "name", label: "Name", placeholder: "laptop", help: "What it is for." }]}
          change={(values) => ({ method: "POST", path: "/api/v1/account/create-authorisation-token", body: values })}
          submit="Make"
          isPlanned={false}
          done="The API key was made"
          onClose={close}
          onDone={(answer) => {
            const { consumer_key, token_key, token_secret } = answer.data as MadeKey;
            onDone();
            onAsk({ kind: "made", key: [consumer_key, token_key, token_secret].join(":") });
          }}
        />
      );
    case "made":
      return <KeyDialog value={asked.key} onClose={close} />;
    case "rename":
      return (
        <FormDialog
          title="Another name for a key"
          fields={[{ name: "name", label: "Name", isNeeded: true }]}
          initial={{ name: asked.of.name }}
          change={(values) => ({ method: "POST", path: "/api/v1/account/update-token-name", body: { token: middleOf(asked.of.token), name: values.name } })}
          submit="Rename"
          isPlanned={false}
          done="The key has another name"
          onClose={close}
          onDone={onDone}
        />
      );
    case "delete":
      return (
        <ConfirmWithPlan
          title={`Delete the key ${called(asked.of)}?`}
          change={{ method: "POST", path: "/api/v1/account/delete-authorisation-token", body: { token_key: middleOf(asked.of.token) } }}
          verb="Delete the key"
          isDangerous
          done="The key was deleted"
          onClose={close}
          onDone={onDone}
        >
          <p>Whatever signs its requests with it is refused from then on, at every region.</p>
        </ConfirmWithPlan>
      );
  }
}

function KeyDialog({ value, onClose }: { value: string; onClose: () => void }) {
  return (
    <Dialog title="API key" isOpen onClose={onClose} footer={<Button kind="primary" onPress={onClose}>Close</Button>}>
      <p>Who has it is me. On a host with the command line:</p>
      <Copyable text={`ironraft login ${location.origin}`} />
      <Copyable text={value} />
    </Dialog>
  );
}

function SshKeys() {
  const keys = useFirstPage("ssh-keys", { sort: "id", limit: 1000 });
  const [isAdding, setAdding] = useState(false);
  const [removed, setRemoved] = useState<Item<"ssh-keys"> | null>(null);
  const all = keys.data?.items ?? [];
  return (
    <>
      <Panel title="SSH keys" beside={keys.data === undefined ? undefined : count(all.length, "key")} actions={<Button size="small" onPress={() => setAdding(true)}>Add a key</Button>} result={keys}>
        <PlainTable
          label="SSH keys"
          columns={[
            { header: "Comment", cell: (found) => sshParts(found.key).comment || <Quiet>None</Quiet>, widthMin: 140 },
            { header: "Key", cell: (found) => <code title={found.key}>{`${sshParts(found.key).sort} ${sshParts(found.key).short}`}</code> },
          ]}
          actions={(found) => (
            <Button size="small" kind="quiet" label={`Delete ${sshParts(found.key).comment || sshParts(found.key).short}`} onPress={() => setRemoved(found)}>
              Delete
            </Button>
          )}
          rows={all}
          rowKey={(found) => String(found.id)}
          empty="There is none: nobody could log in at machines that I deploy."
        />
        <Note>Machines that I deploy from now on let in who has one of them. Those that are deployed stay as they are.</Note>
      </Panel>
      {isAdding && (
        <FormDialog
          title="Add an SSH key"
          fields={[{ name: "key", label: "Public key", kind: "textarea", isNeeded: true, placeholder: "ssh-ed25519 AAAA… anna@laptop", help: "A line of authorized_keys without options, mostly ~/.ssh/id_ed25519.pub." }]}
          change={(values) => ({ method: "POST", path: pathOf("ssh-keys"), body: { key: String(values.key ?? "").trim() } })}
          submit="Add"
          done="The key was added"
          onClose={() => setAdding(false)}
        />
      )}
      {removed !== null && (
        <ConfirmWithPlan title="Delete this SSH key?" change={{ method: "DELETE", path: pathOf("ssh-keys", String(removed.id)) }} verb="Delete the key" isDangerous done="The key was deleted" onClose={() => setRemoved(null)}>
          <p>Machines that are deployed from now on do not let in who has it. Those that are deployed still do.</p>
        </ConfirmWithPlan>
      )}
    </>
  );
}
