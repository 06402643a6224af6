/** What is asked before something of a machine's disks is made, changed or deleted, with a picture of what it would be. */

import type { Machine } from "../../../api/resources";
import type { Value, Values } from "../../../form/Fields";
import type { Asking } from "../../../form/PlannedDialog";
import { PlannedDialog } from "../../../form/PlannedDialog";
import type { Block } from "./blocks";
import { blocksOf } from "./blocks";
import { bytesOf } from "./bytes";
import type { NewAction, RowAction } from "./choices";
import { bootForm, deleteForm, formatForm, layoutForm, mountForm, partitionForm, restoreForm, specialForm, unformatForm, unmountForm, unmountSpecialForm } from "./forms";
import { bcacheForm, cacheSetForm, datastoreForm, placesIn, raidForm, volumeForm, volumeGroupForm } from "./groupForms";
import type { Place, Storage } from "./model";
import type { Wanted } from "./preview";
import { NEW_PARTITION, NEW_VOLUME, withFilesystem, withGroup, withPartition, withVolume } from "./preview";
import type { Row } from "./rows";
import { StoragePicture } from "./StoragePicture";

/** What is being asked for. */
export type Asked = { what: "layout" | "restore" | NewAction } | { what: RowAction; of: Row } | { what: "unmount-special"; at: string };

interface Props {
  machine: Machine;
  storage: Storage;
  asked: Asked;
  onClose: () => void;
}

export function StorageDialogs({ machine, storage, asked, onClose }: Props) {
  const form = "of" in asked ? rowForm(machine, storage, asked.what, asked.of) : asked.what === "unmount-special" ? unmountSpecialForm(machine, asked.at) : newForm(machine, storage, asked.what);
  return <PlannedDialog {...form} onClose={onClose} />;
}

/** A form with a picture of what would be otherwise. */
function drawn(form: Asking, of: (values: Values) => readonly [storage: Storage, news: readonly Place[]]): Asking {
  return {
    ...form,
    picture: (values) => {
      const [storage, news] = of(values);
      return <StoragePicture label="What it would be" levels={changed(blocksOf(storage, new Set(news)))} />;
    },
  };
}

/** The blocks that something of is new. */
function changed(levels: readonly (readonly Block[])[]): Block[][] {
  return levels.map((blocks) => blocks.filter((block) => block.isNew || block.segments.some((segment) => segment.isNew))).filter((blocks) => blocks.length > 0);
}

function newForm(machine: Machine, storage: Storage, what: "layout" | "restore" | NewAction): Asking {
  const grouped = (form: Asking, of: (values: Values) => Wanted) => drawn(form, (values) => [withGroup(storage, of(values)), []]);
  switch (what) {
    case "layout":
      return layoutForm(machine, storage);
    case "restore":
      return restoreForm(machine);
    case "raid":
      return grouped(raidForm(machine, storage), ({ name, level, members, spares }) => ({ kind: "raid", name: text(name), detail: text(level), members: placesIn(members), spares: placesIn(spares) }));
    case "volume-group":
      return grouped(volumeGroupForm(machine, storage), ({ name, members }) => ({ kind: "volume-group", name: text(name), members: placesIn(members) }));
    case "cache-set":
      return grouped(cacheSetForm(machine, storage), ({ place }) => ({ kind: "cache-set", name: "", members: placesIn(place) }));
    case "bcache":
      return grouped(bcacheForm(machine, storage), ({ name, place, cache_set: set, cache_mode: mode }) => ({ kind: "bcache", name: text(name), detail: text(mode), members: placesIn(place), cachedBy: Number(set) }));
    case "datastore":
      return grouped(datastoreForm(machine, storage), ({ name, members }) => ({ kind: "datastore", name: text(name), members: placesIn(members) }));
    case "special":
      return specialForm(machine);
  }
}

const text = (value: Value | undefined) => (typeof value === "string" ? value : "");

function rowForm(machine: Machine, storage: Storage, what: RowAction, row: Row): Asking {
  const { device, group, place } = row;
  switch (what) {
    case "partition":
      if (device === null) break;
      return drawn(partitionForm(machine, device), ({ size }) => [withPartition(storage, device, bytesOf(String(size ?? ""), device.size)), [NEW_PARTITION]]);
    case "volume":
      if (group === null) break;
      return drawn(volumeForm(machine, group), ({ name, size }) => [withVolume(storage, group, text(name), bytesOf(String(size ?? ""), group.size)), [NEW_VOLUME]]);
    case "format":
      if (place === null) break;
      return drawn(formatForm(machine, row), ({ fstype, label }) => [withFilesystem(storage, place, { fstype: text(fstype), label: text(label), mount_point: null }), [place]]);
    case "mount": {
      const { filesystem } = row;
      if (place === null || filesystem === null) break;
      const at = ({ mount_point: point }: Values) => (filesystem.fstype === "swap" ? "none" : text(point));
      return drawn(mountForm(machine, row), (values) => [withFilesystem(storage, place, { ...filesystem, mount_point: at(values) }), [place]]);
    }
    case "unmount":
      return unmountForm(machine, row);
    case "unformat":
      return unformatForm(machine, row);
    case "boot":
      if (device === null) break;
      return bootForm(machine, device);
    case "delete":
      break;
  }
  return deleteForm(machine, row);
}
