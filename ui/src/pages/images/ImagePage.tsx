/** One image: its versions, which regions hold them, and which racks can give it. */

import { useState } from "react";
import { Link, useNavigate, useParams } from "react-router";

import { useFirstPage, useObject, useRead } from "../../api/lists";
import type { History } from "../../api/resources";
import { pathOf } from "../../api/resources";
import { bytesInWords } from "../../parts/bytes";
import { ConfirmWithPlan } from "../../parts/ConfirmWithPlan";
import { Menu } from "../../parts/Menu";
import { PageHeader } from "../../parts/PageHeader";
import { Beside, Facts, Note, Panel, Panels, Quiet } from "../../parts/Panel";
import { PlainTable } from "../../parts/PlainTable";
import { Status } from "../../parts/Status";
import { Time } from "../../parts/Time";
import { UnreadPage } from "../../parts/UnreadPage";
import type { Image, Progress, StoredFile } from "./image";
import { versionsOf } from "./image";

const ABOVE = [{ title: "Images", to: "/images" }];

export default function ImagePage() {
  const { id = "" } = useParams();
  const read = useObject("images", id);
  const { item } = read;
  const [isRemoved, setRemoved] = useState(false);
  if (item === undefined) return <UnreadPage title={`Image ${id}`} above={ABOVE} result={read} />;
  return (
    <>
      <PageHeader title={item.title === "" ? item.name : item.title} above={ABOVE} beside={<code>{item.name}</code>}>
        <Menu label="More" choices={[{ id: "delete", label: "Delete this image…", detail: "All its versions", isDangerous: true }]} onChoose={() => setRemoved(true)} />
      </PageHeader>
      <Panels>
        <Beside>
          <Panel title="Image">
            <Facts
              of={[
                ["Name", <code key="name">{item.name}</code>],
                ["Architecture", item.architecture],
                ["Sort", item.type],
                ["Made from", item.base_image],
                ["Deployed last", item.last_deployed === null || item.last_deployed === undefined ? "Never" : <Time key="last" at={item.last_deployed} />],
                ["Id", String(item.id)],
              ]}
            />
          </Panel>
          <Panel title="On racks">
            <Note>
              A rack fetches an image when a machine of its asks for it, and keeps it. <Link to="/racks">Each rack</Link> says which images it can give.
            </Note>
          </Panel>
        </Beside>
        <Versions image={item} />
      </Panels>
      {isRemoved && <DeleteDialog image={item} onClose={() => setRemoved(false)} />}
    </>
  );
}

function DeleteDialog({ image, onClose }: { image: Image; onClose: () => void }) {
  const navigate = useNavigate();
  return (
    <ConfirmWithPlan
      title={`Delete ${image.name}?`}
      change={{ method: "DELETE", path: pathOf("images", String(image.id)) }}
      verb="Delete the image"
      isDangerous
      cli={`ironraft image delete ${image.id}`}
      done={`${image.name} was deleted`}
      onClose={onClose}
      onDone={() => void navigate("/images")}
    >
      <p>It cannot be deployed any more, and its content is removed from regions and racks. Systems that were deployed from it stay. It has to be uploaded again to come back.</p>
    </ConfirmWithPlan>
  );
}

function Versions({ image }: { image: Image }) {
  const history = useRead<History>(`${pathOf("images", String(image.id))}/history`, "images", { limit: 100 });
  const progress = useRead<Progress>("/api/v1/images-sync-progress", "images");
  const regions = useFirstPage("regions", { sort: "hostname", limit: 100 });
  const versions = versionsOf(history.value);
  const names = new Map((regions.data?.items ?? []).map((region) => [region.system_id, region.hostname]));
  const rows = (versions ?? []).flatMap(({ version, files }) => files.map((file) => ({ version, file })));
  return (
    <Panel title="Versions and where they are" result={history}>
      <PlainTable
        label="Versions"
        columns={[
          { header: "Version", cell: (row) => row.version },
          { header: "File", cell: (row) => row.file.filetype },
          { header: "Size", cell: (row) => bytesInWords(row.file.size_bytes), isNumeric: true },
          { header: "Content", cell: (row) => <Status tone={row.file.complete ? "good" : "busy"}>{row.file.complete ? "Complete" : "Being uploaded"}</Status> },
          { header: "Held by", cell: (row) => <Holders file={row.file} progress={progress.value} names={names} /> },
          { header: "SHA-256", cell: (row) => <code title={row.file.sha256}>{row.file.sha256.slice(0, 16)}…</code> },
        ]}
        rows={rows}
        rowKey={(row) => `${row.version} ${row.file.id}`}
        empty={versions === null ? `The API tells versions by the history alone, which goes back to revision ${(history.value?.known_after ?? 0).toLocaleString("en")}: it was uploaded before.` : "It has no content yet."}
      />
      <Note>A version is deployed when one region holds all of it; the others copy it by themselves.</Note>
    </Panel>
  );
}

function Holders({ file, progress, names }: { file: StoredFile; progress: Progress | undefined; names: ReadonlyMap<string, string> }) {
  const sources = progress?.[String(file.id)]?.sources ?? [];
  if (progress === undefined) return null;
  if (sources.length === 0) return <Quiet>None as a whole</Quiet>;
  const held = sources.map((source) => names.get(source) ?? source).join(", ");
  const isEverywhere = sources.length >= names.size;
  return <Status tone={isEverywhere ? "good" : "busy"} detail={held}>{isEverywhere ? `Every region (${names.size})` : `${sources.length} of ${names.size}: ${held}`}</Status>;
}
