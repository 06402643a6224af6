/** What can be deployed, and what machines boot. */

import { useState } from "react";

import { useFirstPage, useRead } from "../../api/lists";
import { bytesInWords } from "../../parts/bytes";
import { Button } from "../../parts/Button";
import { PageHeader } from "../../parts/PageHeader";
import { Quiet } from "../../parts/Panel";
import { Empty } from "../../parts/Problem";
import { Time } from "../../parts/Time";
import type { Column } from "../../table/columns";
import type { Facet } from "../../table/ResourceTable";
import { ResourceTable } from "../../table/ResourceTable";
import type { Image, Progress } from "./image";
import { UploadDialog } from "./UploadDialog";

const COLUMNS: readonly Column<Image>[] = [
  { id: "name", header: "Name", text: (image) => image.name, sort: "name", width: "minmax(170px, 1.2fr)", card: "title" },
  { id: "title", header: "Title", text: (image) => image.title, sort: "title", width: "minmax(150px, 1.4fr)", card: "below" },
  { id: "architecture", header: "Architecture", text: (image) => image.architecture, sort: "architecture", width: "minmax(130px, 0.8fr)", card: "beside" },
  { id: "type", header: "Sort", text: (image) => image.type, sort: "type", width: "minmax(100px, 0.6fr)" },
  { id: "base", header: "Made from", text: (image) => image.base_image, sort: "base_image", width: "minmax(120px, 0.8fr)" },
  { id: "last", header: "Deployed last", cell: (image) => (image.last_deployed === null || image.last_deployed === undefined ? <Quiet>Never</Quiet> : <Time at={image.last_deployed} />), text: (image) => image.last_deployed ?? "", sort: "last_deployed", width: "minmax(120px, 0.7fr)", card: "below" },
  { id: "id", header: "Id", text: (image) => image.id, sort: "id", width: "minmax(60px, 0.3fr)", isNumeric: true, isHidden: true },
];

const FACETS: readonly Facet[] = [
  { field: "architecture", label: "Architecture" },
  { field: "type", label: "Sort" },
];

export default function Images() {
  const [isUploading, setUploading] = useState(false);
  return (
    <>
      <PageHeader title="Images" beside={<Held />}>
        <Button kind="primary" onPress={() => setUploading(true)}>
          Upload an image
        </Button>
      </PageHeader>
      <ResourceTable
        resource="images"
        noun={["image", "images"]}
        columns={COLUMNS}
        defaultSort="name"
        facets={FACETS}
        groups={FACETS}
        placeholder="Name, title, architecture:arm64*"
        href={(image) => `/images/${image.id}`}
        empty={
          <Empty title="There are no images yet">
            <p>
              Nothing can be deployed before one is uploaded: here, or with <code>ironraft image upload</code>. What machines boot while they are examined is uploaded with <code>ironraft ephemeral upload</code>.
            </p>
          </Empty>
        }
      />
      {isUploading && <UploadDialog onClose={() => setUploading(false)} />}
    </>
  );
}

/** How much there is, and whether all regions hold all of it. */
function Held() {
  const progress = useRead<Progress>("/api/v1/images-sync-progress", "images");
  const regions = useFirstPage("regions", { limit: 1 });
  if (progress.value === undefined || regions.data === undefined) return null;
  return <Quiet>{heldInWords(progress.value, regions.data.total)}</Quiet>;
}

/** How many files of how many bytes all regions hold. */
export function heldInWords(progress: Progress, regions: number): string {
  const files = Object.values(progress);
  if (files.length === 0) return "";
  const bytes = files.reduce((sum, file) => sum + file.size, 0);
  const behind = files.filter((file) => file.sources.length < regions).length;
  const told = `${files.length} ${files.length === 1 ? "file" : "files"}, ${bytesInWords(bytes)}`;
  return behind === 0 ? `${told}, at every region` : `${told}; ${behind} not at every region yet`;
}
