/** The disks of a machine: how they are divided and combined, and what can be done with them. */

import { useState } from "react";

import type { Machine } from "../../api/resources";
import { Button } from "../../parts/Button";
import { Icon } from "../../parts/Icon";
import { Menu } from "../../parts/Menu";
import { Note, Panel } from "../../parts/Panel";
import { PlainTable } from "../../parts/PlainTable";
import { Empty } from "../../parts/Problem";
import { identityRefusal, layoutRefusal, mountRefusal, restoreRefusal } from "./changeable";
import { size, storageBytes } from "./sizes";
import { blocksOf } from "./storage/blocks";
import type { May, NewAction } from "./storage/choices";
import { newChoices } from "./storage/choices";
import { DeviceTable } from "./storage/DeviceTable";
import type { Filesystem } from "./storage/shapes";
import type { Asked } from "./storage/StorageDialogs";
import { StorageDialogs } from "./storage/StorageDialogs";
import { StoragePicture } from "./storage/StoragePicture";
import { useStorage } from "./storage/useStorage";

export function Storage({ machine }: { machine: Machine }) {
  const [asked, setAsked] = useState<Asked | null>(null);
  const read = useStorage(machine);
  const { storage } = read;
  const may = { layOut: layoutRefusal(machine), mount: mountRefusal(machine), identify: identityRefusal(machine) };
  const canEdit = may.layOut === null || may.mount === null;
  const why = machine.cpu_count === 0 ? "Commission it: then they are read from the hardware." : "It was examined and has none.";
  const hasDisks = storage.devices.length > 0;
  const restoring = restoreRefusal(machine);
  return (
    <>
      <Panel
        title="Disks"
        beside={hasDisks ? size(storageBytes(machine)) : undefined}
        result={read}
        actions={
          hasDisks && (
            <>
              {canEdit && <Menu label="New" name="New on these disks" size="small" choices={newChoices(storage, may)} onChoose={(id) => setAsked({ what: id as NewAction })} />}
              {canEdit && (
                <Button size="small" refusal={may.layOut} onPress={() => setAsked({ what: "layout" })}>
                  Apply a layout…
                </Button>
              )}
              {(canEdit || restoring === null) && (
                <Button size="small" refusal={restoring} onPress={() => setAsked({ what: "restore" })}>
                  Restore…
                </Button>
              )}
            </>
          )
        }
      >
        <StoragePicture levels={blocksOf(storage)} />
        <DeviceTable storage={storage} may={may} empty={<Empty title="No disk is known">{why}</Empty>} onAsk={(what, of) => setAsked({ what, of })} />
        {hasDisks && <Note>{noteOf(may)}</Note>}
      </Panel>
      {storage.special.length > 0 && <Special of={storage.special} canEdit={may.mount === null} onUnmount={(at) => setAsked({ what: "unmount-special", at })} />}
      {asked !== null && <StorageDialogs machine={machine} storage={storage} asked={asked} onClose={() => setAsked(null)} />}
    </>
  );
}

function noteOf({ layOut, mount, identify }: May): string {
  if (layOut === null) return "This is what a deployment makes: all disks of it are emptied then, used or not. Until then it can be changed, and nothing on them is lost.";
  if (mount === null) return "Filesystems can be made and mounted; disks are divided and combined only while its status is Ready.";
  if (identify === null) return `Only what its disks are told apart by can be changed now, after one was replaced. The rest: ${mount.charAt(0).toLowerCase()}${mount.slice(1)}`;
  return `This cannot be changed now. ${mount}`;
}

function Special({ of, canEdit, onUnmount }: { of: readonly Filesystem[]; canEdit: boolean; onUnmount: (at: string) => void }) {
  const unmount = (found: Filesystem) => (
    <Button size="small" kind="quiet" label={`Unmount ${found.mount_point ?? ""}`} onPress={() => onUnmount(found.mount_point ?? "")}>
      <Icon name="close" size={11} />
    </Button>
  );
  return (
    <Panel title="Filesystems without a disk">
      <PlainTable
        label="Filesystems without a disk"
        columns={[
          { header: "Mounted at", cell: (found) => <code>{found.mount_point}</code> },
          { header: "Filesystem", cell: (found) => found.fstype },
          { header: "Options", cell: (found) => found.mount_options },
        ]}
        rows={of}
        rowKey={(found) => found.mount_point ?? found.fstype}
        empty="There are none."
        {...(canEdit ? { actions: unmount } : {})}
      />
    </Panel>
  );
}
