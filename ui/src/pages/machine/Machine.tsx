/** One machine: what is wrong with it, since when, what it waits for, and what to do. */

import { useState } from "react";
import { useNavigate, useParams } from "react-router";

import { useObject } from "../../api/lists";
import type { Machine } from "../../api/resources";
import { PageHeader } from "../../parts/PageHeader";
import { Panels } from "../../parts/Panel";
import { ProblemView } from "../../parts/Problem";
import { Tabs, useTabs } from "../../parts/Tabs";
import { UnreadPage } from "../../parts/UnreadPage";
import { ActionBar } from "./ActionBar";
import { ActionDialog } from "./ActionDialog";
import type { Action } from "./actions";
import { Configuration } from "./Configuration";
import { Hardware } from "./Hardware";
import { HistoryView } from "./HistoryView";
import { Network } from "./Network";
import { Scripts } from "./Scripts";
import { Standing } from "./Standing";
import { Storage } from "./Storage";
import { Summary } from "./Summary";
import { Timeline } from "./Timeline";
import { useTimeline } from "./timelineOf";

const ABOVE = [{ title: "Machines", to: "/machines" }];

export default function MachinePage() {
  const { id = "" } = useParams();
  const read = useObject("machines", id);
  const { item } = read;
  if (item === undefined) return <UnreadPage title={id} above={ABOVE} result={read} />;
  return <Shown key={item.system_id} machine={item} error={read.error} />;
}

function Shown({ machine, error }: { machine: Machine; error: Error | null }) {
  const [asked, setAsked] = useState<Action | null>(null);
  const navigate = useNavigate();
  const timeline = useTimeline(machine);
  const { open, tabs } = useTabs([
    { id: "summary", title: "Summary" },
    { id: "timeline", title: "Timeline" },
    { id: "network", title: "Network", count: machine.interface_set.length },
    { id: "storage", title: "Storage", count: machine.physicalblockdevice_set.length },
    { id: "hardware", title: "Hardware" },
    { id: "scripts", title: "Scripts" },
    { id: "configuration", title: "Configuration" },
    { id: "history", title: "History" },
  ]);
  return (
    <>
      <PageHeader title={machine.fqdn} above={ABOVE}>
        <ActionBar machine={machine} onAsk={setAsked} />
      </PageHeader>
      <Standing machine={machine} timeline={timeline} onAsk={setAsked} />
      <Tabs label="Parts of this machine" tabs={tabs} />
      <Panels>
        {error !== null && <ProblemView error={error} />}
        {open === "summary" && <Summary machine={machine} />}
        {open === "timeline" && <Timeline machine={machine} timeline={timeline} />}
        {open === "network" && <Network machine={machine} />}
        {open === "storage" && <Storage machine={machine} />}
        {open === "hardware" && <Hardware machine={machine} />}
        {open === "scripts" && <Scripts machine={machine} />}
        {open === "configuration" && <Configuration machine={machine} />}
        {open === "history" && <HistoryView kind="machines" id={machine.system_id} name={machine.hostname} />}
      </Panels>
      {asked !== null && (
        <ActionDialog
          action={asked}
          machine={machine}
          onClose={() => setAsked(null)}
          onDone={() => {
            if (asked.id === "delete") void navigate("/machines");
          }}
        />
      )}
    </>
  );
}
