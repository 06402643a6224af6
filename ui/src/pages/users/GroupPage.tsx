/** One group: who is in it, and what it gives on which pools. */

import { useState } from "react";
import { Link, useNavigate, useParams } from "react-router";

import { useFirstPage, useRead } from "../../api/lists";
import type { Field } from "../../form/Fields";
import { FormDialog } from "../../form/FormDialog";
import { Button } from "../../parts/Button";
import { ConfirmWithPlan } from "../../parts/ConfirmWithPlan";
import { Menu } from "../../parts/Menu";
import { PageHeader } from "../../parts/PageHeader";
import { Beside, Note, Panel, Panels } from "../../parts/Panel";
import { PlainTable } from "../../parts/PlainTable";
import { count } from "../../parts/PlanView";
import { UnreadPage } from "../../parts/UnreadPage";
import type { Entitlement, Group, Member } from "./entitlements";
import { allowed, ENTITLEMENTS, OF_POOLS, scopeOf } from "./entitlements";
import { GROUP_FIELDS } from "./Groups";
import styles from "./Users.module.css";

type Asked = { kind: "edit" | "delete" | "add-member" | "give" } | { kind: "remove-member"; of: Member } | { kind: "take"; of: Entitlement };

const ABOVE = [{ title: "Groups", to: "/groups" }];

/** By what they are on, then by what they allow. */
function byScope(one: Entitlement, other: Entitlement): number {
  return one.resource_type.localeCompare(other.resource_type) || one.resource_id - other.resource_id || one.entitlement.localeCompare(other.entitlement);
}

export default function GroupPage() {
  const { id = "" } = useParams();
  const path = `/api/v1/groups/${encodeURIComponent(id)}`;
  const group = useRead<Group>(path, null);
  const members = useRead<Member[]>(`${path}/list-members`, "users");
  const given = useRead<Entitlement[]>(`${path}/list-entitlements`, "pools");
  const pools = useFirstPage("pools", { sort: "name", limit: 1000 });
  const [asked, setAsked] = useState<Asked | null>(null);
  const names = new Map((pools.data?.items ?? []).map((pool) => [pool.id, pool.name]));
  if (group.value === undefined) return <UnreadPage title={`Group ${id}`} above={ABOVE} result={group} />;
  return (
    <>
      <PageHeader title={group.value.name} above={ABOVE} beside={<span>{group.value.description}</span>}>
        <Button onPress={() => setAsked({ kind: "edit" })}>Change…</Button>
        <Menu label="More" choices={[{ id: "delete", label: "Delete this group…", detail: "Its members stay users", isDangerous: true }]} onChoose={() => setAsked({ kind: "delete" })} />
      </PageHeader>
      <Panels>
        <Beside>
          <Given given={given} pools={names} onAsk={setAsked} />
          <Members members={members} onAsk={setAsked} />
        </Beside>
        <Note>What is taken back, and who is taken out, has lost it at the next request, at every region. Machines that a user has stay its own until they are released.</Note>
      </Panels>
      {asked !== null && (
        <Ask group={group.value} path={path} asked={asked} pools={names} onClose={() => setAsked(null)} onDone={() => void Promise.all([group.refetch(), members.refetch(), given.refetch()])} />
      )}
    </>
  );
}

/** What was read of a group. */
interface Listed<T> {
  value: T[] | undefined;
  isPending: boolean;
  error: unknown;
  data?: unknown;
  refetch: () => unknown;
}

function Given({ given, pools, onAsk }: { given: Listed<Entitlement>; pools: ReadonlyMap<number, string>; onAsk: (asked: Asked) => void }) {
  const all = [...(given.value ?? [])].sort(byScope);
  return (
    <Panel title="What it gives" beside={given.value === undefined ? undefined : count(all.length, "entitlement")} result={given} actions={<Button size="small" onPress={() => onAsk({ kind: "give" })}>Give something</Button>}>
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
          { header: "On", cell: (found) => scopeOf(found, pools), widthMin: 110 },
        ]}
        actions={(found) => (
          <Button size="small" kind="quiet" label={`Take back ${found.entitlement} on ${scopeOf(found, pools)}`} onPress={() => onAsk({ kind: "take", of: found })}>
            Take back
          </Button>
        )}
        rows={all}
        rowKey={(found) => `${found.resource_type} ${found.resource_id} ${found.entitlement}`}
        empty="It gives nothing yet."
      />
    </Panel>
  );
}

function Members({ members, onAsk }: { members: Listed<Member>; onAsk: (asked: Asked) => void }) {
  return (
    <Panel title="Members" beside={members.value === undefined ? undefined : count(members.value.length, "user")} result={members} actions={<Button size="small" onPress={() => onAsk({ kind: "add-member" })}>Add a user</Button>}>
      <PlainTable
        label="Members"
        columns={[
          { header: "User", cell: (member) => <Link to={`/users/${encodeURIComponent(member.username)}`}>{member.username}</Link> },
          { header: "Mail address", cell: (member) => member.email },
        ]}
        actions={(member) => (
          <Button size="small" kind="quiet" label={`Take out ${member.username}`} onPress={() => onAsk({ kind: "remove-member", of: member })}>
            Take out
          </Button>
        )}
        rows={members.value ?? []}
        rowKey={(member) => member.username}
        empty="Nobody is in it."
      />
    </Panel>
  );
}

const SITE = "site";

interface AskProps {
  group: Group;
  path: string;
  pools: ReadonlyMap<number, string>;
  onClose: () => void;
  onDone: () => void;
}

function Ask({ asked, ...of }: AskProps & { asked: Asked }) {
  const navigate = useNavigate();
  const { group, path, pools, onClose, onDone } = of;
  switch (asked.kind) {
    case "edit": {
      const { name, description } = group;
      return <FormDialog title={`Change group ${name}`} fields={GROUP_FIELDS} initial={{ name, description }} change={(values) => ({ method: "PATCH", path, body: values })} submit="Save" done={`${name} was changed`} onClose={onClose} onDone={onDone} />;
    }
    case "add-member":
      return <AddMember {...of} />;
    case "give":
      return <Give {...of} />;
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
    case "delete":
      return (
        <ConfirmWithPlan title={`Delete ${group.name}?`} change={{ method: "DELETE", path }} verb="Delete the group" isDangerous done={`${group.name} was deleted`} onClose={onClose} onDone={() => void navigate("/groups")}>
          <p>Its members stay users, and lose what it gave.</p>
        </ConfirmWithPlan>
      );
  }
}

/** Where users may not be seen, or are too many to choose from, the name is typed. */
function AddMember({ group, path, onClose, onDone }: AskProps) {
  const users = useFirstPage("users", { sort: "username", limit: 1000 });
  const isListed = users.data !== undefined && users.data.next === null;
  const field: Field = isListed ? { name: "username", label: "User", kind: "select", options: users.data.items.map((user) => ({ value: user.username, label: user.username })) } : { name: "username", label: "User", isNeeded: true };
  return (
    <FormDialog
      title={`Put a user into ${group.name}`}
      waitsFor={[{ isPending: users.isPending }]}
      fields={[field]}
      change={(values) => ({ method: "POST", path: `${path}/add-member`, body: values })}
      submit="Add"
      done={`A user was put into ${group.name}`}
      onClose={onClose}
      onDone={onDone}
    />
  );
}

function Give({ group, path, pools, onClose, onDone }: AskProps) {
  const scopes = [{ value: SITE, label: "The whole site, also pools that come later" }, ...[...pools].map(([id, name]) => ({ value: String(id), label: `Pool ${name}` }))];
  const words = (name: string) => ({ value: name, label: `${allowed(name)} (${name})` });
  return (
    <FormDialog
      title={`What ${group.name} gives`}
      fields={[
        { name: "scope", label: "On", kind: "select", options: scopes },
        { name: "anything", label: "Members may", kind: "select", options: Object.keys(ENTITLEMENTS).map(words), isShown: (values) => values.scope === SITE },
        { name: "machines", label: "Members may", kind: "select", options: OF_POOLS.map(words), isShown: (values) => values.scope !== SITE },
      ]}
      change={(values) => ({ method: "POST", path: `${path}/add-entitlement`, body: entitlementOf(values) })}
      submit="Give"
      done={`${group.name} gives something more`}
      cli={(values) => `ironraft group add-entitlement '${group.name}' ${Object.entries(entitlementOf(values)).map(([name, value]) => `${name}=${value}`).join(" ")}`}
      onClose={onClose}
      onDone={onDone}
    />
  );
}

/** What a form says, as the API takes it. */
export function entitlementOf(values: Record<string, unknown>): Entitlement {
  if (values.scope === SITE) return { resource_type: "maas", resource_id: 0, entitlement: String(values.anything) };
  return { resource_type: "pool", resource_id: Number(values.scope), entitlement: String(values.machines) };
}
