/** A region: where it is, how new it is, and how it is taken out. */

import { useState } from "react";
import { useParams } from "react-router";

import { useFirstPage, useObject } from "../../api/lists";
import { Button } from "../../parts/Button";
import { PageHeader } from "../../parts/PageHeader";
import { Beside, Facts, Panel, Panels } from "../../parts/Panel";
import { Loading, ProblemView } from "../../parts/Problem";
import { mayLose } from "../overview/ClusterCard";
import styles from "./Controllers.module.css";
import { Command, EditController, HistoryPanel } from "./parts";

export default function Region() {
  const { id = "" } = useParams();
  const { item, error, refetch } = useObject("regions", id);
  const regions = useFirstPage("regions", { limit: 1 });
  const [isEdited, setEdited] = useState(false);
  const above = [{ title: "Cluster", to: "/cluster" }];
  if (item === undefined) {
    return (
      <>
        <PageHeader title={id} above={above} />
        <Panels>{error === null ? <Loading /> : <ProblemView error={error} onRetry={() => void refetch()} />}</Panels>
      </>
    );
  }
  const total = regions.data?.total ?? 0;
  return (
    <>
      <PageHeader title={item.hostname} above={above}>
        <Button onPress={() => setEdited(true)}>Edit</Button>
      </PageHeader>
      <Panels>
        <Beside>
          <Panel title="Region">
            <Facts
              of={[
                ["Address", item.ip_addresses.join(", ")],
                ["Version", item.version],
                ["Zone", item.zone?.name ?? "None"],
                ["Description", item.description === "" ? <span className={styles.quiet}>None</span> : item.description],
                ["Full name", item.fqdn],
                ["Id", <code key="id">{item.system_id}</code>],
              ]}
            />
          </Panel>
          <Panel title="On the host of a region"><div>
            <Command title="How it stands" detail="leader, log, lag and clock of each member" command="ironraft cluster status">
              Nothing is changed by it.
            </Command>
            <Command title="Have it lead" detail="before another one is stopped" command={`ironraft cluster transfer ${item.hostname}`}>
              Changes wait for less than a second. Racks and browsers keep their connections.
            </Command>
            <Command title="Take it out for good" detail="it is not a member any more" command={`ironraft cluster remove ${item.hostname}`}>
              {removal(total)} Its data folder is of no use afterwards: to come back, the host joins anew.
            </Command>
          </div></Panel>
        </Beside>
        <HistoryPanel kind="regions" item={item.system_id} />
      </Panels>
      {isEdited && <EditController kind="regions" item={item} onClose={() => setEdited(false)} />}
    </>
  );
}

/** What removing one of some regions means for the others. */
export function removal(total: number): string {
  if (total <= 1) return "It is the only region: that is refused.";
  const before = mayLose(total);
  const after = mayLose(total - 1);
  const words = (spare: number) => (spare === 0 ? "none" : String(spare));
  return `${total - 1} of ${total} regions are left. Of those ${words(after)} may fail; now it is ${words(before)}. It is refused when the others would be no quorum.`;
}
