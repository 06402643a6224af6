/** One machine: what is wrong with it, since when, what it waits for, and what to do. */

import { useState } from "react";
import { useNavigate, useParams } from "react-router";

import { useObject } from "../../api/lists";
import type { Machine } from "../../api/resources";
import { PageHeader } from "../../parts/PageHeader";
import { Loading, ProblemView } from "../../parts/Problem";
import { PageTabs, useTab } from "../../parts/PageTabs";
import type { Action } from "./actions";
import { ActionDialog } from "./ActionDialog";
import { ActionBar } from "./ActionBar";
import { Configuration } from "./Configuration";
import { Hardware } from "./Hardware";
import { HistoryView } from "./HistoryView";
import styles from "./Machine.module.css";
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
  const { item, error, refetch } = useObject("machines", id);
  if (item === undefined) {
    return (
      <>
        <PageHeader title={id} above={ABOVE} />
        {error === null ? <Loading /> : <div className={styles.body}><ProblemView error={error} onRetry={() => void refetch()} /></div>}
      </>
    );
  }
  return <Shown key={item.system_id} machine={item} error={error} />;
}

function Shown({ machine, error }: { machine: Machine; error: Error | null }) {
  const [asked, setAsked] = useState<Action | null>(null);
  const navigate = useNavigate();
  const timeline = useTimeline(machine);
  const tabs = [
    { id: "summary", title: "Summary" },
    { id: "timeline", title: "Timeline" },
    { id: "network", title: "Network", count: machine.interface_set.length },
    { id: "storage", title: "Storage", count: machine.physicalblockdevice_set.length },
    { id: "hardware", title: "Hardware" },
    { id: "scripts", title: "Scripts" },
    { id: "configuration", title: "Configuration" },
    { id: "history", title: "History" },
  ];
  const tab = useTab(tabs);
  return (
    <>
      <PageHeader title={machine.fqdn} above={ABOVE}>
        <ActionBar machine={machine} onAsk={setAsked} />
      </PageHeader>
      <Standing machine={machine} timeline={timeline} onAsk={setAsked} />
      <PageTabs label="Parts of this machine" tabs={tabs} current={tab} />
      <div className={styles.body}>
        {error !== null && <ProblemView error={error} />}
        {tab === "summary" && <Summary machine={machine} />}
        {tab === "timeline" && <Timeline machine={machine} timeline={timeline} />}
        {tab === "network" && <Network machine={machine} />}
        {tab === "storage" && <Storage machine={machine} />}
        {tab === "hardware" && <Hardware machine={machine} />}
        {tab === "scripts" && <Scripts machine={machine} />}
        {tab === "configuration" && <Configuration machine={machine} />}
        {tab === "history" && <HistoryView kind="machines" id={machine.system_id} name={machine.hostname} />}
      </div>
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
