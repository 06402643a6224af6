/** The first thing at 3 a.m.: what is wrong, since when, what it waits for, and where to go; below it, that the rest is well. */

import { PageHeader } from "../../parts/PageHeader";
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
      <div className={styles.page}>
        <div className={styles.wide}>
          <FirstSteps />
          <Attention />
          <MachinesCard />
        </div>
        <div className={styles.columns}>
          <ClusterCard />
          <RacksCard />
          <PoolsCard />
        </div>
        <div className={styles.halves}>
          <OperationsCard />
          <EventsCard />
        </div>
      </div>
    </>
  );
}
