/** One user: the rights, the groups that give some, and what can be done. */

import { useQueries } from "@tanstack/react-query";
import { useState } from "react";
import { Link, useNavigate, useParams } from "react-router";

import { useFirstPage, useObject, useRead, useReadAgain } from "../../api/lists";
import { pathOf } from "../../api/resources";
import { ask } from "../../api/send";
import { ResourceForm } from "../../form/ResourceForm";
import { Button } from "../../parts/Button";
import { ConfirmWithPlan } from "../../parts/ConfirmWithPlan";
import { Dialog } from "../../parts/Dialog";
import { Menu } from "../../parts/Menu";
import { PageHeader } from "../../parts/PageHeader";
import { Beside, Facts, Note, Panel, Panels } from "../../parts/Panel";
import { PlainTable } from "../../parts/PlainTable";
import { Loading, ProblemView } from "../../parts/Problem";
import { Status } from "../../parts/Status";
import { quotedText } from "../../table/filter";
import { EventLines } from "../events/event";
import type { Group, Member } from "./entitlements";
import { kindOf } from "./entitlements";

/** How many groups are looked into: there are few, or they are looked at one by one. */
const GROUPS = 30;

export default function User() {
  const { name = "" } = useParams();
  const { item, error, refetch } = useObject("users", name);
  const [asked, setAsked] = useState<"password" | "delete" | null>(null);
  const close = () => setAsked(null);
  const navigate = useNavigate();
  const readAgain = useReadAgain();
  const above = [{ title: "Users", to: "/users" }];
  if (item === undefined) {
    return (
      <>
        <PageHeader title={name} above={above} />
        <Panels>{error === null ? <Loading /> : <ProblemView error={error} onRetry={() => void refetch()} />}</Panels>
      </>
    );
  }
  const path = pathOf("users", item.username);
  return (
    <>
      <PageHeader title={item.username} above={above} beside={<Status tone={item.is_superuser ? "warn" : "neutral"}>{kindOf(item)}</Status>}>
        <Button onPress={() => setAsked("password")}>Set the password</Button>
        <Menu label="More" choices={[{ id: "delete", label: "Delete this user…", detail: "With its keys and files", isDangerous: true }]} onChoose={() => setAsked("delete")} />
      </PageHeader>
      <Panels>
        <Beside>
          <Panel title="User">
            <Facts
              of={[
                ["Mail address", item.email === "" ? "None" : item.email],
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
      {asked === "password" && (
        <Dialog title={`A password for ${item.username}`} isOpen onClose={close}>
          <ResourceForm
            fields={[{ name: "new_password", label: "New password", kind: "password", isNeeded: true, help: "8 characters at least; not like the name, and no common one." }]}
            change={(values) => ({ method: "POST", path: `${path}/set-password`, body: values })}
            submit="Set"
            isPlanned={false}
            done={`${item.username} has a new password`}
            cli={() => `ironraft password ${item.username}`}
            onDone={close}
            onCancel={close}
          >
            <Note>All its sessions end. Its API keys stay.{!item.is_local && " It is a second way in, which the provider does not know of."}</Note>
          </ResourceForm>
        </Dialog>
      )}
      {asked === "delete" && (
        <ConfirmWithPlan
          title={`Delete ${item.username}?`}
          change={{ method: "DELETE", path }}
          verb="Delete the user"
          isDangerous
          cli={`ironraft user delete ${item.username}`}
          done={`${item.username} was deleted`}
          onClose={close}
          onDone={() => {
            readAgain("users");
            void navigate("/users");
          }}
        >
          <p>Its API keys, SSH keys and files go with it. It is refused while it has machines, addresses or IP ranges: release them first.</p>
        </ConfirmWithPlan>
      )}
    </>
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
    <Panel title="Groups" result={groups} actions={<Link to="/groups">All groups</Link>} isFlush>
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
