/** Groups: what users may do besides what they do with their own. */

import { useState } from "react";
import { Link } from "react-router";

import { useRead } from "../../api/lists";
import type { Field } from "../../form/Fields";
import { FormDialog } from "../../form/FormDialog";
import { Button } from "../../parts/Button";
import { PageHeader } from "../../parts/PageHeader";
import { Note, Panel, Panels } from "../../parts/Panel";
import { PlainTable } from "../../parts/PlainTable";
import { count } from "../../parts/PlanView";
import { Tabs } from "../../parts/Tabs";
import type { Group } from "./entitlements";
import { USER_TABS } from "./Users";

export const GROUP_FIELDS: readonly Field[] = [
  { name: "name", label: "Name", isNeeded: true },
  { name: "description", label: "Description", help: "For people." },
];

export default function Groups() {
  const groups = useRead<Group[]>("/api/v1/groups", null);
  const [isMaking, setMaking] = useState(false);
  const all = groups.value ?? [];
  return (
    <>
      <PageHeader title="Groups">
        <Button kind="primary" onPress={() => setMaking(true)}>
          New group
        </Button>
      </PageHeader>
      <Tabs label="Accounts" tabs={USER_TABS} />
      <Panels>
        <Panel title="Groups of users" beside={groups.value === undefined ? undefined : count(all.length, "group")} result={groups}>
          <PlainTable
            label="Groups of users"
            columns={[
              { header: "Name", cell: (group) => <Link to={`/groups/${group.id}`}>{group.name}</Link>, widthMin: 160 },
              { header: "Description", cell: (group) => group.description },
              { header: "Id", cell: (group) => group.id, isNumeric: true },
            ]}
            rows={all}
            rowKey={(group) => String(group.id)}
            empty="There is none: users have what everybody has, and administrators everything."
          />
          <Note>New users are put into “Users”, new administrators into “Administrators”, if there are groups of these names. Administrators may do everything, whatever groups they are in.</Note>
        </Panel>
      </Panels>
      {isMaking && (
        <FormDialog
          title="New group"
          fields={GROUP_FIELDS}
          change={(values) => ({ method: "POST", path: "/api/v1/groups", body: values })}
          submit="Make"
          done="The group was made; it gives nothing yet"
          cli={(values) => `ironraft group create name=${String(values.name)} description='${String(values.description)}'`}
          onClose={() => setMaking(false)}
          onDone={() => void groups.refetch()}
        />
      )}
    </>
  );
}
