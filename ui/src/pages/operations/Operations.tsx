/** What was asked of many objects at once, and how far it is. */

import type { Operation } from "../../api/resources";
import { PageHeader } from "../../parts/PageHeader";
import { Empty } from "../../parts/Problem";
import { Time } from "../../parts/Time";
import type { Column } from "../../table/columns";
import { ResourceTable } from "../../table/ResourceTable";
import { Progress, progressOf, State, stateTone, stateWord, titleOf } from "./operation";
import styles from "./Operations.module.css";

export const COLUMNS: readonly Column<Operation>[] = [
  { id: "what", header: "What", text: titleOf, sort: "verb", width: "minmax(190px, 1.4fr)", card: "title" },
  {
    id: "state",
    header: "State",
    cell: (operation) => <State of={operation} />,
    text: (operation) => operation.state,
    sort: "state",
    width: "minmax(130px, 0.8fr)",
    card: "beside",
  },
  {
    id: "progress",
    header: "How far",
    cell: (operation) => (
      <span className={styles.progress}>
        <Progress operation={operation} isSmall />
        <span>{progressOf(operation)}</span>
      </span>
    ),
    text: progressOf,
    width: "minmax(240px, 1.8fr)",
    card: "below",
  },
  { id: "username", header: "By", text: (operation) => operation.username, sort: "username", width: "minmax(90px, 0.6fr)" },
  { id: "filter", header: "Meant by", cell: (operation) => <code title={operation.filter ?? undefined}>{operation.filter ?? ""}</code>, text: (operation) => operation.filter ?? "", width: "minmax(140px, 1.2fr)" },
  { id: "created", header: "Asked for", cell: (operation) => <Time at={operation.created} />, text: (operation) => operation.created, sort: "created", width: "minmax(110px, 0.6fr)", card: "below" },
  { id: "ended", header: "Ended", cell: (operation) => <Time at={operation.ended} />, text: (operation) => operation.ended ?? "", sort: "ended", width: "minmax(110px, 0.6fr)" },
  { id: "id", header: "Id", cell: (operation) => <code>{operation.id}</code>, text: (operation) => operation.id, width: "minmax(150px, 0.8fr)", isHidden: true },
];

export default function Operations() {
  return (
    <>
      <PageHeader title="Operations" />
      <ResourceTable
        resource="operations"
        noun={["operation", "operations"]}
        columns={COLUMNS}
        defaultSort="-created"
        facets={[
          { field: "state", label: "State", words: stateWord, tone: stateTone },
          { field: "verb", label: "Verb" },
          { field: "kind", label: "Kind" },
          { field: "username", label: "User" },
        ]}
        placeholder="state:running username:anna verb:deploy"
        href={(operation) => `/operations/${operation.id}`}
        empty={
          <Empty title="Nothing was asked of many objects yet">
            <p>Select machines in their list to do something to all of them. What ended is kept for 30 days.</p>
          </Empty>
        }
      />
    </>
  );
}
