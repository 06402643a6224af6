/** The disks of a machine. */

import type { Machine } from "../../api/resources";
import { Note, Section } from "../../parts/Section";
import { Empty } from "../../parts/Problem";
import { SmallTable } from "../../parts/SmallTable";
import styles from "./Machine.module.css";
import { size, storageBytes } from "./sizes";

export function Storage({ machine }: { machine: Machine }) {
  const disks = machine.physicalblockdevice_set;
  if (disks.length === 0) {
    return (
      <Section title="Disks">
        <Empty title="No disk is known">{machine.cpu_count === 0 ? "Commission it: then they are read from the hardware." : "It was examined and has none."}</Empty>
      </Section>
    );
  }
  return (
    <Section title={`Disks: ${size(storageBytes(machine))}`}>
      <SmallTable
        label="Disks"
        rows={disks}
        keyOf={(disk) => disk.id}
        columns={[
          {
            header: "Name",
            cell: (disk) => (
              <>
                <strong className={styles.strong}>{disk.name}</strong>
                {disk.id === machine.boot_disk?.id && <span className={styles.mark}>system</span>}
              </>
            ),
          },
          { header: "Size", cell: (disk) => size(disk.size), isNumeric: true },
          { header: "Kind", cell: (disk) => disk.tags.join(", ") },
          { header: "Model", cell: (disk) => disk.model },
          { header: "Serial number", cell: (disk) => <code>{disk.serial}</code> },
          { header: "Path", cell: (disk) => <code className={styles.breaks}>{disk.id_path}</code> },
        ]}
      />
      <Note>
        A deployment writes its image to {machine.boot_disk === null ? "the disk that the machine boots from" : machine.boot_disk?.name} and leaves the others alone. How disks are divided is not
        kept: partitions and filesystems are those of the image.
      </Note>
    </Section>
  );
}
