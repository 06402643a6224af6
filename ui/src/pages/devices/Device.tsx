/** One device: its names, addresses and interfaces. */

import { useState } from "react";
import { Link, useNavigate, useParams } from "react-router";

import { useObject } from "../../api/lists";
import type { Item } from "../../api/resources";
import { pathOf } from "../../api/resources";
import { ResourceForm } from "../../form/ResourceForm";
import { Button } from "../../parts/Button";
import { ConfirmWithPlan } from "../../parts/ConfirmWithPlan";
import { PageHeader } from "../../parts/PageHeader";
import { Facts, Note, Packed, Panel, Panels } from "../../parts/Panel";
import { Loading, ProblemView } from "../../parts/Problem";
import { Tabs, useTabs } from "../../parts/Tabs";
import { UnreadPage } from "../../parts/UnreadPage";
import { HistoryView } from "../machine/HistoryView";
import { NotesForm } from "../machine/NotesForm";
import { useNames } from "../names";
import { Interfaces } from "./Interfaces";

type DeviceItem = Item<"devices">;

const ABOVE = [{ title: "Devices", to: "/devices" }];
const PARTS = [
  { id: "summary", title: "Summary" },
  { id: "configuration", title: "Configuration" },
  { id: "history", title: "History" },
];

export default function DevicePage() {
  const { id = "" } = useParams();
  const read = useObject("devices", id);
  const { item } = read;
  if (item === undefined) return <UnreadPage title={id} above={ABOVE} result={read} />;
  return <Shown key={item.system_id} device={item} error={read.error} />;
}

function Shown({ device, error }: { device: DeviceItem; error: Error | null }) {
  const [isDeleting, setDeleting] = useState(false);
  const navigate = useNavigate();
  const { open, tabs } = useTabs(PARTS);
  return (
    <>
      <PageHeader title={device.fqdn} above={ABOVE}>
        <Button onPress={() => setDeleting(true)}>Delete…</Button>
      </PageHeader>
      <Tabs label="Parts of this device" tabs={tabs} />
      <Panels>
        {error !== null && <ProblemView error={error} />}
        {open === "summary" && (
          <>
            <Interfaces device={device} />
            <About device={device} />
          </>
        )}
        {open === "configuration" && <Configuration device={device} />}
        {open === "history" && <HistoryView kind="devices" id={device.system_id} name={device.hostname} />}
      </Panels>
      {isDeleting && (
        <ConfirmWithPlan
          title={`Delete ${device.hostname}`}
          verb="Delete"
          isDangerous
          isReversible
          change={{ method: "DELETE", path: pathOf("devices", device.system_id) }}
          cli={`ironraft device delete ${device.hostname}`}
          done={`${device.hostname} was deleted`}
          onClose={() => setDeleting(false)}
          onDone={() => void navigate("/devices")}
        >
          <p>Its names and addresses end. What it does on the network goes on.</p>
        </ConfirmWithPlan>
      )}
    </>
  );
}

function About({ device }: { device: DeviceItem }) {
  const notes = Object.entries(device.workload_annotations);
  return (
    <Packed>
      <Panel title="Where it is">
        <Facts
          of={[
            ["Name", device.fqdn],
            ["Domain", device.domain?.name],
            ["Zone", device.zone?.name],
            ["Owner", device.owner],
            ["Belongs to", typeof device.parent === "string" && <Link key="parent" to={`/machines/${device.parent}`}>{device.parent}</Link>],
            ["Description", device.description],
            ["Id", <code key="id">{device.system_id}</code>],
          ]}
        />
      </Panel>
      <Panel title="Notes">{notes.length === 0 ? <Note>None. They are made in its <Link to="?tab=configuration">configuration</Link>.</Note> : <Facts of={notes} />}</Panel>
    </Packed>
  );
}

function Configuration({ device }: { device: DeviceItem }) {
  const [zones, domains] = [useNames("zones", device.zone?.name), useNames("domains", device.domain?.name)];
  return (
    <Packed>
      <Panel title="Name and place">
        {zones.isPending || domains.isPending ? (
          <Loading />
        ) : (
          <ResourceForm
            fields={[
              { name: "hostname", label: "Name", isNeeded: true },
              { name: "domain", label: "Domain", kind: "select", isNeeded: true, options: domains.options },
              { name: "zone", label: "Zone", kind: "select", isNeeded: true, options: zones.options },
              { name: "parent", label: "Belongs to", placeholder: "The id of a machine or device", help: "It goes when that one goes." },
              { name: "description", label: "Description", kind: "textarea" },
            ]}
            initial={{ hostname: device.hostname, domain: device.domain?.name ?? "", zone: device.zone?.name ?? "", parent: device.parent ?? "", description: device.description }}
            change={(_, changed) => ({ method: "PATCH", path: pathOf("devices", device.system_id), body: changed })}
            submit="Save"
            done={`${device.hostname} was changed`}
            isReversible
          />
        )}
      </Panel>
      <Panel title="Notes">
        <NotesForm kind="devices" id={device.system_id} name={device.hostname} notes={device.workload_annotations} />
      </Panel>
    </Packed>
  );
}
