/** Where deployed systems get packages from. */

import { useState } from "react";

import { useFirstPage } from "../../api/lists";
import type { Item } from "../../api/resources";
import { pathOf } from "../../api/resources";
import type { Field, Values } from "../../form/ResourceForm";
import { ResourceForm } from "../../form/ResourceForm";
import { Button } from "../../parts/Button";
import { ConfirmWithPlan } from "../../parts/ConfirmWithPlan";
import { Dialog } from "../../parts/Dialog";
import { Note, Panel } from "../../parts/Panel";
import { PlainTable } from "../../parts/PlainTable";
import { Status } from "../../parts/Status";
import styles from "./Settings.module.css";

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

export function Repositories() {
  const list = useFirstPage("package-repositories", { sort: "id", limit: 1000 });
  const [asked, setAsked] = useState<{ kind: "new" } | { kind: "edit" | "delete"; of: Repository } | null>(null);
  const close = () => setAsked(null);
  return (
    <>
      <Panel title="Package repositories" actions={<Button size="small" onPress={() => setAsked({ kind: "new" })}>New repository</Button>} result={list} isFlush>
        <PlainTable
          label="Package repositories"
          columns={[
            { header: "Name", cell: (found) => found.name },
            { header: "Where", cell: (found) => <code>{found.url}</code> },
            { header: "State", cell: (found) => <Status tone={found.enabled ? "good" : "idle"}>{found.enabled ? "Used" : "Not used"}</Status> },
            { header: "Architectures", cell: (found) => found.arches.join(", ") },
            { header: "Signed", cell: (found) => (found.key === "" ? <span className={styles.quiet}>By a key of the system</span> : "By a key of its own") },
            {
              header: "",
              isNarrow: true,
              cell: (found) => (
                <span className={styles.buttons}>
                  <Button size="small" label={`Edit ${found.name}`} onPress={() => setAsked({ kind: "edit", of: found })}>
                    Edit
                  </Button>
                  <Button size="small" kind="quiet" label={`Delete ${found.name}`} refusal={ARCHIVES.includes(found.name) ? "The archives of Ubuntu stay: edit it to have it not used." : null} onPress={() => setAsked({ kind: "delete", of: found })}>
                    Delete
                  </Button>
                </span>
              ),
            },
          ]}
          rows={list.data?.items ?? []}
          rowKey={(found) => String(found.id)}
          empty="There is none: deployed systems get packages from where their image says."
        />
        <Note>Systems that are deployed from now on have what is said here; others stay as they are.</Note>
      </Panel>
      {asked !== null && asked.kind !== "delete" && (
        <Dialog title={asked.kind === "new" ? "New package repository" : `Edit ${asked.of.name}`} isOpen onClose={close}>
          <ResourceForm
            fields={asked.kind === "edit" && ARCHIVES.includes(asked.of.name) ? FIELDS.filter((field) => !["name", "components", "distributions"].includes(field.name)) : FIELDS}
            initial={asked.kind === "new" ? { enabled: true } : valuesOf(asked.of)}
            change={(values, changed) => (asked.kind === "new" ? { method: "POST", path: pathOf("package-repositories"), body: given(values) } : { method: "PATCH", path: pathOf("package-repositories", String(asked.of.id)), body: changed })}
            submit={asked.kind === "new" ? "Make" : "Save"}
            done={asked.kind === "new" ? "The repository was made" : `${asked.of.name} was changed`}
            isReversible
            onDone={close}
            onCancel={close}
          />
        </Dialog>
      )}
      {asked?.kind === "delete" && (
        <ConfirmWithPlan
          title={`Delete ${asked.of.name}?`}
          change={{ method: "DELETE", path: pathOf("package-repositories", String(asked.of.id)) }}
          verb="Delete"
          isDangerous
          isReversible
          done={`${asked.of.name} was deleted`}
          cli={`ironraft package-repository delete ${asked.of.name}`}
          onClose={close}
        >
          <p>Systems that are deployed from now on do without it.</p>
        </ConfirmWithPlan>
      )}
    </>
  );
}

function valuesOf(of: Repository): Values {
  const { name, url, enabled, arches, distributions, components, key } = of;
  return { name, url, enabled, arches, distributions, components, key };
}

/** What is empty is not said: it has a default. */
export function given(values: Values): Values {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== "" && value !== null && !(Array.isArray(value) && value.length === 0)));
}
