/** Uploads an image: its digest first, then its content in parts. */

import { make } from "../../api/changes";
import { Problem } from "../../api/problem";
import { send } from "../../api/send";
import { Sha256 } from "./sha256";

/** How much is sent at once, in bytes. */
const PART = 4 * 1024 * 1024;

interface ToUpload {
  name: string;
  title: string;
  architecture: string;
  filetype: string;
}

/** How far it is. */
export interface Step {
  what: "digest" | "sending";
  done: number;
  size: number;
}

interface ImageFile {
  complete: boolean;
  upload_uri?: string;
}

export interface Uploaded {
  id: number;
  sets?: Record<string, { files: Record<string, ImageFile> }> | null;
}

/** The file of the newest version. */
export function newestFile(image: Uploaded): ImageFile | null {
  const newest = Object.entries(image.sets ?? {}).sort(([one], [other]) => other.localeCompare(one))[0]?.[1];
  return Object.values(newest?.files ?? {})[0] ?? null;
}

/** Where its parts go: the answer names the path of MAAS's API, of which this is the same. */
export function pathOfParts(uploadUri: string): string | null {
  const found = /boot-resources\/(\d+)\/upload\/(\d+)\/?$/.exec(uploadUri);
  return found === null ? null : `/api/v1/images/${found[1]}/upload/${found[2]}`;
}

/** Uploads a file. Parts are sent once each: one that gets no answer may have arrived, so nothing is sent twice. */
export async function upload(file: Blob, as: ToUpload, tell: (step: Step) => void, signal: AbortSignal): Promise<number> {
  const sha256 = await digest(file, tell, signal);
  const body = { ...as, sha256, size: file.size };
  const made = (await make<Uploaded>({ method: "POST", path: "/api/v1/images", body }, { signal })).data;
  const target = newestFile(made);
  if (target === null) throw new Problem(500, "The upload cannot go on", "The region did not say where the content goes.");
  if (target.complete) return made.id;
  const path = pathOfParts(target.upload_uri ?? "");
  if (path === null) throw new Problem(500, "The upload cannot go on", "The region did not say where the content goes.");
  for (let at = 0; at < file.size; at += PART) {
    tell({ what: "sending", done: at, size: file.size });
    const part = file.slice(at, at + PART);
    const headers = { "Content-Type": "application/octet-stream" };
    await send(new Request(new URL(path, location.origin), { method: "PUT", body: await part.arrayBuffer(), headers, signal }));
  }
  return made.id;
}

async function digest(file: Blob, tell: (step: Step) => void, signal: AbortSignal): Promise<string> {
  const sha256 = new Sha256();
  for (let at = 0; at < file.size; at += PART) {
    if (signal.aborted) throw new Problem(0, "The upload was given up", "");
    tell({ what: "digest", done: at, size: file.size });
    sha256.update(new Uint8Array(await file.slice(at, at + PART).arrayBuffer()));
  }
  return sha256.hex();
}
