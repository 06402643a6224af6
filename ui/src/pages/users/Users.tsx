/** Who may log in. */

import { useState } from "react";

import { useReadAgain } from "../../api/lists";
import type { Item } from "../../api/resources";
import type { Field } from "../../form/Fields";
import { ObjectDialog } from "../../form/ObjectDialog";
import { Button } from "../../parts/Button";
import { PageHeader } from "../../parts/PageHeader";
import { Empty } from "../../parts/Problem";
import { Status } from "../../parts/Status";
import { Tabs } from "../../parts/Tabs";
import type { Column } from "../../table/columns";
import { ResourceTable } from "../../table/ResourceTable";
import { kindOf } from "./entitlements";

export const USER_TABS = [
  { to: "/users", title: "Users" },
  { to: "/groups", title: "Groups" },
  { to: "/account", title: "My account" },
];

const FIELDS: readonly Field[] = [
  { name: "username", label: "Name", isNeeded: true },
  { name: "email", label: "Mail address", isNeeded: true },
  { name: "password", label: "Password", kind: "password", isNeeded: true, help: "8 characters at least; not like the name, and no common one." },
  { name: "is_superuser", label: "Administrator: may do everything", kind: "checkbox" },
];

const COLUMNS: readonly Column<Item<"users">>[] = [
  { id: "username", header: "Name", text: (user) => user.username, sort: "username", width: "minmax(160px, 1fr)", card: "title" },
  { id: "kind", header: "Rights", cell: (user) => <Status tone={user.is_superuser ? "warn" : "neutral"}>{kindOf(user)}</Status>, text: kindOf, sort: "is_superuser", width: "minmax(130px, 0.7fr)", card: "beside" },
  { id: "email", header: "Mail address", text: (user) => user.email, sort: "email", width: "minmax(180px, 1.5fr)", card: "below" },
  { id: "from", header: "Logs in", cell: (user) => (user.is_local ? "Here" : "At a provider"), text: (user) => (user.is_local ? "here" : "at a provider"), sort: "is_local", width: "minmax(110px, 0.7fr)", card: "below" },
];

export default function Users() {
  const [isMaking, setMaking] = useState(false);
  const readAgain = useReadAgain();
  return (
    <>
      <PageHeader title="Users">
        <Button kind="primary" onPress={() => setMaking(true)}>
          New user
        </Button>
      </PageHeader>
      <Tabs label="Accounts" tabs={USER_TABS} />
      <ResourceTable
        resource="users"
        noun={["user", "users"]}
        columns={COLUMNS}
        defaultSort="username"
        facets={[
          { field: "is_superuser", label: "Rights", words: (value) => (value === "true" ? "Administrators" : "Users") },
          { field: "is_local", label: "Logs in", words: (value) => (value === "true" ? "Here" : "At a provider") },
        ]}
        placeholder="Name, mail address, is_superuser:yes"
        href={(user) => `/users/${encodeURIComponent(user.username)}`}
        empty={<Empty title="There are no users" />}
      />
      {isMaking && (
        <ObjectDialog
          resource="users"
          noun="user"
          fields={FIELDS}
          body={({ is_superuser, ...values }) => ({ ...values, is_superuser: is_superuser === true ? 1 : 0 })}
          isReversible={false}
          onClose={() => setMaking(false)}
          onDone={() => readAgain("users")}
        />
      )}
    </>
  );
}
