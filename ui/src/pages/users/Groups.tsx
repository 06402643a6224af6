/** Groups: what users may do besides what they do with their own. */

import { useState } from "react";
import { Link } from "react-router";

import { useRead } from "../../api/lists";
import { ResourceForm } from "../../form/ResourceForm";
import { Button } from "../../parts/Button";
import { Dialog } from "../../parts/Dialog";
import { PageHeader } from "../../parts/PageHeader";
import { Note, Panel, Panels } from "../../parts/Panel";
import { PlainTable } from "../../parts/PlainTable";
import { count } from "../../parts/PlanView";
import { Tabs } from "../../parts/Tabs";
import type { Group } from "./entitlements";
import { USER_TABS } from "./Users";

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
        <Panel title="Groups of users" beside={groups.value === undefined ? undefined : count(all.length, "group")} result={groups} isFlush>
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
      <Dialog title="New group" isOpen={isMaking} onClose={() => setMaking(false)}>
        <ResourceForm
          fields={[
            { name: "name", label: "Name", isNeeded: true },
            { name: "description", label: "Description", help: "For people." },
          ]}
          change={(values) => ({ method: "POST", path: "/api/v1/groups", body: values })}
          submit="Make"
          done="The group was made; it gives nothing yet"
          cli={(values) => `ironraft group create name=${String(values.name)} description='${String(values.description)}'`}
          onDone={() => {
            setMaking(false);
            void groups.refetch();
          }}
          onCancel={() => setMaking(false)}
        />
      </Dialog>
    </>
  );
}
