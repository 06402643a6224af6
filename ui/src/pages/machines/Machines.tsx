/** All machines. */

import { Fragment } from "react";

import { PageHeader } from "../../parts/PageHeader";
import { Empty } from "../../parts/Problem";
import { ResourceTable } from "../../table/ResourceTable";
import { useBulk } from "../operations/Bulk";
import { COLUMNS, FACETS, GROUPS, VIEWS } from "./machine";
import { MENUS } from "./verbs";

export default function Machines() {
  const bulk = useBulk("machines");
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
        href={(machine) => `/machines/${machine.system_id}`}
        bulk={(chosen) => MENUS.map(([label, verbs]) => <Fragment key={label}>{bulk.menu(label, verbs, chosen)}</Fragment>)}
        empty={
          <Empty title="There are no machines yet">
            <p>A server that boots from the network of a rack with DHCP comes here by itself.</p>
          </Empty>
        }
      />
      {bulk.dialog}
    </>
  );
}
