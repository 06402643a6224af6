/** The disks of a machine. */

import type { Machine } from "../../api/resources";
import { Note, Panel } from "../../parts/Panel";
import { PlainTable } from "../../parts/PlainTable";
import { Empty } from "../../parts/Problem";
import styles from "./Machine.module.css";
import { size, storageBytes } from "./sizes";

export function Storage({ machine }: { machine: Machine }) {
  const disks = machine.physicalblockdevice_set;
  const why = machine.cpu_count === 0 ? "Commission it: then they are read from the hardware." : "It was examined and has none.";
  return (
    <Panel title="Disks" beside={disks.length === 0 ? undefined : size(storageBytes(machine))}>
      <PlainTable
        label="Disks"
        columns={[
          {
            header: "Name",
            cell: (disk) => (
              <>
                {disk.name}
                {disk.id === machine.boot_disk?.id && <span className={styles.mark}>system</span>}
              </>
            ),
          },
          { header: "Size", cell: (disk) => size(disk.size), isNumeric: true },
          { header: "Kind", cell: (disk) => disk.tags.join(", ") },
          { header: "Model", cell: (disk) => disk.model },
          { header: "Serial number", cell: (disk) => <code>{disk.serial}</code> },
          { header: "Path", cell: (disk) => <code>{disk.id_path}</code> },
        ]}
        rows={disks}
        rowKey={(disk) => disk.id}
        empty={<Empty title="No disk is known">{why}</Empty>}
      />
      {disks.length > 0 && (
        <Note>
          A deployment writes its image to {machine.boot_disk?.name ?? "the disk that the machine boots from"} and leaves the others alone. How disks are divided is not kept: partitions and filesystems are
          those of the image.
        </Note>
      )}
    </Panel>
  );
}
