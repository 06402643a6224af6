/** What is known of an image: its versions, their files, and the regions that hold them. */

import type { History, Item } from "../../api/resources";

export type Image = Item<"images">;

export interface StoredFile {
  id: number;
  filetype: string;
  sha256: string;
  size_bytes: number;
  complete: boolean;
}

export interface Version {
  version: string;
  files: StoredFile[];
}

/** Which regions hold which file, by the number of the file. */
export type Progress = Record<string, { sha256: string; size: number; sources: string[] }>;

/** Its versions, the newest first, as its history tells them; null when the history does not go back to its last change. */
export function versionsOf(history: History | undefined): Version[] | null {
  for (const entry of history?.changes ?? []) {
    const sets = entry.differences.find((difference) => difference.pointer === "/sets")?.after;
    if (Array.isArray(sets)) return [...(sets as Version[])].sort((one, other) => other.version.localeCompare(one.version));
  }
  return null;
}
