/** The first thing at 3 a.m.: what is wrong, since when, what it waits for, and where to go; below it, that the rest is well. */

import { PageHeader } from "../../parts/PageHeader";
import { Beside, Panels } from "../../parts/Panel";
import { FirstSteps } from "../welcome/FirstSteps";
import { Attention } from "./Attention";
import { ClusterCard } from "./ClusterCard";
import { EventsCard } from "./EventsCard";
import { MachinesCard } from "./MachinesCard";
import { OperationsCard } from "./OperationsCard";
import styles from "./Overview.module.css";
import { PoolsCard } from "./PoolsCard";
import { RacksCard } from "./RacksCard";

export default function Overview() {
  return (
    <>
      <PageHeader title="Overview" />
      <Panels>
        <FirstSteps />
        <Attention />
        <MachinesCard />
        <div className={styles.columns}>
          <ClusterCard />
          <RacksCard />
          <PoolsCard />
        </div>
        <Beside>
          <OperationsCard />
          <EventsCard />
        </Beside>
      </Panels>
    </>
  );
}
