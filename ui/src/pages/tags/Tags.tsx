/** Tags: words that machines carry, by hand or by a definition over their hardware. */

import { useState } from "react";

import { useCounts } from "../../api/lists";
import type { Item } from "../../api/resources";
import { pathOf } from "../../api/resources";
import { Button } from "../../parts/Button";
import { ConfirmWithPlan } from "../../parts/ConfirmWithPlan";
import { Icon } from "../../parts/Icon";
import { Menu } from "../../parts/Menu";
import { PageHeader } from "../../parts/PageHeader";
import { count } from "../../parts/PlanView";
import { Empty } from "../../parts/Problem";
import { Status } from "../../parts/Status";
import type { Column } from "../../table/columns";
import { ResourceTable } from "../../table/ResourceTable";
import { Machines, useFacet } from "../pools/Grouping";
import { TagDialog } from "./TagDialog";
import { TagMachines } from "./TagMachines";

export type Tag = Item<"tags">;

type Open = { kind: "form"; tag?: Tag } | { kind: "machines" | "rebuild" | "delete"; tag: Tag };

export default function Tags() {
  const [open, setOpen] = useState<Open | null>(null);
  const carried = useFacet("machines", "", "tag");
  const columns: Column<Tag>[] = [
    { id: "name", header: "Name", text: (tag) => tag.name, sort: "name", width: "minmax(150px, 1.2fr)", card: "title" },
    { id: "machines", header: "Machines", cell: (tag) => <Machines field="tag" value={tag.name} counts={carried} />, text: (tag) => carried?.get(tag.name) ?? 0, width: "minmax(80px, 100px)", isNumeric: true, card: "beside" },
    {
      id: "how",
      header: "Carried",
      cell: (tag) => (tag.definition === "" ? <Status tone="idle">By hand</Status> : <Status tone="good" detail="Whenever hardware is examined, and when the definition changes">By definition</Status>),
      text: (tag) => (tag.definition === "" ? "by hand" : "by definition"),
      width: "minmax(130px, 150px)",
      card: "below",
    },
    { id: "definition", header: "Definition", cell: (tag) => (tag.definition === "" ? null : <code title={tag.definition}>{tag.definition}</code>), text: (tag) => tag.definition, sort: "definition", width: "minmax(180px, 2fr)", card: "below" },
    { id: "kernel", header: "Kernel options", cell: (tag) => (tag.kernel_opts === "" ? null : <code title={tag.kernel_opts}>{tag.kernel_opts}</code>), text: (tag) => tag.kernel_opts, sort: "kernel_opts", width: "minmax(140px, 1.4fr)" },
    { id: "comment", header: "Comment", text: (tag) => tag.comment, sort: "comment", width: "minmax(120px, 1.4fr)" },
    { id: "deeds", header: "Actions", cell: (tag) => <Deeds tag={tag} onChoose={(kind) => setOpen({ kind, tag })} />, text: () => "", width: "84px", card: "beside" },
  ];
  return (
    <>
      <PageHeader title="Tags">
        <Button kind="primary" onPress={() => setOpen({ kind: "form" })}>
          New tag
        </Button>
      </PageHeader>
      <ResourceTable
        resource="tags"
        noun={["tag", "tags"]}
        columns={columns}
        defaultSort="name"
        onOpen={(tag) => setOpen({ kind: "form", tag })}
        empty={
          <Empty title="There are no tags yet">
            <p>A tag groups machines by hand, or by what their hardware is, and can give them kernel options.</p>
          </Empty>
        }
      />
      {open !== null && <Ask open={open} carried={open.tag === undefined ? 0 : (carried?.get(open.tag.name) ?? 0)} onClose={() => setOpen(null)} />}
    </>
  );
}

function Ask({ open, carried, onClose }: { open: Open; carried: number; onClose: () => void }) {
  const all = useCounts("machines", "");
  switch (open.kind) {
    case "form":
      return <TagDialog tag={open.tag} carried={carried} machines={all.data?.total ?? 0} onClose={onClose} />;
    case "machines":
      return <TagMachines tag={open.tag} onClose={onClose} />;
    case "rebuild":
      return (
        <ConfirmWithPlan title={`Evaluate ${open.tag.name} anew?`} change={{ method: "POST", path: `${pathOf("tags", open.tag.name)}/rebuild` }} verb="Evaluate" done={`${open.tag.name} is evaluated in the background`} onClose={onClose}>
          <p>Its definition is held against the hardware of all machines, in the background. The number of machines here follows.</p>
        </ConfirmWithPlan>
      );
    case "delete":
      return (
        <ConfirmWithPlan title={`Delete tag ${open.tag.name}?`} change={{ method: "DELETE", path: pathOf("tags", open.tag.name), ifMatch: open.tag.revision }} verb="Delete" isDangerous isReversible done={`Tag ${open.tag.name} was deleted`} onClose={onClose}>
          <p>{carriers(carried, open.tag)}</p>
        </ConfirmWithPlan>
      );
  }
}

/** Who loses what when a tag goes. */
export function carriers(number: number, tag: Tag): string {
  if (number === 0) return "No machine carries it.";
  const them = `${count(number, "machine")} ${number === 1 ? "carries" : "carry"} it`;
  return tag.kernel_opts === "" ? `${them}.` : `${them}, and will be deployed without ${tag.kernel_opts}.`;
}

function Deeds({ tag, onChoose }: { tag: Tag; onChoose: (kind: Open["kind"]) => void }) {
  const isDefined = tag.definition !== "";
  return (
    <Menu
      label={<Icon name="more" />}
      name={`What can be done with ${tag.name}`}
      size="icon"
      kind="quiet"
      choices={[
        { id: "form", label: "Change…" },
        { id: "machines", label: "Give it to machines…", detail: "By a filter", refusal: isDefined ? "Its definition says who carries it." : null },
        { id: "rebuild", label: "Evaluate anew…", refusal: isDefined ? null : "It has no definition." },
        { id: "delete", label: "Delete…", isDangerous: true },
      ]}
      onChoose={(id) => onChoose(id as Open["kind"])}
    />
  );
}
