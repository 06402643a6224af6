/** What would happen: what it means first, then each object with what differs. */

import type { BulkPlan, Plan } from "../api/resources";
import styles from "./PlanView.module.css";
import { Symbol } from "./Status";

/** How many objects are shown in full. */
const SHOWN = 30;

export function PlanView({ plan }: { plan: Plan | BulkPlan }) {
  const refused = "refused" in plan ? plan.refused : [];
  return (
    <div className={styles.plan}>
      <ul className={styles.effects}>
        {sentences(plan).map(({ tone, text }) => (
          <li key={text}>
            <Symbol tone={tone} />
            <span>{text}</span>
          </li>
        ))}
      </ul>
      {refused.length > 0 && (
        <details open={refused.length <= 5}>
          <summary>Why they are refused</summary>
          <ul className={styles.objects}>
            {refused.slice(0, SHOWN).map((target) => (
              <li key={target.id}>
                <strong>{target.name}</strong> {target.detail}
              </li>
            ))}
          </ul>
        </details>
      )}
      {plan.changes.length > 0 && (
        <details>
          <summary>
            {count(plan.changes.length + plan.more, "object")} that {plan.changes.length + plan.more === 1 ? "changes" : "change"}
          </summary>
          <ul className={styles.objects}>
            {plan.changes.slice(0, SHOWN).map((object) => (
              <li key={`${object.table}/${object.id}`}>
                <strong>{object.name === "" ? object.id : object.name}</strong>{" "}
                <span className={styles.kind}>
                  {object.change} {object.resource ?? object.table}
                </span>
                {object.differences.map((difference) => (
                  <div key={difference.pointer} className={styles.difference}>
                    <code>{difference.pointer}</code> <del>{shown(difference.before)}</del> → <ins>{shown(difference.after)}</ins>
                  </div>
                ))}
              </li>
            ))}
          </ul>
        </details>
      )}
    </div>
  );
}

interface Sentence {
  tone: "bad" | "warn" | "neutral" | "idle";
  text: string;
}

/** What a plan means, the worst first. */
export function sentences(plan: Plan | BulkPlan): Sentence[] {
  const { machines, addresses_freed, addresses_taken, leases_ended, names_added, names_removed } = plan.effects;
  const losesData = machines.filter((machine) => machine.loses_data);
  const losesPower = machines.filter((machine) => machine.loses_power);
  const told: Sentence[] = [];
  const tell = (tone: Sentence["tone"], items: readonly unknown[], text: string) => {
    if (items.length > 0) told.push({ tone, text });
  };
  const named = (of: typeof machines) => some(of.map((machine) => machine.hostname));
  tell("bad", losesData, `${count(losesData.length, "machine")} ${losesData.length === 1 ? "loses its" : "lose their"} data: ${named(losesData)}`);
  tell("warn", losesPower, `${count(losesPower.length, "machine")} ${losesPower.length === 1 ? "loses" : "lose"} power: ${named(losesPower)}`);
  if ("refused" in plan) tell("warn", plan.refused, `${plan.refused.length} of ${plan.targets} are refused: ${some(plan.refused.map((target) => target.name))}`);
  tell("neutral", leases_ended, `${count(leases_ended.length, "lease")} would end: ${some(leases_ended)}`);
  tell("neutral", addresses_freed, `${count(addresses_freed.length, "address", "addresses")} would be free: ${some(addresses_freed)}`);
  tell("neutral", addresses_taken, `${count(addresses_taken.length, "address", "addresses")} would be taken: ${some(addresses_taken)}`);
  tell("neutral", names_removed, `${count(names_removed.length, "name")} would go: ${some(names_removed)}`);
  tell("neutral", names_added, `${count(names_added.length, "name")} would come: ${some(names_added)}`);
  if (told.length === 0) {
    const changes = plan.changes.length + plan.more;
    told.push({ tone: "idle", text: changes === 0 ? "Nothing would change." : `${count(changes, "object")} would change; no machine loses power or data.` });
  }
  return told;
}

export function count(number: number, one: string, many = `${one}s`): string {
  return `${number.toLocaleString("en")} ${number === 1 ? one : many}`;
}

/** Some of many names. */
function some(names: readonly string[]): string {
  const first = names.slice(0, 5).join(", ");
  return names.length > 5 ? `${first} and ${names.length - 5} more` : first;
}

function shown(value: unknown): string {
  if (value === undefined || value === null) return "none";
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text === "" ? "empty" : text.length > 120 ? `${text.slice(0, 120)}…` : text;
}
