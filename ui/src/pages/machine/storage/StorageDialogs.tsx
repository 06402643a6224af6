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
import { deviceForm, diskForm, groupForm, volumeChangeForm } from "./changeForms";
import { bcacheForm, cacheSetForm, datastoreForm, placesIn, raidForm, volumeForm, volumeGroupForm } from "./groupForms";
import type { Place, Storage } from "./model";
import { madeBy } from "./model";
import { plannedStorage } from "./planned";
import type { Wanted } from "./preview";
import { NEW_PARTITION, NEW_VOLUME, withFilesystem, withGroup, withPartition, withVolume } from "./preview";
import type { Row } from "./rows";
import { StoragePicture } from "./StoragePicture";
import { tagForm, untagForm } from "./tagForms";

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

/** A form with a picture of what would be otherwise: that of the plan, or until there is one, of what is known without. */
function drawn(machine: Machine, storage: Storage, form: Asking, guess: ((values: Values) => readonly [storage: Storage, news: readonly Place[]]) | null = null): Asking {
  return {
    ...form,
    picture: (values, plan) => {
      const planned = plannedStorage(storage, machine, plan);
      if (planned !== null) return <StoragePicture label="What it would be" levels={changed(blocksOf(planned.storage, planned.news))} />;
      if (guess === null) return null;
      const [guessed, news] = guess(values);
      return <StoragePicture label="What it would be" levels={changed(blocksOf(guessed, new Set(news)))} />;
    },
  };
}

/** The blocks that something of is new; all where nothing is, because something goes. */
function changed(levels: readonly (readonly Block[])[]): readonly (readonly Block[])[] {
  const some = levels.map((blocks) => blocks.filter((block) => block.isNew || block.segments.some((segment) => segment.isNew))).filter((blocks) => blocks.length > 0);
  return some.length === 0 ? levels : some;
}

/** A form whose picture has all disks: none of them stays as it is. */
function drawnWhole(machine: Machine, storage: Storage, form: Asking): Asking {
  const picture: Asking["picture"] = (_, plan) => {
    const planned = plannedStorage(storage, machine, plan);
    return planned === null ? null : <StoragePicture label="What it would be" levels={blocksOf(planned.storage, planned.news)} />;
  };
  return { ...form, picture };
}

function newForm(machine: Machine, storage: Storage, what: "layout" | "restore" | NewAction): Asking {
  const grouped = (form: Asking, of: (values: Values) => Wanted) => drawn(machine, storage, form, (values) => [withGroup(storage, of(values)), []]);
  switch (what) {
    case "layout":
      return drawnWhole(machine, storage, layoutForm(machine, storage));
    case "restore":
      return drawnWhole(machine, storage, restoreForm(machine));
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
    case "disk":
      return diskForm(machine);
    case "special":
      return specialForm(machine);
  }
}

const text = (value: Value | undefined) => (typeof value === "string" ? value : "");

function rowForm(machine: Machine, storage: Storage, what: RowAction, row: Row): Asking {
  const { device, place } = row;
  const planned = (form: Asking) => drawn(machine, storage, form);
  switch (what) {
    case "partition":
      if (device === null) break;
      return drawn(machine, storage, partitionForm(machine, device), ({ size }) => [withPartition(storage, device, bytesOf(String(size ?? ""), device.size)), [NEW_PARTITION]]);
    case "volume":
      return volumeOf(machine, storage, row);
    case "edit":
      return planned(editOf(machine, storage, row));
    case "format":
      if (place === null) break;
      return drawn(machine, storage, formatForm(machine, row), ({ fstype, label }) => [withFilesystem(storage, place, { fstype: text(fstype), label: text(label), mount_point: null }), [place]]);
    case "mount":
      return mountOf(machine, storage, row);
    case "unmount":
      return planned(unmountForm(machine, row));
    case "unformat":
      return planned(unformatForm(machine, row));
    case "tag":
      return tagForm(machine, row);
    case "untag":
      return untagForm(machine, row);
    case "table":
      if (device === null) break;
      return planned(deviceForm(machine, device));
    case "boot":
      if (device === null) break;
      return bootForm(machine, device);
    case "delete":
      break;
  }
  return planned(deleteForm(machine, row));
}

function volumeOf(machine: Machine, storage: Storage, row: Row): Asking {
  const { group } = row;
  if (group === null) return deleteForm(machine, row);
  return drawn(machine, storage, volumeForm(machine, group), ({ name, size }) => [withVolume(storage, group, text(name), bytesOf(String(size ?? ""), group.size)), [NEW_VOLUME]]);
}

function mountOf(machine: Machine, storage: Storage, row: Row): Asking {
  const { filesystem, place } = row;
  if (place === null || filesystem === null) return unmountForm(machine, row);
  const at = ({ mount_point: point }: Values) => (filesystem.fstype === "swap" ? "none" : text(point));
  return drawn(machine, storage, mountForm(machine, row), (values) => [withFilesystem(storage, place, { ...filesystem, mount_point: at(values) }), [place]]);
}

/** A change of a group, of a volume in one, or of a disk. */
function editOf(machine: Machine, storage: Storage, { group, device }: Row): Asking {
  if (group !== null) return groupForm(machine, storage, group);
  if (device === null) return restoreForm(machine);
  const maker = madeBy(storage, device);
  if (maker !== undefined) return volumeChangeForm(machine, maker, device);
  return deviceForm(machine, device, machine.status_name === "Deployed");
}
