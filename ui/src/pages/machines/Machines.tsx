/** All machines. */

import { useState } from "react";

import type { Machine } from "../../api/resources";
import { Menu } from "../../parts/Menu";
import { PageHeader } from "../../parts/PageHeader";
import { Empty } from "../../parts/Problem";
import type { Chosen } from "../../table/ResourceTable";
import { ResourceTable } from "../../table/ResourceTable";
import { BulkDialog } from "./BulkDialog";
import { COLUMNS, FACETS, GROUPS, VIEWS } from "./machine";
import type { Verb } from "./verbs";
import { VERBS } from "./verbs";

export default function Machines() {
  const [asked, setAsked] = useState<{ verb: Verb; chosen: Chosen } | null>(null);
  return (
    <>
      <PageHeader title="Machines" />
      <ResourceTable
        resource="machines"
        noun={["machine", "machines"]}
        columns={COLUMNS}
        defaultSort="hostname"
        facets={FACETS}
        groups={GROUPS}
        views={VIEWS}
        placeholder="status:failed* -tag:gpu pool:default web-1*"
        href={(machine: Machine) => `/machines/${machine.system_id}`}
        bulk={(chosen) => <Actions onChoose={(verb) => setAsked({ verb, chosen })} />}
        empty={
          <Empty title="There are no machines yet">
            <p>A server that boots from the network of a rack with DHCP comes here by itself.</p>
          </Empty>
        }
      />
      {asked !== null && <BulkDialog verb={asked.verb} chosen={asked.chosen} onClose={() => setAsked(null)} />}
    </>
  );
}

/** The verbs that are used most stand open, the others in a menu. */
function Actions({ onChoose }: { onChoose: (verb: Verb) => void }) {
  const choose = (id: string) => {
    const verb = VERBS.find((found) => found.id === id);
    if (verb !== undefined) onChoose(verb);
  };
  const group = (of: Verb["group"]) => VERBS.filter((verb) => verb.group === of).map((verb) => ({ id: verb.id, label: verb.label, detail: verb.detail, isDangerous: verb.isDangerous }));
  return (
    <>
      <Menu size="small" label="Life" choices={group("life")} onChoose={choose} />
      <Menu size="small" label="Power" choices={group("power")} onChoose={choose} />
      <Menu size="small" label="More" choices={group("more")} onChoose={choose} />
    </>
  );
}
