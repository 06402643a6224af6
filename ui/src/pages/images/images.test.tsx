/** Images: digests, uploads, and where versions are. */

import { Blob } from "node:buffer";

import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { Route, Routes } from "react-router";
import { expect, test } from "vitest";

import { http, HttpResponse, ORIGIN, page, refusal, server } from "../../testing/server";
import { show } from "../../testing/show";
import { bytesInWords } from "../../parts/bytes";
import { versionsOf } from "./image";
import ImagePage from "./ImagePage";
import Images, { heldInWords } from "./Images";
import { Sha256 } from "./sha256";
import { newestFile, pathOfParts, upload } from "./upload";
import { filetypeOf } from "./UploadDialog";

const region = server();

const utf8 = (text: string) => new TextEncoder().encode(text);

test("digests are those of FIPS 180-4, however the content is cut", () => {
  expect(new Sha256().hex()).toBe("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  expect(new Sha256().update(utf8("abc")).hex()).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  expect(new Sha256().update(utf8("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")).hex()).toBe("248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  const million = utf8("a".repeat(1_000_000));
  for (const size of [1, 55, 63, 64, 65, 4096]) {
    const cut = new Sha256();
    for (let at = 0; at < million.length; at += size * 97) cut.update(million.subarray(at, at + size * 97));
    expect(cut.hex()).toBe("cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
  }
});

test("sizes, holders and sorts of files are said in words", () => {
  expect([0, 512, 1536, 10_485_760, 1_610_612_736].map(bytesInWords)).toEqual(["0 bytes", "512 bytes", "1.5 KiB", "10 MiB", "1.5 GiB"]);
  const file = (sources: string[]) => ({ sha256: "", size: 1024, sources });
  expect([heldInWords({}, 3), heldInWords({ 1: file(["a", "b", "c"]) }, 3), heldInWords({ 1: file(["a"]), 2: file(["a", "b", "c"]) }, 3)]).toEqual(["", "1 file, 1 KiB, at every region", "2 files, 2 KiB; 1 not at every region yet"]);
  expect(["web.tar.gz", "web.tar.zst", "web.tzst"].map(filetypeOf)).toEqual(["tgz", "tzst", "tzst"]);
});

test("the parts go where the answer says, by this API", () => {
  expect(pathOfParts("/MAAS/api/2.0/boot-resources/12/upload/3/")).toBe("/api/v1/images/12/upload/3");
  expect(pathOfParts("https://evil.test/")).toBeNull();
  expect(newestFile({ id: 1, sets: { 20260101: { files: { a: { complete: true } } }, 20260102: { files: { a: { complete: false, upload_uri: "u" } } } } })).toEqual({ complete: false, upload_uri: "u" });
  expect(newestFile({ id: 1, sets: null })).toBeNull();
});

const sets = (versions: string[]) => versions.map((version) => ({ version, files: [{ id: 1, filetype: "root-tgz", sha256: "ab".repeat(32), size_bytes: 2048, complete: true }] }));
const history = (differences: { pointer: string; before: unknown; after: unknown }[]) => ({ changes: [{ revision: 5, time: "", actor: "", reason: "", change: "update", differences }], known_after: 4, next: null });

test("versions are those of the last change, or not known", () => {
  expect(versionsOf(history([{ pointer: "/sets", before: null, after: sets(["20260101", "20260101.1"]) }]))?.map((found) => found.version)).toEqual(["20260101.1", "20260101"]);
  expect(versionsOf(history([{ pointer: "/title", before: "", after: "x" }]))).toBeNull();
  expect(versionsOf(undefined)).toBeNull();
});

test("an image says which regions hold it", async () => {
  region.use(
    http.get(`${ORIGIN}/api/v1/images/1`, () => HttpResponse.json({ id: 1, name: "web", title: "", architecture: "amd64/generic", type: "Uploaded", base_image: "", last_deployed: null })),
    http.get(`${ORIGIN}/api/v1/images/1/history`, () => HttpResponse.json(history([{ pointer: "/sets", before: null, after: sets(["20260101"]) }]))),
    http.get(`${ORIGIN}/api/v1/images-sync-progress`, () => HttpResponse.json({ 1: { sha256: "", size: 2048, sources: ["r1"] } })),
    http.get(`${ORIGIN}/api/v1/regions`, () => HttpResponse.json(page([{ system_id: "r1", hostname: "one" }, { system_id: "r2", hostname: "two" }]))),
  );
  show(
    <Routes>
      <Route path="/images/:id" element={<ImagePage />} />
    </Routes>,
    "/images/1",
  );
  expect(await screen.findByText("1 of 2: one")).toBeTruthy();
});

test("a file is uploaded in parts, with its digest, and what is wrong with it is told", async () => {
  const announced: unknown[] = [];
  const parts: number[] = [];
  region.use(
    http.post(`${ORIGIN}/api/v1/images`, async ({ request }) => {
      announced.push(await request.json());
      return HttpResponse.json({ id: 7, sets: { 20260101: { files: { a: { complete: false, upload_uri: "/MAAS/api/2.0/boot-resources/7/upload/2/" } } } } }, { status: 201 });
    }),
    http.put(`${ORIGIN}/api/v1/images/7/upload/2`, async ({ request }) => {
      parts.push((await request.arrayBuffer()).byteLength);
      return parts.length === 1 ? new HttpResponse("OK") : refusal(400, "Saved content does not match given SHA256 value.");
    }),
  );
  // jsdom's own has no way to read a part of it.
  const file = new Blob([new Uint8Array(4 * 1024 * 1024 + 5)]) as unknown as globalThis.Blob;
  const steps: string[] = [];
  const as = { name: "custom/web", title: "", architecture: "amd64/generic", filetype: "tgz" };
  const sent = upload(file, as, (step) => steps.push(`${step.what} ${step.done}`), new AbortController().signal);
  await expect(sent).rejects.toThrow("does not match");
  expect(parts).toEqual([4 * 1024 * 1024, 5]);
  expect(steps).toEqual(["digest 0", "digest 4194304", "sending 0", "sending 4194304"]);
  expect(announced).toEqual([{ ...as, size: 4_194_309, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) as string }]);
});

test("an upload needs a name and a file, and says so", async () => {
  region.use(
    http.get(`${ORIGIN}/api/v1/images`, () => HttpResponse.json(page([], { facets: {} }))),
    http.get(`${ORIGIN}/api/v1/images-sync-progress`, () => HttpResponse.json({})),
    http.get(`${ORIGIN}/api/v1/regions`, () => HttpResponse.json(page([]))),
  );
  show(<Images />);
  await userEvent.click(await screen.findByRole("button", { name: "Upload an image" }));
  const button = await screen.findByRole("button", { name: "Upload" });
  expect(button.closest("[title]")?.getAttribute("title")).toBe("Name is missing.");
  await userEvent.type(screen.getByLabelText("Name"), "custom/web");
  await waitFor(() => expect(screen.getByRole("button", { name: "Upload" }).closest("[title]")?.getAttribute("title")).toBe("A file is missing."));
});
