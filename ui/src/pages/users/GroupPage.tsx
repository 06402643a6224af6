/** One group: who is in it, and what it gives on which pools. */

import { useState } from "react";
import { Link, useNavigate, useParams } from "react-router";

import type { Change } from "../../api/changes";
import { useFirstPage, useRead } from "../../api/lists";
import type { Field } from "../../form/ResourceForm";
import { ResourceForm } from "../../form/ResourceForm";
import { Button } from "../../parts/Button";
import { ConfirmWithPlan } from "../../parts/ConfirmWithPlan";
import { Dialog } from "../../parts/Dialog";
import { Menu } from "../../parts/Menu";
import { PageHeader } from "../../parts/PageHeader";
import { Beside, Note, Panel, Panels } from "../../parts/Panel";
import { PlainTable } from "../../parts/PlainTable";
import { count } from "../../parts/PlanView";
import { Loading, ProblemView } from "../../parts/Problem";
import type { Entitlement, Group, Member } from "./entitlements";
import styles from "./Users.module.css";
import { allowed, ENTITLEMENTS, OF_POOLS, scopeOf } from "./entitlements";

type Asked = { kind: "edit" | "delete" | "add-member" | "give" } | { kind: "remove-member"; of: Member } | { kind: "take"; of: Entitlement };

export default function GroupPage() {
  const { id = "" } = useParams();
  const path = `/api/v1/groups/${encodeURIComponent(id)}`;
  const group = useRead<Group>(path, null);
  const members = useRead<Member[]>(`${path}/list-members`, "users");
  const given = useRead<Entitlement[]>(`${path}/list-entitlements`, "pools");
  const pools = useFirstPage("pools", { sort: "name", limit: 1000 });
  const [asked, setAsked] = useState<Asked | null>(null);
  const names = new Map((pools.data?.items ?? []).map((pool) => [pool.id, pool.name]));
  const above = [{ title: "Groups", to: "/groups" }];
  const done = () => {
    setAsked(null);
    void group.refetch();
    void members.refetch();
    void given.refetch();
  };
  if (group.value === undefined) {
    return (
      <>
        <PageHeader title={`Group ${id}`} above={above} />
        <Panels>{group.error === null ? <Loading /> : <ProblemView error={group.error} onRetry={() => void group.refetch()} />}</Panels>
      </>
    );
  }
  const all = [...(given.value ?? [])].sort((one, other) => one.resource_type.localeCompare(other.resource_type) || one.resource_id - other.resource_id || one.entitlement.localeCompare(other.entitlement));
  return (
    <>
      <PageHeader title={group.value.name} above={above} beside={<span>{group.value.description}</span>}>
        <Button onPress={() => setAsked({ kind: "edit" })}>Edit</Button>
        <Menu label="More" choices={[{ id: "delete", label: "Delete this group…", detail: "Its members stay users", isDangerous: true }]} onChoose={() => setAsked({ kind: "delete" })} />
      </PageHeader>
      <Panels>
        <Beside>
          <Panel title="What it gives" beside={given.value === undefined ? undefined : count(all.length, "entitlement")} result={given} isFlush actions={<Button size="small" onPress={() => setAsked({ kind: "give" })}>Give something</Button>}>
            <PlainTable
              label="What it gives"
              columns={[
                {
                  header: "Members may",
                  cell: (found) => (
                    <>
                      {allowed(found.entitlement)}
                      <br />
                      <code className={styles.code}>{found.entitlement}</code>
                    </>
                  ),
                },
                { header: "On", cell: (found) => scopeOf(found, names), widthMin: 110 },
                {
                  header: "",
                  isNarrow: true,
                  cell: (found) => (
                    <Button size="small" kind="quiet" label={`Take back ${found.entitlement} on ${scopeOf(found, names)}`} onPress={() => setAsked({ kind: "take", of: found })}>
                      Take back
                    </Button>
                  ),
                },
              ]}
              rows={all}
              rowKey={(found) => `${found.resource_type} ${found.resource_id} ${found.entitlement}`}
              empty="It gives nothing yet."
            />
          </Panel>
          <Panel title="Members" beside={members.value === undefined ? undefined : count(members.value.length, "user")} result={members} isFlush actions={<Button size="small" onPress={() => setAsked({ kind: "add-member" })}>Add a user</Button>}>
            <PlainTable
              label="Members"
              columns={[
                { header: "User", cell: (member) => <Link to={`/users/${encodeURIComponent(member.username)}`}>{member.username}</Link> },
                { header: "Mail address", cell: (member) => member.email },
                {
                  header: "",
                  isNarrow: true,
                  cell: (member) => (
                    <Button size="small" kind="quiet" label={`Take out ${member.username}`} onPress={() => setAsked({ kind: "remove-member", of: member })}>
                      Take out
                    </Button>
                  ),
                },
              ]}
              rows={members.value ?? []}
              rowKey={(member) => member.username}
              empty="Nobody is in it."
            />
          </Panel>
        </Beside>
        <Note>What is taken back, and who is taken out, has lost it at the next request, at every region. Machines that a user has stay its own until they are released.</Note>
      </Panels>
      {asked !== null && <Ask group={group.value} path={path} asked={asked} pools={names} onClose={() => setAsked(null)} onDone={done} />}
    </>
  );
}

const SITE = "site";

function Ask({ group, path, asked, pools, onClose, onDone }: { group: Group; path: string; asked: Asked; pools: ReadonlyMap<number, string>; onClose: () => void; onDone: () => void }) {
  const navigate = useNavigate();
  const users = useFirstPage("users", { sort: "username", limit: 1000 }, asked.kind === "add-member");
  const form = (title: string, fields: readonly Field[], change: (values: Record<string, unknown>) => Change, submit: string, done: string, initial = {}) => (
    <Dialog title={title} isOpen onClose={onClose}>
      <ResourceForm fields={fields} initial={initial} change={change} submit={submit} done={done} onDone={onDone} onCancel={onClose} />
    </Dialog>
  );
  switch (asked.kind) {
    case "edit":
      return form(
        `Edit ${group.name}`,
        [
          { name: "name", label: "Name", isNeeded: true },
          { name: "description", label: "Description" },
        ],
        (values) => ({ method: "PATCH", path, body: values }),
        "Save",
        `${group.name} was changed`,
        { name: group.name, description: group.description },
      );
    case "add-member":
      if (users.error === null && users.data === undefined) return null;
      return form(
        `Put a user into ${group.name}`,
        [
          users.data === undefined || users.data.next !== null
            ? { name: "username", label: "User", isNeeded: true }
            : { name: "username", label: "User", kind: "select", options: users.data.items.map((user) => ({ value: user.username, label: user.username })) },
        ],
        (values) => ({ method: "POST", path: `${path}/add-member`, body: values }),
        "Add",
        `A user was put into ${group.name}`,
      );
    case "give":
      return <Give group={group} path={path} pools={pools} onClose={onClose} onDone={onDone} />;
    case "take":
      return (
        <ConfirmWithPlan title={`Take it back from ${group.name}?`} change={{ method: "POST", path: `${path}/remove-entitlement`, body: asked.of }} verb="Take it back" isDangerous done={`${group.name} does not give it any more`} onClose={onClose} onDone={onDone}>
          <p>
            Its members may not {allowed(asked.of.entitlement)} any more on {scopeOf(asked.of, pools).toLowerCase()}, unless another group gives it.
          </p>
        </ConfirmWithPlan>
      );
    case "remove-member":
      return (
        <ConfirmWithPlan title={`Take ${asked.of.username} out of ${group.name}?`} change={{ method: "POST", path: `${path}/remove-member`, body: { username: asked.of.username } }} verb="Take out" isDangerous done={`${asked.of.username} was taken out of ${group.name}`} onClose={onClose} onDone={onDone}>
          <p>It stays a user, and loses what this group gives.</p>
        </ConfirmWithPlan>
      );
    default:
      return (
        <ConfirmWithPlan title={`Delete ${group.name}?`} change={{ method: "DELETE", path }} verb="Delete the group" isDangerous done={`${group.name} was deleted`} onClose={onClose} onDone={() => void navigate("/groups")}>
          <p>Its members stay users, and lose what it gave.</p>
        </ConfirmWithPlan>
      );
  }
}

function Give({ group, path, pools, onClose, onDone }: { group: Group; path: string; pools: ReadonlyMap<number, string>; onClose: () => void; onDone: () => void }) {
  const scopes = [{ value: SITE, label: "The whole site, also pools that come later" }, ...[...pools].map(([id, name]) => ({ value: String(id), label: `Pool ${name}` }))];
  const words = (name: string) => ({ value: name, label: `${allowed(name)} (${name})` });
  return (
    <Dialog title={`What ${group.name} gives`} isOpen onClose={onClose}>
      <ResourceForm
        fields={[
          { name: "scope", label: "On", kind: "select", options: scopes },
          { name: "anything", label: "Members may", kind: "select", options: Object.keys(ENTITLEMENTS).map(words), isShown: (values) => values.scope === SITE },
          { name: "machines", label: "Members may", kind: "select", options: OF_POOLS.map(words), isShown: (values) => values.scope !== SITE },
        ]}
        change={(values) => ({ method: "POST", path: `${path}/add-entitlement`, body: entitlementOf(values) })}
        submit="Give"
        done={`${group.name} gives something more`}
        cli={(values) => `ironraft group add-entitlement '${group.name}' ${Object.entries(entitlementOf(values)).map(([name, value]) => `${name}=${value}`).join(" ")}`}
        onDone={onDone}
        onCancel={onClose}
      />
    </Dialog>
  );
}

/** What a form says, as the API takes it. */
export function entitlementOf(values: Record<string, unknown>): Entitlement {
  if (values.scope === SITE) return { resource_type: "maas", resource_id: 0, entitlement: String(values.anything) };
  return { resource_type: "pool", resource_id: Number(values.scope), entitlement: String(values.machines) };
}
