/** Hosts that racks saw on their networks, known ones and others. */

import { useState } from "react";

import { pathOf } from "../../api/resources";
import type { Field } from "../../form/Fields";
import { FormDialog } from "../../form/FormDialog";
import { Button } from "../../parts/Button";
import { ConfirmWithPlan } from "../../parts/ConfirmWithPlan";
import { PageHeader } from "../../parts/PageHeader";
import { Empty } from "../../parts/Problem";
import { ResourceTable } from "../../table/ResourceTable";
import { COLUMNS, FACETS } from "./columns";

const SCAN: readonly Field[] = [
  { name: "cidr", label: "Networks", kind: "list", placeholder: "10.20.0.0/16, 10.30.0.0/20", help: "Without any, all networks that racks have addresses on: then say below that they may be searched." },
  { name: "force", label: "All networks may be searched", kind: "checkbox", isShown: (values) => Array.isArray(values.cidr) && values.cidr.length === 0 },
  { name: "slow", label: "Slowly: nine addresses a second instead of a hundred", kind: "checkbox" },
];

export default function Discoveries() {
  const [asked, setAsked] = useState<"scan" | "clear" | null>(null);
  const close = () => setAsked(null);
  return (
    <>
      <PageHeader title="Discoveries">
        <Button onPress={() => setAsked("scan")}>Search networks…</Button>
        <Button onPress={() => setAsked("clear")}>Forget all…</Button>
      </PageHeader>
      <ResourceTable
        resource="discoveries"
        noun={["host", "hosts"]}
        columns={COLUMNS}
        defaultSort="-last_seen"
        facets={FACETS}
        groups={FACETS}
        placeholder="fabric_name:fabric-0 vid:130 10.20.*"
        href={(seen) => `/discoveries/${encodeURIComponent(seen.discovery_id)}`}
        empty={
          <Empty title="No rack has seen a host yet">
            <p>Racks listen on the networks that they have addresses on, if the site&apos;s discovery is enabled. Search a network to find hosts that say nothing by themselves.</p>
          </Empty>
        }
      />
      {asked === "scan" && (
        <FormDialog
          title="Search networks"
          lead={<p>Racks with an address on them ask each address of these networks whether somebody is there.</p>}
          fields={SCAN}
          change={(values) => ({ method: "POST", path: `${pathOf("discoveries")}/scan`, body: Object.fromEntries(Object.entries(values).filter(([, value]) => value !== false && value !== null)) })}
          submit="Search"
          done="The racks search; what they find comes here"
          isPlanned={false}
          onClose={close}
        />
      )}
      {asked === "clear" && (
        <ConfirmWithPlan
          title="Forget all hosts"
          verb="Forget all"
          isDangerous
          change={{ method: "POST", path: `${pathOf("discoveries")}/clear`, body: { all: true } }}
          cli="ironraft discovery clear"
          done="All hosts were forgotten"
          onClose={close}
        >
          <p>Hosts that are still there come back as soon as racks see them again. Machines and devices stay as they are.</p>
        </ConfirmWithPlan>
      )}
    </>
  );
}
