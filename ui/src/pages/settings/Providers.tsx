/** OpenID Connect providers: where users may log in besides here. */

import { useState } from "react";

import { useRead } from "../../api/lists";
import type { Field, Values } from "../../form/Fields";
import { filled } from "../../form/Fields";
import { FormDialog } from "../../form/FormDialog";
import { Button } from "../../parts/Button";
import { ConfirmWithPlan } from "../../parts/ConfirmWithPlan";
import { Note, Panel, Quiet } from "../../parts/Panel";
import { PlainTable } from "../../parts/PlainTable";
import { Status } from "../../parts/Status";
import { span } from "../../parts/Time";

const PATH = "/api/v1/oidc-providers";

interface Provider {
  id: number;
  name: string;
  issuer_url: string;
  client_id: string;
  enabled: boolean;
  token_type: string;
  redirect_uri: string;
  scopes: string;
  groups_claim: string;
  admin_groups: string[];
  user_groups: string[];
  username_claim: string;
  session_length: number;
  allow_http: boolean;
}

const FIELDS: readonly Field[] = [
  { name: "name", label: "Name", isNeeded: true, help: "What the login page calls it." },
  { name: "issuer_url", label: "Issuer", isNeeded: true, placeholder: "https://id.example.com/realms/site", help: "It is asked what it publishes, and has to answer." },
  { name: "client_id", label: "Client", isNeeded: true, placeholder: "maas" },
  { name: "client_secret", label: "Secret of the client", kind: "password", help: "Empty for a public client. It is never shown." },
  { name: "redirect_uri", label: "Where it sends browsers back to", isNeeded: true },
  { name: "scopes", label: "Scopes besides openid", placeholder: "profile email" },
  { name: "admin_groups", label: "Groups of administrators", kind: "list", help: "Who is in one of them may do everything. Nobody, when none is named." },
  { name: "user_groups", label: "Groups of users", kind: "list", help: "Others are refused. Everybody who can log in there is a user, when none is named." },
  { name: "groups_claim", label: "Claim with the groups", placeholder: "groups" },
  { name: "username_claim", label: "Claim with the name", placeholder: "preferred_username, or else email" },
  {
    name: "token_type",
    label: "Tokens",
    kind: "select",
    options: [
      { value: "JWT", label: "JWT: the identity token says all" },
      { value: "Opaque", label: "Opaque: the userinfo endpoint is asked, too" },
    ],
  },
  { name: "session_length", label: "Length of a session in seconds", kind: "number", placeholder: "43200" },
  { name: "allow_http", label: "It may be asked without TLS", kind: "checkbox" },
];

type Asked = { kind: "form"; of?: Provider } | { kind: "switch" | "delete"; of: Provider };

export function Providers() {
  const list = useRead<Provider[]>(PATH, null);
  const [asked, setAsked] = useState<Asked | null>(null);
  return (
    <Panel title="Login providers" actions={<Button size="small" refusal={list.error === null ? null : "Only administrators may make one."} onPress={() => setAsked({ kind: "form" })}>New provider</Button>} result={list}>
      <PlainTable
        label="Login providers"
        columns={[
          { header: "Name", cell: (found) => found.name },
          { header: "State", cell: (found) => <Status tone={found.enabled ? "good" : "idle"}>{found.enabled ? "Users log in there" : "Not enabled"}</Status> },
          { header: "Issuer", cell: (found) => <code>{found.issuer_url}</code> },
          { header: "Administrators", cell: (found) => (found.admin_groups.length === 0 ? <Quiet>Nobody</Quiet> : found.admin_groups.join(", ")) },
          { header: "Users", cell: (found) => (found.user_groups.length === 0 ? <Quiet>Everybody there</Quiet> : found.user_groups.join(", ")) },
          { header: "Session", cell: (found) => span(found.session_length * 1000) },
        ]}
        actions={(found) => (
          <>
            <Button size="small" label={`${found.enabled ? "Disable" : "Enable"} ${found.name}`} onPress={() => setAsked({ kind: "switch", of: found })}>
              {found.enabled ? "Disable" : "Enable"}
            </Button>
            <Button size="small" label={`Change ${found.name}`} onPress={() => setAsked({ kind: "form", of: found })}>
              Change…
            </Button>
            <Button size="small" kind="quiet" label={`Delete ${found.name}`} refusal={found.enabled ? "Users log in there: disable it first." : null} onPress={() => setAsked({ kind: "delete", of: found })}>
              Delete
            </Button>
          </>
        )}
        rows={list.value ?? []}
        rowKey={(found) => found.id}
        empty="There is none: users log in with a password of this site, or use API keys."
      />
      <Note>Keep one administrator of this site with a password or an API key: it is the way in while the provider is away.</Note>
      {asked !== null && <Ask asked={asked} onClose={() => setAsked(null)} onDone={() => void list.refetch()} />}
    </Panel>
  );
}

function Ask({ asked, onClose, onDone }: { asked: Asked; onClose: () => void; onDone: () => void }) {
  switch (asked.kind) {
    case "form":
      return <ProviderDialog of={asked.of} onClose={onClose} onDone={onDone} />;
    case "switch": {
      const { id, name, enabled } = asked.of;
      return (
        <ConfirmWithPlan
          title={enabled ? `Disable ${name}?` : `Have users log in at ${name}?`}
          change={{ method: "PATCH", path: `${PATH}/${id}`, body: { enabled: !enabled } }}
          verb={enabled ? "Disable" : "Enable"}
          isDangerous={enabled}
          cli={`ironraft oidc-provider set ${id} enabled=${String(!enabled)}`}
          done={enabled ? `${name} is disabled` : `Users log in at ${name}`}
          onClose={onClose}
          onDone={onDone}
        >
          <p>{enabled ? "Nobody logs in there from then on. Sessions that there are go on to their end; API keys stay." : "One provider is enabled at a time. The login page offers it beside the password."}</p>
        </ConfirmWithPlan>
      );
    }
    case "delete":
      return (
        <ConfirmWithPlan title={`Delete ${asked.of.name}?`} change={{ method: "DELETE", path: `${PATH}/${asked.of.id}` }} verb="Delete" isDangerous done={`${asked.of.name} was deleted`} onClose={onClose} onDone={onDone}>
          <p>Its users stay, with their API keys, but have no way to log in with a browser unless they have a password.</p>
        </ConfirmWithPlan>
      );
  }
}

/** The API needs a secret: an empty one says that there is none. */
function ProviderDialog({ of, onClose, onDone }: { of: Provider | undefined; onClose: () => void; onDone: () => void }) {
  const isNew = of === undefined;
  return (
    <FormDialog
      title={isNew ? "New login provider" : `Change login provider ${of.name}`}
      fields={FIELDS}
      initial={isNew ? { redirect_uri: `${location.origin}/MAAS/accounts/oidc/callback/`, scopes: "profile email" } : valuesOf(of)}
      change={(values, changed) => (isNew ? { method: "POST", path: PATH, body: { client_secret: "", ...filled(values) } } : { method: "PATCH", path: `${PATH}/${of.id}`, body: changed })}
      submit={isNew ? "Make" : "Save"}
      done={isNew ? "The provider was made; nobody logs in there before it is enabled" : `${of.name} was changed`}
      onClose={onClose}
      onDone={onDone}
    />
  );
}

function valuesOf(of: Provider): Values {
  const { name, issuer_url, client_id, redirect_uri, scopes, admin_groups, user_groups, groups_claim, username_claim, token_type, session_length, allow_http } = of;
  return { name, issuer_url, client_id, client_secret: "", redirect_uri, scopes, admin_groups, user_groups, groups_claim, username_claim, token_type, session_length, allow_http };
}
