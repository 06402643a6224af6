/** The tags of a machine, and the kernel options that they bring. */

import { useState } from "react";
import { Link } from "react-router";

import type { Change } from "../../api/changes";
import { useFirstPage } from "../../api/lists";
import type { Item, Machine } from "../../api/resources";
import { pathOf } from "../../api/resources";
import { ResourceForm } from "../../form/ResourceForm";
import { Button } from "../../parts/Button";
import { ConfirmWithPlan } from "../../parts/ConfirmWithPlan";
import { Icon } from "../../parts/Icon";
import { Facts, Note, Panel } from "../../parts/Panel";
import { ProblemView } from "../../parts/Problem";
import styles from "./Machine.module.css";

const TAGS = 1000;

export function TagsPanel({ machine }: { machine: Machine }) {
  const { data, error, refetch } = useFirstPage("tags", { sort: "name", limit: TAGS });
  const [taken, setTaken] = useState<string | null>(null);
  const all = data?.items ?? [];
  const free = all.filter((tag) => tag.definition === "" && !machine.tag_names.includes(tag.name));
  const options = kernelOptions(all, machine.tag_names);
  return (
    <Panel title="Tags and kernel options">
      {machine.tag_names.length === 0 ? (
        <Note>It has no tags.</Note>
      ) : (
        <ul className={styles.tags}>
          {machine.tag_names.map((name) => {
            const isSetByRule = (all.find((tag) => tag.name === name)?.definition ?? "") !== "";
            return (
              <li key={name}>
                <Link to={`/machines?q=${encodeURIComponent(`tag:${name}`)}`}>{name}</Link>
                {isSetByRule ? (
                  <small>by its definition</small>
                ) : (
                  <Button kind="quiet" size="small" label={`Take the tag ${name} away`} onPress={() => setTaken(name)}>
                    <Icon name="close" size={11} />
                  </Button>
                )}
              </li>
            );
          })}
        </ul>
      )}
      {error !== null && <ProblemView error={error} onRetry={() => void refetch()} />}
      {data !== undefined && free.length === 0 && <Note>There is no other tag that can be given by hand.</Note>}
      {free.length > 0 && (
        <ResourceForm
          key={machine.tag_names.join(" ")}
          fields={[{ name: "tag", label: "Another tag", kind: "select", isNeeded: true, options: free.map((tag) => ({ value: tag.name, label: tag.comment === "" ? tag.name : `${tag.name}: ${tag.comment}` })) }]}
          change={({ tag }) => update(String(tag), "add", machine)}
          submit="Add"
          done={`${machine.hostname} has another tag`}
          isReversible
        />
      )}
      {options.length > 0 && <Facts of={options.map((tag) => [`Kernel, by ${tag.name}`, <code key={tag.name}>{tag.kernel_opts}</code>] as const)} />}
      <Note>Kernel options come from tags, and from the site's settings.</Note>
      {taken !== null && (
        <ConfirmWithPlan
          title={`Take the tag ${taken} from ${machine.hostname}`}
          verb="Take it away"
          change={update(taken, "remove", machine)}
          done={`${machine.hostname} has the tag ${taken} no more`}
          isReversible
          onClose={() => setTaken(null)}
        />
      )}
    </Panel>
  );
}

function update(tag: string, how: "add" | "remove", machine: Machine): Change {
  return { method: "POST", path: `${pathOf("tags", tag)}/update-nodes`, body: { [how]: [machine.system_id] } };
}

/** The tags of a machine that bring kernel options. */
function kernelOptions(tags: readonly Item<"tags">[], names: readonly string[]): Item<"tags">[] {
  return tags.filter((tag) => tag.kernel_opts !== "" && names.includes(tag.name));
}
