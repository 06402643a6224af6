/** What disks and partitions are marked with. */

import type { Asking } from "../../../form/PlannedDialog";
import { request } from "../paths";
import type { Of } from "./forms";
import type { Row } from "./rows";
import { tagsOf } from "./rows";

function on(machine: Of, { device, partition }: Row, verb: "tag" | "untag", tag: string) {
  if (partition !== null) return request(machine, `${verb}-partition`, { device_id: partition.device_id, id: partition.id }, { tag });
  return request(machine, `${verb}-device`, { id: device?.id ?? 0 }, { tag });
}

/** Marks a disk or a partition. */
export function tagForm(machine: Of, row: Row): Asking {
  return {
    title: `Tag ${row.name}`,
    verb: "Tag it",
    done: `${row.name} has another tag`,
    lead: "Who asks for a machine asks for disks by their tags: 20(ssd) is a disk of 20 GB with the tag ssd.",
    fields: [{ name: "tag", label: "Tag", isNeeded: true, placeholder: "fast" }],
    change: ({ tag }) => on(machine, row, "tag", String(tag)),
  };
}

/** Takes a tag off. */
export function untagForm(machine: Of, row: Row): Asking {
  return {
    title: `Take a tag off ${row.name}`,
    verb: "Take it off",
    done: `${row.name} has one tag less`,
    fields: [{ name: "tag", label: "Tag", kind: "select", isNeeded: true, options: tagsOf(row).map((tag) => ({ value: tag, label: tag })) }],
    change: ({ tag }) => on(machine, row, "untag", String(tag)),
  };
}
