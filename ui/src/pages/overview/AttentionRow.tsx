/** One machine that needs somebody: what is wrong, since when, what it waits for, and what would help. */

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Link } from "react-router";

import type { Machine } from "../../api/resources";
import { pathOf } from "../../api/resources";
import type { components } from "../../api/schema";
import { ask } from "../../api/send";
import { machineTone, Status } from "../../parts/Status";
import { Time } from "../../parts/Time";
import { reason } from "../machines/machine";
import styles from "./Overview.module.css";

type Timeline = components["schemas"]["Timeline"];

export function AttentionRow({ machine }: { machine: Machine }) {
  // It is of this revision of the machine: another one has another key.
  const timeline = useQuery({
    queryKey: ["timeline", undefined, machine.system_id, machine.revision],
    queryFn: async ({ signal }) => (await ask<Timeline>(`${pathOf("machines", machine.system_id)}/timeline`, { query: { limit: 1 }, signal })).data,
    staleTime: Number.POSITIVE_INFINITY,
    placeholderData: keepPreviousData,
    retry: false,
  });
  const wait = timeline.data?.waits_for;
  const since = timeline.data?.phases.at(-1)?.began;
  return (
    <li>
      <Link to={`/machines/${machine.system_id}`} className={styles.name ?? ""}>
        {machine.hostname}
      </Link>
      <Status tone={machineTone(machine.status_name)}>{machine.status_name}</Status>
      <span className={styles.why}>
        {told(machine, wait)}
        {wait?.help !== undefined && wait.help !== null && <span className={styles.help}> {wait.help.text}</span>}
      </span>
      <span className={styles.since}>{since !== undefined && <Time at={since} />}</span>
    </li>
  );
}

/** Why, as far as it is known. */
export function told(machine: Machine, wait: Pick<Timeline["waits_for"], "text"> | undefined): string {
  return reason(machine) || wait?.text || "";
}
