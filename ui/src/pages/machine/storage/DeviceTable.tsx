/** The table of a machine's disks, partitions and what is made of them. */

import type { CSSProperties, ReactNode } from "react";

import { Icon } from "../../../parts/Icon";
import { Menu } from "../../../parts/Menu";
import { Quiet } from "../../../parts/Panel";
import { PlainTable } from "../../../parts/PlainTable";
import styles from "../Machine.module.css";
import { size } from "../sizes";
import type { May, RowAction } from "./choices";
import { choicesOf } from "./choices";
import type { Storage } from "./model";
import type { Row } from "./rows";
import { rowsOf, tagsOf } from "./rows";

interface Props {
  storage: Storage;
  may: May;
  empty: ReactNode;
  onAsk: (action: RowAction, row: Row) => void;
}

export function DeviceTable({ storage, may, empty, onAsk }: Props) {
  const canEdit = may.layOut === null || may.mount === null || may.identify === null;
  const menu = (row: Row) => {
    const choices = choicesOf(row, storage, may);
    return <Menu size="icon" kind="quiet" label={<Icon name="more" size={14} />} name={`Change ${row.name}`} choices={choices} onChoose={(id) => onAsk(id as RowAction, row)} />;
  };
  return (
    <PlainTable
      label="Disks"
      columns={[
        {
          header: "Name",
          widthMin: 150,
          cell: (row) => (
            <span className={styles.place} style={{ "--depth": row.depth } as CSSProperties}>
              {row.name}
              {isDisk(row) && row.device?.id === storage.bootDisk && <span className={styles.mark}>system</span>}
            </span>
          ),
        },
        { header: "What it is", cell: (row) => row.words },
        { header: "Size", cell: (row) => size(row.size), isNumeric: true },
        { header: "Free", cell: (row) => row.free !== null && row.free > 0 && size(row.free), isNumeric: true },
        { header: "What is on it", cell: (row) => <Content row={row} /> },
        { header: "Hardware and tags", cell: (row) => (isDisk(row) && row.device !== null ? <Hardware device={row.device} /> : tagsOf(row).join(", ")) },
      ]}
      rows={rowsOf(storage)}
      rowKey={(row) => row.key}
      empty={empty}
      {...(canEdit ? { actions: menu } : {})}
    />
  );
}

const isDisk = (row: Row) => row.partition === null && row.device?.type === "physical";

function Content({ row }: { row: Row }) {
  const options = row.filesystem?.mount_options;
  return (
    <>
      {row.content}
      {options !== undefined && options !== null && options !== "" && <Quiet> ({options})</Quiet>}
    </>
  );
}

function Hardware({ device }: { device: NonNullable<Row["device"]> }) {
  const is = (text: string | null | undefined) => text !== null && text !== undefined && text !== "";
  return (
    <>
      {[device.model, device.tags.join(", ")].filter(is).join(", ")}
      {is(device.serial) && (
        <>
          {" "}
          <code>{device.serial}</code>
        </>
      )}
      {is(device.id_path) && (
        <div>
          <code>{device.id_path}</code>
        </div>
      )}
    </>
  );
}
