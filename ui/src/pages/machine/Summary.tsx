/** What a machine is, where it is, and what is noted on it. */

import { Link } from "react-router";

import type { Machine } from "../../api/resources";
import { Facts, Note, Packed, Panel, Quiet } from "../../parts/Panel";
import { count } from "../../parts/PlanView";
import { inWords, powerTone, Status } from "../../parts/Status";
import { memory } from "../machines/machine";
import styles from "./Machine.module.css";
import { hardwareInfo, size, storageBytes } from "./sizes";

export function Summary({ machine }: { machine: Machine }) {
  const notes = Object.entries(machine.workload_annotations);
  return (
    <Packed>
      <HardwarePanel machine={machine} />
      <PlacePanel machine={machine} />
      <Panel title="Power">
        <Facts
          of={[
            ["Type", machine.power_type],
            ["State", <Status key="state" tone={powerTone(machine.power_state)}>{inWords(machine.power_state)}</Status>],
          ]}
        />
        {machine.power_type === "manual" && <Note>Nobody can switch it, so somebody has to when it is commissioned or deployed. <Link to="?tab=configuration">Set its power type</Link>.</Note>}
      </Panel>
      <ProductPanel machine={machine} />
      <Panel title="Notes of its owner">
        {notes.length === 0 ? <Note>None. Whoever has a machine can note things on it in its <Link to="?tab=configuration">configuration</Link>.</Note> : <Facts of={notes} />}
      </Panel>
    </Packed>
  );
}

function HardwarePanel({ machine }: { machine: Machine }) {
  const isExamined = machine.cpu_count > 0;
  const disks = machine.physicalblockdevice_set.length;
  return (
    <Panel title="Hardware">
      {!isExamined && <Note>Nobody has looked at its hardware yet: commission it.</Note>}
      <Facts
        of={[
          ["CPU", isExamined && `${machine.cpu_count} logical${machine.cpu_speed > 0 ? ` at ${(machine.cpu_speed / 1000).toFixed(1)} GHz` : ""}`],
          ["Model", hardwareInfo(machine)("cpu_model")],
          ["Memory", machine.memory > 0 && memory(machine.memory)],
          ["Storage", disks > 0 && `${size(storageBytes(machine))} on ${count(disks, "disk")}`],
          ["Architecture", machine.architecture],
          ["Boots by", machine.bios_boot_method === "uefi" ? "UEFI" : "BIOS (PXE)"],
          ["Next boot", machine.netboot ? "from the network" : "from its disk"],
        ]}
      />
    </Panel>
  );
}

function PlacePanel({ machine }: { machine: Machine }) {
  return (
    <Panel title="Where it is">
      <Facts
        of={[
          ["Name", machine.fqdn],
          ["Addresses", <Addresses key="addresses" of={machine.ip_addresses} />],
          ["Zone", machine.zone?.name],
          ["Pool", machine.pool?.name],
          ["Domain", machine.domain?.name],
          ["Tags", machine.tag_names.length > 0 && <Tags key="tags" of={machine.tag_names} />],
          ["Description", machine.description],
          ["Id", <code key="id">{machine.system_id}</code>],
        ]}
      />
    </Panel>
  );
}

function ProductPanel({ machine }: { machine: Machine }) {
  const info = hardwareInfo(machine);
  const uuid = machine.hardware_uuid ?? "";
  const isRead = info("system_vendor") !== null || info("system_product") !== null || uuid !== "";
  const both = (one: string, other: string, between: string) => [info(one), info(other)].filter((part) => part !== null).join(between);
  return (
    <Panel title="Product">
      {!isRead && <Note>What it is was not read yet.</Note>}
      <Facts
        of={[
          ["Vendor", info("system_vendor")],
          ["Product", info("system_product")],
          ["Serial number", info("system_serial") !== null && <code key="serial">{info("system_serial")}</code>],
          ["Board", both("mainboard_vendor", "mainboard_product", " ")],
          ["Firmware", both("mainboard_firmware_version", "mainboard_firmware_date", ", ")],
          ["UUID", uuid !== "" && <code key="uuid">{uuid}</code>],
        ]}
      />
    </Panel>
  );
}

function Addresses({ of }: { of: readonly string[] }) {
  if (of.length === 0) return <Quiet>none</Quiet>;
  return (
    <ul>
      {of.map((address) => (
        <li key={address}>
          <code>{address}</code>
        </li>
      ))}
    </ul>
  );
}

/** Tags, each of which leads to all machines that have it. */
function Tags({ of }: { of: readonly string[] }) {
  return (
    <ul className={styles.tags}>
      {of.map((tag) => (
        <li key={tag}>
          <Link to={`/machines?q=${encodeURIComponent(`tag:${tag}`)}`}>{tag}</Link>
        </li>
      ))}
    </ul>
  );
}
