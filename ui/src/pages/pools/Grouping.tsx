/** Pools and zones: names that machines are grouped by, with how many each has. */

import { useState } from "react";
import { Link } from "react-router";

import { useCounts } from "../../api/lists";
import type { Item } from "../../api/resources";
import { pathOf } from "../../api/resources";
import type { Field } from "../../form/Fields";
import { ObjectDialog } from "../../form/ObjectDialog";
import { Button } from "../../parts/Button";
import { ConfirmWithPlan } from "../../parts/ConfirmWithPlan";
import { PageHeader } from "../../parts/PageHeader";
import { Quiet } from "../../parts/Panel";
import { count } from "../../parts/PlanView";
import { Empty } from "../../parts/Problem";
import { RowMenu } from "../../parts/RowMenu";
import { Status } from "../../parts/Status";
import type { Column } from "../../table/columns";
import { valueTerm } from "../../table/filter";
import { ResourceTable } from "../../table/ResourceTable";
import { ATTENTION } from "../machines/machine";

type Group = Item<"pools">;

interface Props {
  resource: "pools" | "zones";
  title: string;
  noun: [one: string, many: string];
  /** The field of machines that has it. */
  field: "pool" | "zone";
  /** What it is for. */
  help: string;
  /** Whether devices are in one, too. */
  hasDevices: boolean;
}

const FIELDS: Field[] = [
  { name: "name", label: "Name", isNeeded: true },
  { name: "description", label: "Description" },
];

/** How many of each value there are, by facet. */
export function useFacet(resource: "machines" | "devices", filter: string, field: string, enabled = true): ReadonlyMap<string, number> | null {
  const { data } = useCounts(resource, filter, [field], enabled);
  return data === undefined ? null : new Map((data.facets?.[field] ?? []).map((one) => [one.value ?? "", one.count]));
}

/** A number that leads to the machines that it counts. */
export function Machines({ field, value, counts }: { field: string; value: string; counts: ReadonlyMap<string, number> | null }) {
  if (counts === null) return <Quiet>…</Quiet>;
  const number = counts.get(value) ?? 0;
  if (number === 0) return <Quiet>0</Quiet>;
  return <Link to={`/machines?q=${encodeURIComponent(valueTerm(field, value))}`}>{number.toLocaleString("en")}</Link>;
}

/** How many of those machines need somebody. */
function Attention({ field, value, counts }: { field: string; value: string; counts: ReadonlyMap<string, number> | null }) {
  if (counts === null) return <Status tone="neutral">Not known</Status>;
  const number = counts.get(value) ?? 0;
  if (number === 0) return <Status tone="good">None</Status>;
  return (
    <Link to={`/machines?q=${encodeURIComponent(`${valueTerm(field, value)} (${ATTENTION})`)}`}>
      <Status tone="bad">{count(number, "machine")}</Status>
    </Link>
  );
}

export function Grouping({ resource, title, noun, field, help, hasDevices }: Props) {
  const [form, setForm] = useState<{ item?: Group } | null>(null);
  const [deleted, setDeleted] = useState<Group | null>(null);
  const machines = useFacet("machines", "", field);
  const wrong = useFacet("machines", ATTENTION, field);
  const devices = useFacet("devices", "", field, hasDevices);
  const columns: Column<Group>[] = [
    { id: "name", header: "Name", text: (group) => group.name, sort: "name", width: "minmax(170px, 1.4fr)", card: "title" },
    { id: "machines", header: "Machines", cell: (group) => <Machines field={field} value={group.name} counts={machines} />, text: (group) => machines?.get(group.name) ?? 0, width: "minmax(90px, 110px)", isNumeric: true },
    {
      id: "wrong",
      header: "Need attention",
      cell: (group) => <Attention field={field} value={group.name} counts={wrong} />,
      text: (group) => wrong?.get(group.name) ?? 0,
      width: "minmax(140px, 170px)",
      card: "beside",
    },
    ...(hasDevices ? [{ id: "devices", header: "Devices", cell: (group: Group) => (devices?.get(group.name) ?? 0).toLocaleString("en"), text: (group: Group) => devices?.get(group.name) ?? 0, width: "minmax(80px, 100px)", isNumeric: true }] : []),
    { id: "description", header: "Description", text: (group) => group.description, sort: "description", width: "minmax(200px, 3fr)", card: "below" },
    { id: "deeds", header: "Actions", cell: (group) => <RowMenu name={group.name} onChange={() => setForm({ item: group })} onDelete={() => setDeleted(group)} />, text: () => "", width: "84px", card: "beside" },
  ];
  return (
    <>
      <PageHeader title={title} beside={<Quiet>{help}</Quiet>}>
        <Button kind="primary" onPress={() => setForm({})}>{`New ${noun[0]}`}</Button>
      </PageHeader>
      <ResourceTable<"pools" | "zones"> resource={resource} noun={noun} columns={columns} defaultSort="name" onOpen={(item) => setForm({ item })} empty={<Empty title={`There are no ${noun[1]}`} />} />
      {form !== null && <ObjectDialog resource={resource} noun={noun[0]} item={form.item} name={form.item?.name ?? ""} fields={FIELDS} initial={{ name: form.item?.name ?? "", description: form.item?.description ?? "" }} onClose={() => setForm(null)} />}
      {deleted !== null && (
        <ConfirmWithPlan
          title={`Delete ${noun[0]} ${deleted.name}?`}
          change={{ method: "DELETE", path: pathOf(resource, String(deleted.id)), ifMatch: deleted.revision }}
          verb="Delete"
          isDangerous
          isReversible
          done={`The ${noun[0]} ${deleted.name} was deleted`}
          onClose={() => setDeleted(null)}
        >
          <p>{(machines?.get(deleted.name) ?? 0) === 0 ? "No machine is in it." : `${count(machines?.get(deleted.name) ?? 0, "machine")} are in it.`}</p>
        </ConfirmWithPlan>
      )}
    </>
  );
}
