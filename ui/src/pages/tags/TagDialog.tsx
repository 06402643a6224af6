/** Making or changing a tag; whether its definition can be read is told while it is typed. */

import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";

import { plan } from "../../api/changes";
import { asProblem } from "../../api/problem";
import type { Field } from "../../form/Fields";
import { ObjectDialog } from "../../form/ObjectDialog";
import { count } from "../../parts/PlanView";
import { Status } from "../../parts/Status";
import type { Tag } from "./Tags";
import styles from "./Tags.module.css";

const FIELDS: Field[] = [
  { name: "name", label: "Name", isNeeded: true, help: "Letters, digits, - and _." },
  { name: "definition", label: "Definition", kind: "textarea", placeholder: '//node[@class="display"]/vendor[contains(., "NVIDIA")]', help: "XPath 1.0 over what lshw prints of a machine. Empty for a tag that is given by hand." },
  { name: "kernel_opts", label: "Kernel options", placeholder: "console=ttyS0,115200", help: "Of machines that carry it, after those of the site." },
  { name: "comment", label: "Comment" },
];

interface Props {
  tag?: Tag | undefined;
  /** How many machines carry it now, and how many there are. */
  carried: number;
  machines: number;
  onClose: () => void;
}

export function TagDialog({ tag, carried, machines, onClose }: Props) {
  const initial = { name: tag?.name ?? "", definition: tag?.definition ?? "", kernel_opts: tag?.kernel_opts ?? "", comment: tag?.comment ?? "" };
  return (
    <ObjectDialog resource="tags" noun="tag" item={tag} name={tag?.name ?? ""} fields={FIELDS} initial={initial} onClose={onClose}>
      {(values) => <Definition text={String(values.definition ?? "")} isSaved={tag?.definition === values.definition} carried={carried} machines={machines} />}
    </ObjectDialog>
  );
}

/** How long after the last key a definition is looked at. */
const PAUSE_MS = 400;

/** A name that no tag has: whether a definition can be read does not depend on it. */
const NAMELESS = "definition-being-typed";

/** What a definition means as far as it can be told before it is saved. */
export function Definition({ text, isSaved, carried, machines }: { text: string; isSaved: boolean; carried: number; machines: number }) {
  const settled = useSettled(text.trim());
  const change = { method: "POST" as const, path: "/api/v1/tags", body: { name: NAMELESS, definition: settled } };
  const checked = useQuery({ queryKey: ["plan", undefined, change], queryFn: ({ signal }) => plan(change, signal), enabled: settled !== "", gcTime: 0, retry: false });
  if (text.trim() === "") return <Status tone="idle">Given by hand: choose its machines afterwards</Status>;
  if (settled !== text.trim() || checked.isPending) return <Status tone="neutral">Looking at the definition</Status>;
  if (checked.error !== null) {
    const problem = asProblem(checked.error);
    return <Status tone="bad">{problem.faultOf("definition") ?? (problem.detail === "" ? problem.title : problem.detail)}</Status>;
  }
  return (
    <div className={styles.told}>
      <Status tone="good">The definition can be read</Status>
      <p>{isSaved ? `${count(carried, "machine")} of ${machines.toLocaleString("en")} ${carried === 1 ? "carries" : "carry"} it now.` : `Which of the ${count(machines, "machine")} it means is found out in the background when it is saved.`}</p>
    </div>
  );
}

function useSettled(text: string): string {
  const [settled, setSettled] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return settled;
}
