/** Pools and zones: names that machines are grouped by, with how many each has. */

import { useState } from "react";
import { Link } from "react-router";

import { useCounts } from "../../api/lists";
import type { Item } from "../../api/resources";
import { pathOf } from "../../api/resources";
import { ObjectDialog } from "../../form/ObjectDialog";
import type { Field } from "../../form/ResourceForm";
import { Button } from "../../parts/Button";
import { ConfirmWithPlan } from "../../parts/ConfirmWithPlan";
import { PageHeader } from "../../parts/PageHeader";
import { count } from "../../parts/PlanView";
import { Empty } from "../../parts/Problem";
import { Status } from "../../parts/Status";
import type { Column } from "../../table/columns";
import { valueTerm } from "../../table/filter";
import { ResourceTable } from "../../table/ResourceTable";
import { ATTENTION } from "../machines/machine";
import { RowMenu } from "../networks/SubnetParts";
import styles from "./Grouping.module.css";

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
export function useFacet(resource: "machines" | "devices", filter: string, field: string): ReadonlyMap<string, number> | null {
  const { data } = useCounts(resource, filter, [field]);
  return data === undefined ? null : new Map((data.facets?.[field] ?? []).map((one) => [one.value ?? "", one.count]));
}

/** A number that leads to the machines that it counts. */
export function Machines({ field, value, counts, also = "" }: { field: string; value: string; counts: ReadonlyMap<string, number> | null; also?: string }) {
  if (counts === null) return <span className={styles.quiet}>…</span>;
  const number = counts.get(value) ?? 0;
  if (number === 0) return <span className={styles.quiet}>0</span>;
  const filter = [valueTerm(field, value), also].filter((term) => term !== "").join(" ");
  return <Link to={`/machines?q=${encodeURIComponent(filter)}`}>{number.toLocaleString("en")}</Link>;
}

export function Grouping({ resource, title, noun, field, help, hasDevices }: Props) {
  const [form, setForm] = useState<{ item?: Group } | null>(null);
  const [deleted, setDeleted] = useState<Group | null>(null);
  const machines = useFacet("machines", "", field);
  const wrong = useFacet("machines", ATTENTION, field);
  const devices = useFacet("devices", "", field);
  const columns: Column<Group>[] = [
    { id: "name", header: "Name", cell: (group) => <button type="button" className={styles.name} tabIndex={-1} onClick={() => setForm({ item: group })}>{group.name}</button>, text: (group) => group.name, sort: "name", width: "minmax(170px, 1.4fr)", card: "title" },
    { id: "machines", header: "Machines", cell: (group) => <Machines field={field} value={group.name} counts={machines} />, text: (group) => machines?.get(group.name) ?? 0, width: "minmax(90px, 110px)", isNumeric: true },
    {
      id: "wrong",
      header: "Need attention",
      cell: (group) => {
        const number = wrong?.get(group.name) ?? 0;
        return number === 0 ? (
          <Status tone={wrong === null ? "neutral" : "good"}>{wrong === null ? "not known" : "None"}</Status>
        ) : (
          <Link to={`/machines?q=${encodeURIComponent(`${valueTerm(field, group.name)} (${ATTENTION})`)}`}>
            <Status tone="bad">{count(number, "machine")}</Status>
          </Link>
        );
      },
      text: (group) => wrong?.get(group.name) ?? 0,
      width: "minmax(140px, 170px)",
      card: "beside",
    },
    ...(hasDevices ? [{ id: "devices", header: "Devices", cell: (group: Group) => (devices?.get(group.name) ?? 0).toLocaleString("en"), text: (group: Group) => devices?.get(group.name) ?? 0, width: "minmax(80px, 100px)", isNumeric: true }] : []),
    { id: "description", header: "Description", cell: (group) => group.description, text: (group) => group.description, sort: "description", width: "minmax(200px, 3fr)", card: "below" },
    { id: "deeds", header: "Actions", cell: (group) => <RowMenu name={group.name} onChange={() => setForm({ item: group })} onDelete={() => setDeleted(group)} />, text: () => "", width: "84px", card: "beside" },
  ];
  return (
    <>
      <PageHeader title={title} beside={<small className={styles.quiet}>{help}</small>}>
        <Button kind="primary" onPress={() => setForm({})}>{`New ${noun[0]}`}</Button>
      </PageHeader>
      <ResourceTable<"pools" | "zones"> resource={resource} noun={noun} columns={columns} defaultSort="name" empty={<Empty title={`There are no ${noun[1]}`} />} />
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
