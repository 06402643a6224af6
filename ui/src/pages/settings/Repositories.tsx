/** Where deployed systems get packages from. */

import { useState } from "react";

import { useFirstPage } from "../../api/lists";
import type { Item } from "../../api/resources";
import { pathOf } from "../../api/resources";
import type { Field, Values } from "../../form/Fields";
import { ObjectDialog } from "../../form/ObjectDialog";
import { Button } from "../../parts/Button";
import { ConfirmWithPlan } from "../../parts/ConfirmWithPlan";
import { Note, Panel, Quiet } from "../../parts/Panel";
import { PlainTable } from "../../parts/PlainTable";
import { Status } from "../../parts/Status";

type Repository = Item<"package-repositories">;

const FIELDS: readonly Field[] = [
  { name: "name", label: "Name", isNeeded: true },
  { name: "url", label: "Where it is", isNeeded: true, placeholder: "https://packages.example.com/debian", help: "A URL, or ppa:owner/name." },
  { name: "enabled", label: "Deployed systems use it", kind: "checkbox" },
  { name: "arches", label: "Architectures", kind: "list", placeholder: "amd64, arm64" },
  { name: "distributions", label: "Distributions", kind: "list", help: "That of the deployed system, when none is named." },
  { name: "components", label: "Components", kind: "list", placeholder: "main" },
  { name: "key", label: "Public key", kind: "textarea", help: "What its lists are signed with." },
];

/** The two archives of Ubuntu stay, and have no components to choose. */
const ARCHIVES = ["main_archive", "ports_archive"];

/** What of a repository can be changed. */
const fieldsOf = (repository: Repository | undefined) => (repository !== undefined && ARCHIVES.includes(repository.name) ? FIELDS.filter(({ name }) => !["name", "components", "distributions"].includes(name)) : FIELDS);

type Asked = { kind: "form"; of?: Repository } | { kind: "delete"; of: Repository };

export function Repositories() {
  const list = useFirstPage("package-repositories", { sort: "id", limit: 1000 });
  const [asked, setAsked] = useState<Asked | null>(null);
  return (
    <Panel title="Package repositories" actions={<Button size="small" onPress={() => setAsked({ kind: "form" })}>New repository</Button>} result={list}>
      <PlainTable
        label="Package repositories"
        columns={[
          { header: "Name", cell: (found) => found.name },
          { header: "Where", cell: (found) => <code>{found.url}</code> },
          { header: "State", cell: (found) => <Status tone={found.enabled ? "good" : "idle"}>{found.enabled ? "Used" : "Not used"}</Status> },
          { header: "Architectures", cell: (found) => found.arches.join(", ") },
          { header: "Signed", cell: (found) => (found.key === "" ? <Quiet>By a key of the system</Quiet> : "By a key of its own") },
        ]}
        actions={(found) => (
          <>
            <Button size="small" label={`Change ${found.name}`} onPress={() => setAsked({ kind: "form", of: found })}>
              Change…
            </Button>
            <Button size="small" kind="quiet" label={`Delete ${found.name}`} refusal={ARCHIVES.includes(found.name) ? "The archives of Ubuntu stay: edit it to have it not used." : null} onPress={() => setAsked({ kind: "delete", of: found })}>
              Delete
            </Button>
          </>
        )}
        rows={list.data?.items ?? []}
        rowKey={(found) => found.id}
        empty="There is none: deployed systems get packages from where their image says."
      />
      <Note>Systems that are deployed from now on have what is said here; others stay as they are.</Note>
      {asked !== null && <Ask asked={asked} onClose={() => setAsked(null)} />}
    </Panel>
  );
}

function Ask({ asked, onClose }: { asked: Asked; onClose: () => void }) {
  const { of } = asked;
  if (asked.kind === "form") {
    return <ObjectDialog resource="package-repositories" noun="package repository" item={of} name={of?.name ?? ""} fields={fieldsOf(of)} initial={of === undefined ? { enabled: true } : valuesOf(of)} onClose={onClose} />;
  }
  return (
    <ConfirmWithPlan
      title={`Delete ${asked.of.name}?`}
      change={{ method: "DELETE", path: pathOf("package-repositories", String(asked.of.id)) }}
      verb="Delete"
      isDangerous
      isReversible
      done={`${asked.of.name} was deleted`}
      cli={`ironraft package-repository delete ${asked.of.name}`}
      onClose={onClose}
    >
      <p>Systems that are deployed from now on do without it.</p>
    </ConfirmWithPlan>
  );
}

function valuesOf(of: Repository): Values {
  const { name, url, enabled, arches, distributions, components, key } = of;
  return { name, url, enabled, arches, distributions, components, key };
}
