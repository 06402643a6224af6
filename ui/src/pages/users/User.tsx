/** One user: the rights, the groups that give some, and what can be done. */

import { useQueries } from "@tanstack/react-query";
import { useState } from "react";
import { Link, useNavigate, useParams } from "react-router";

import { useFirstPage, useObject, useRead, useReadAgain } from "../../api/lists";
import type { Item } from "../../api/resources";
import { pathOf } from "../../api/resources";
import { ask } from "../../api/send";
import { FormDialog } from "../../form/FormDialog";
import { Button } from "../../parts/Button";
import { ConfirmWithPlan } from "../../parts/ConfirmWithPlan";
import { Menu } from "../../parts/Menu";
import { PageHeader } from "../../parts/PageHeader";
import { Beside, Facts, Note, orNone, Panel, Panels } from "../../parts/Panel";
import { PlainTable } from "../../parts/PlainTable";
import { Status } from "../../parts/Status";
import { UnreadPage } from "../../parts/UnreadPage";
import { quotedText } from "../../table/filter";
import { EventLines } from "../events/event";
import type { Group, Member } from "./entitlements";
import { kindOf } from "./entitlements";

/** How many groups are looked into: there are few, or they are looked at one by one. */
const GROUPS = 30;

const ABOVE = [{ title: "Users", to: "/users" }];

export default function UserPage() {
  const { name = "" } = useParams();
  const read = useObject("users", name);
  const [asked, setAsked] = useState<"password" | "delete" | null>(null);
  const close = () => setAsked(null);
  const { item } = read;
  if (item === undefined) return <UnreadPage title={name} above={ABOVE} result={read} />;
  return (
    <>
      <PageHeader title={item.username} above={ABOVE} beside={<Status tone={item.is_superuser ? "warn" : "neutral"}>{kindOf(item)}</Status>}>
        <Button onPress={() => setAsked("password")}>Set the password</Button>
        <Menu label="More" choices={[{ id: "delete", label: "Delete this user…", detail: "With its keys and files", isDangerous: true }]} onChoose={() => setAsked("delete")} />
      </PageHeader>
      <Panels>
        <Beside>
          <Panel title="User">
            <Facts
              of={[
                ["Mail address", orNone(item.email)],
                ["Rights", item.is_superuser ? "May do everything, whatever its groups give" : "Those that its groups give"],
                ["Logs in", item.is_local ? "Here, with a password or an API key" : "At an OpenID Connect provider"],
                ["Machines", <Link key="machines" to={`/machines?q=${encodeURIComponent(`owner:${quotedText(item.username)}`)}`}>Those that it has</Link>],
              ]}
            />
          </Panel>
          <GroupsOf username={item.username} />
        </Beside>
        <Doings username={item.username} />
      </Panels>
      {asked === "password" && <PasswordDialog user={item} onClose={close} />}
      {asked === "delete" && <DeleteDialog user={item} onClose={close} />}
    </>
  );
}

type User = Item<"users">;

function PasswordDialog({ user, onClose }: { user: User; onClose: () => void }) {
  return (
    <FormDialog
      title={`A password for ${user.username}`}
      fields={[{ name: "new_password", label: "New password", kind: "password", isNeeded: true, help: "8 characters at least; not like the name, and no common one." }]}
      change={(values) => ({ method: "POST", path: `${pathOf("users", user.username)}/set-password`, body: values })}
      submit="Set"
      isPlanned={false}
      done={`${user.username} has a new password`}
      cli={() => `ironraft password ${user.username}`}
      onClose={onClose}
    >
      <Note>All its sessions end. Its API keys stay.{!user.is_local && " It is a second way in, which the provider does not know of."}</Note>
    </FormDialog>
  );
}

function DeleteDialog({ user, onClose }: { user: User; onClose: () => void }) {
  const navigate = useNavigate();
  const readAgain = useReadAgain();
  return (
    <ConfirmWithPlan
      title={`Delete ${user.username}?`}
      change={{ method: "DELETE", path: pathOf("users", user.username) }}
      verb="Delete the user"
      isDangerous
      cli={`ironraft user delete ${user.username}`}
      done={`${user.username} was deleted`}
      onClose={onClose}
      onDone={() => {
        readAgain("users");
        void navigate("/users");
      }}
    >
      <p>Its API keys, SSH keys and files go with it. It is refused while it has machines, addresses or IP ranges: release them first.</p>
    </ConfirmWithPlan>
  );
}

function GroupsOf({ username }: { username: string }) {
  const groups = useRead<Group[]>("/api/v1/groups", null);
  const looked = (groups.value ?? []).slice(0, GROUPS);
  const members = useQueries({
    queries: looked.map((group) => ({
      queryKey: ["read", null, `/api/v1/groups/${group.id}/list-members`, {}],
      queryFn: async ({ signal }: { signal: AbortSignal }) => (await ask<Member[]>(`/api/v1/groups/${group.id}/list-members`, { signal })).data,
    })),
  });
  const own = looked.filter((_, at) => members[at]?.data?.some((member) => member.username === username) === true);
  return (
    <Panel title="Groups" result={groups} actions={<Link to="/groups">All groups</Link>}>
      <PlainTable
        label="Groups"
        columns={[
          { header: "Group", cell: (group) => <Link to={`/groups/${group.id}`}>{group.name}</Link> },
          { header: "Description", cell: (group) => group.description },
        ]}
        rows={own}
        rowKey={(group) => String(group.id)}
        empty={members.some((found) => found.isPending) ? "Looking…" : "It is in none."}
      />
    </Panel>
  );
}

function Doings({ username }: { username: string }) {
  const filter = `level:audit username:${quotedText(username)}`;
  const events = useFirstPage("events", { filter, limit: 10 });
  const items = events.data?.items ?? [];
  return (
    <Panel title="What it did last" result={events} actions={<Link to={`/revisions?actor=${encodeURIComponent(`user:${username}`)}`}>In the audit</Link>}>
      {items.length === 0 && <Note>Nothing that is known of.</Note>}
      <EventLines events={items} />
    </Panel>
  );
}
