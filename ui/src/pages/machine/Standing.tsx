/** How a machine stands: its state and since when, why, what it waits for, and what would help. */

import type { ReactNode } from "react";
import { useState } from "react";
import { Link } from "react-router";

import type { Machine } from "../../api/resources";
import type { components } from "../../api/schema";
import { Button } from "../../parts/Button";
import { Dialog } from "../../parts/Dialog";
import { Note, Quiet } from "../../parts/Panel";
import { Copyable } from "../../parts/ShowAs";
import { inWords, machineTone, powerTone, Status } from "../../parts/Status";
import { Time, useNow } from "../../parts/Time";
import type { Action } from "./actions";
import { actionAt, offered, refusalOf } from "./actions";
import styles from "./Machine.module.css";
import type { TimelineRead } from "./timelineOf";
import { isSlow } from "./timelineOf";

interface Props {
  machine: Machine;
  timeline: TimelineRead;
  onAsk: (action: Action) => void;
}

export function Standing({ machine, timeline, onAsk }: Props) {
  const now = useNow();
  const phase = timeline.first?.phases.at(-1);
  const tone = machineTone(machine.status_name);
  const wait = timeline.first?.waits_for;
  const isTold = wait !== undefined && (wait.what !== "nothing" || tone === "bad");
  const isLate = (wait?.deadline ?? null) !== null && Date.parse(wait?.deadline ?? "") < now;
  const isLong = phase !== undefined && isSlow(phase, now);
  return (
    <div className={styles.standing}>
      <dl className={styles.line}>
        <Part name="Status">
          <Status tone={tone}>{machine.status_name}</Status>
          {phase !== undefined && <span className={styles.since}><Time at={phase.began} /></span>}
        </Part>
        <Part name="Power">
          <Status tone={powerTone(machine.power_state)}>{inWords(machine.power_state)}</Status>
        </Part>
        <Part name="Owner">{machine.owner ?? <Quiet>nobody</Quiet>}</Part>
        {machine.osystem !== "" && (
          <Part name="System">
            {machine.osystem} {machine.distro_series}
          </Part>
        )}
        {machine.locked && (
          <Part name="Lock">
            <Status tone="warn">Locked</Status>
          </Part>
        )}
      </dl>
      {timeline.error !== null && timeline.first === undefined && <Note>What it waits for is not known: {timeline.error.message}</Note>}
      {isTold && (
        <div className={styles.wait} data-tone={tone === "bad" || isLate ? "bad" : isLong ? "warn" : tone}>
          <div>
            <p>
              <strong>{wait.text}</strong>
            </p>
            <p className={styles.waitSince}>
              Since <Time at={wait.since} />
              {(wait.deadline ?? null) !== null && (
                <>
                  {isLate ? ", timed out " : ", gives up "}
                  <Time at={wait.deadline} />
                </>
              )}
              {isLong && ", longer than usual"}.
            </p>
          </div>
          {wait.help !== null && wait.help !== undefined && <Help help={wait.help} machine={machine} onAsk={onAsk} />}
        </div>
      )}
    </div>
  );
}

function Part({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt className="visually-hidden">{name}</dt>
      <dd>
        {name !== "Status" && name !== "Lock" && <span aria-hidden="true" className={styles.quiet}>{name}</span>}
        {children}
      </dd>
    </div>
  );
}

/** What would help, to press where it is something that can be done here. */
function Help({ help, machine, onAsk }: { help: components["schemas"]["TimelineHelp"]; machine: Machine; onAsk: (action: Action) => void }) {
  const [isOpen, setOpen] = useState(false);
  const action = actionAt(help.method, help.path);
  // What stands at the top already is not offered twice.
  const isAbove = action !== null && offered(machine).includes(action);
  return (
    <div className={styles.help}>
      <span>{help.text}</span>
      {action !== null && !isAbove && (
        <Button size="small" refusal={refusalOf(action, machine)} onPress={() => onAsk(action)}>
          {action.label}
        </Button>
      )}
      {action === null && help.path === "/api/v1/racks" && <Link to="/racks">Racks</Link>}
      {action === null && help.path.startsWith("/api/v1/dhcp/explain") && (
        <Button size="small" onPress={() => setOpen(true)}>
          How to ask DHCP
        </Button>
      )}
      {isOpen && (
        <Dialog title="What DHCP would answer" isOpen onClose={() => setOpen(false)}>
          <p>The racks say what they would answer the interface that it boots from, and why:</p>
          <Copyable text={explainOf(help.path)} />
          <Copyable text={`curl -H "Authorization: Bearer $(ironraft apikey)" '${location.origin}${help.path}'`} />
        </Dialog>
      )}
    </div>
  );
}

/** The command that asks the same. */
export function explainOf(path: string): string {
  const mac = new URLSearchParams(path.split("?")[1] ?? "").get("mac");
  return `ironraft dhcp explain${mac === null ? "" : ` --mac ${mac}`}`;
}
