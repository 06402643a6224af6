/** What is set of a machine. */

import { useQuery } from "@tanstack/react-query";

import type { Machine } from "../../api/resources";
import { pathOf } from "../../api/resources";
import { SESSION } from "../../api/session";
import { ResourceForm } from "../../form/ResourceForm";
import { Note, Packed, Panel } from "../../parts/Panel";
import { Loading } from "../../parts/Problem";
import { useNames } from "../names";
import { NotesForm } from "./NotesForm";
import { PowerForm } from "./PowerForm";
import { TagsPanel } from "./TagsPanel";

export function Configuration({ machine }: { machine: Machine }) {
  if (machine.locked) {
    return (
      <Panel title="Locked">
        <Note>It is locked, so nothing of it is changed: unlock it first.</Note>
      </Panel>
    );
  }
  return (
    <Packed>
      <Panel title="Name and place">
        <PlaceForm machine={machine} />
      </Panel>
      <Panel title="Power">
        <PowerForm machine={machine} />
      </Panel>
      <TagsPanel machine={machine} />
      <Panel title="Notes of its owner">
        <Notes machine={machine} />
      </Panel>
    </Packed>
  );
}

function PlaceForm({ machine }: { machine: Machine }) {
  const [zones, pools, domains] = [useNames("zones", machine.zone?.name), useNames("pools", machine.pool?.name), useNames("domains", machine.domain?.name)];
  if (zones.isPending || pools.isPending || domains.isPending) return <Loading />;
  return (
    <ResourceForm
      fields={[
        { name: "hostname", label: "Name", isNeeded: true },
        { name: "domain", label: "Domain", kind: "select", isNeeded: true, options: domains.options },
        { name: "zone", label: "Zone", kind: "select", isNeeded: true, options: zones.options },
        { name: "pool", label: "Pool", kind: "select", isNeeded: true, options: pools.options },
        { name: "architecture", label: "Architecture", isNeeded: true, help: "Such as amd64/generic. It decides which images it can run." },
        { name: "description", label: "Description", kind: "textarea" },
      ]}
      initial={{
        hostname: machine.hostname,
        domain: machine.domain?.name ?? "",
        zone: machine.zone?.name ?? "",
        pool: machine.pool?.name ?? "",
        architecture: machine.architecture,
        description: machine.description,
      }}
      change={(_, changed) => ({ method: "PATCH", path: pathOf("machines", machine.system_id), body: changed })}
      submit="Save"
      done={`${machine.hostname} was changed`}
      isReversible
    />
  );
}

/** Whoever a machine belongs to notes things on it; nobody else does. */
function Notes({ machine }: { machine: Machine }) {
  const { data: user } = useQuery(SESSION);
  if (machine.owner === null || machine.owner === undefined) return <Note>It has no owner. Whoever it belongs to can note things on it: allocate it first.</Note>;
  if (user?.username !== machine.owner) return <Note>It belongs to {machine.owner}, who alone can note things on it.</Note>;
  return <NotesForm kind="machines" id={machine.system_id} name={machine.hostname} notes={machine.workload_annotations} />;
}
