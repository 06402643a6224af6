/** How many machines are in which state: one bar, and the same as words that lead to them. */

import { Link } from "react-router";

import { useCounts } from "../../api/lists";
import type { Count } from "../../api/resources";
import { Note, Panel } from "../../parts/Panel";
import type { Tone } from "../../parts/Status";
import { inWords, machineTone, Symbol } from "../../parts/Status";
import { valueTerm } from "../../table/filter";
import styles from "./Overview.module.css";

const ORDER: readonly Tone[] = ["bad", "warn", "busy", "good", "idle", "neutral"];

/** The states, the worst first, then the most frequent. */
export function ordered(counts: readonly Count[]): Count[] {
  const rank = (count: Count) => ORDER.indexOf(machineTone(count.value ?? ""));
  return [...counts].sort((one, other) => rank(one) - rank(other) || other.count - one.count);
}

export function MachinesCard() {
  const counts = useCounts("machines", "", ["status", "power"]);
  const states = ordered(counts.data?.facets?.status ?? []);
  const power = counts.data?.facets?.power ?? [];
  const total = counts.data?.total ?? 0;
  return (
    <Panel title={`Machines · ${total.toLocaleString("en")}`} actions={<Link to="/machines">All</Link>} result={counts}>
      {total === 0 ? (
        <Note>There are none yet. A server that boots from the network of a rack comes here by itself.</Note>
      ) : (
        <>
          <div className={styles.stack} aria-hidden="true">
            {states.map((state) => (
              <span key={state.value} data-tone={machineTone(state.value ?? "")} style={{ flexGrow: state.count }} />
            ))}
          </div>
          <ul className={styles.states}>
            {states.map((state) => (
              <li key={state.value}>
                <Link to={`/machines?q=${encodeURIComponent(valueTerm("status", state.value ?? null))}`}>
                  <Symbol tone={machineTone(state.value ?? "")} />
                  <strong>{state.count.toLocaleString("en")}</strong> {inWords(state.value ?? "unknown")}
                </Link>
              </li>
            ))}
          </ul>
          <Note>
            Power:{" "}
            {power.map((state, at) => (
              <span key={state.value}>
                {at > 0 && ", "}
                <Link to={`/machines?q=${encodeURIComponent(valueTerm("power", state.value ?? null))}`}>
                  {state.count.toLocaleString("en")} {state.value ?? "unknown"}
                </Link>
              </span>
            ))}
          </Note>
        </>
      )}
    </Panel>
  );
}
