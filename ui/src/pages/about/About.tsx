/** What runs here, in which versions, under which licence, and where it is documented. */

import { useFirstPage, useRead } from "../../api/lists";
import type { Count } from "../../api/resources";
import { PageHeader } from "../../parts/PageHeader";
import { Beside, Facts, Note, Panel, Panels } from "../../parts/Panel";
import { PlainTable } from "../../parts/PlainTable";
import { count } from "../../parts/PlanView";
import { Status } from "../../parts/Status";

interface Version {
  /** The version of MAAS whose API it has. */
  version: string;
  /** Its own: `ironraft-0.1.0`. */
  subversion: string;
  capabilities: string[];
}

export default function About() {
  const version = useRead<Version>("/api/v1/version", null);
  const regions = useFirstPage("regions", { limit: 1, facets: ["version"] });
  const racks = useFirstPage("racks", { limit: 1, facets: ["version"] });
  const rows = versions(regions.data?.facets?.version ?? [], racks.data?.facets?.version ?? []);
  return (
    <>
      <PageHeader title="About" />
      <Panels>
        <Beside>
          <Panel title="Ironraft" result={version}>
            <Facts
              of={[
                ["This region", version.value?.subversion.replace(/^ironraft-/, "") ?? ""],
                ["API of MAAS", version.value?.version ?? ""],
                ["Licence", "Apache License 2.0"],
              ]}
            />
          </Panel>
          <Panel title="Documentation">
            <ul>
              <li>
                <a href="/api/v1/docs">The API, with commands to copy</a>
              </li>
              <li>
                <a href="/api/v1/openapi.json">The API as an OpenAPI 3.1 document</a>
              </li>
              <li>
                <a href="/api/v1/openapi.yaml">The API of MAAS as an OpenAPI 3.0 document</a>
              </li>
            </ul>
            <Note>
              On the command line: <code>ironraft explain machine</code> tells fields and verbs of a kind of objects, <code>man ironraft</code> the rest.
            </Note>
          </Panel>
        </Beside>
        <Panel title="Versions in this site" beside={rows.length > 1 ? <Status tone="warn">{`${rows.length} versions: an upgrade is under way`}</Status> : undefined} result={racks.error === null ? regions : racks}>
          <PlainTable
            label="Versions in this site"
            columns={[
              { header: "Version", cell: (row) => row.version },
              { header: "Regions", cell: (row) => (row.regions === 0 ? "" : count(row.regions, "region")) },
              { header: "Racks", cell: (row) => (row.racks === 0 ? "" : count(row.racks, "rack")) },
            ]}
            rows={rows}
            rowKey={(row) => row.version}
            empty="No region and no rack has told its version."
          />
        </Panel>
      </Panels>
    </>
  );
}

/** How many regions and racks have each version, the newest first. */
export function versions(regions: readonly Count[], racks: readonly Count[]): { version: string; regions: number; racks: number }[] {
  const all = [...new Set([...regions, ...racks].map((found) => found.value ?? "unknown"))];
  const of = (counts: readonly Count[], version: string) => counts.find((found) => (found.value ?? "unknown") === version)?.count ?? 0;
  return all.sort((one, other) => other.localeCompare(one, undefined, { numeric: true })).map((version) => ({ version, regions: of(regions, version), racks: of(racks, version) }));
}
