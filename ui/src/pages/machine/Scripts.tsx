/** What ran on a machine to examine it. */

import { Link } from "react-router";

import type { Machine } from "../../api/resources";
import { Facts, Note, Panel } from "../../parts/Panel";
import type { Tone } from "../../parts/Status";
import { Status } from "../../parts/Status";

export function Scripts({ machine }: { machine: Machine }) {
  return (
    <Panel title="Scripts and tests">
      <Facts
        of={[
          ["Commissioning", <Outcome key="commissioning" name={machine.commissioning_status_name} />],
          ["Tests", <Outcome key="tests" name={machine.testing_status_name} />],
        ]}
      />
      <Note>
        Commissioning reads all of the hardware by itself and runs no scripts, so there are no results of scripts and no tests of the hardware here. What the agent on the machine reported stands in its{" "}
        <Link to="?tab=timeline&kind=agent">timeline</Link>.
      </Note>
    </Panel>
  );
}

const TONES: Record<string, Tone> = { Passed: "good", Failed: "bad", "Timed out": "bad", Running: "busy", Pending: "idle" };

function Outcome({ name }: { name: string }) {
  return <Status tone={TONES[name] ?? "neutral"}>{name === "Unknown" ? "None yet" : name}</Status>;
}
