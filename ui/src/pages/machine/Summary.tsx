/** What a machine is, where it is, and what is noted on it. */

import { Link } from "react-router";

import type { Machine } from "../../api/resources";
import { Facts, Note, Section, Sections } from "../../parts/Section";
import { inWords, powerTone, Status } from "../../parts/Status";
import { memory } from "../machines/machine";
import styles from "./Machine.module.css";
import { hardwareInfo, size, storageBytes } from "./sizes";

export function Summary({ machine }: { machine: Machine }) {
  const info = hardwareInfo(machine);
  const isExamined = machine.cpu_count > 0;
  const notes = Object.entries(machine.workload_annotations);
  return (
    <Sections>
      <Section title="Hardware">
        {!isExamined && <Note>Nobody has looked at its hardware yet: commission it.</Note>}
        <Facts
          of={[
            ["CPU", isExamined && `${machine.cpu_count} logical${machine.cpu_speed > 0 ? ` at ${(machine.cpu_speed / 1000).toFixed(1)} GHz` : ""}`],
            ["Model", info("cpu_model")],
            ["Memory", machine.memory > 0 && memory(machine.memory)],
            ["Storage", machine.physicalblockdevice_set.length > 0 && `${size(storageBytes(machine))} on ${machine.physicalblockdevice_set.length} ${machine.physicalblockdevice_set.length === 1 ? "disk" : "disks"}`],
            ["Architecture", machine.architecture],
            ["Boots by", machine.bios_boot_method === "uefi" ? "UEFI" : "BIOS (PXE)"],
            ["Next boot", machine.netboot ? "from the network" : "from its disk"],
          ]}
        />
      </Section>
      <Section title="Where it is">
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
      </Section>
      <Section title="Power">
        <Facts
          of={[
            ["Type", machine.power_type],
            ["State", <Status key="state" tone={powerTone(machine.power_state)}>{inWords(machine.power_state)}</Status>],
          ]}
        />
        {machine.power_type === "manual" && <Note>Nobody can switch it, so somebody has to when it is commissioned or deployed. <Link to="?tab=configuration">Set its power type</Link>.</Note>}
      </Section>
      <Section title="Product">
        {info("system_vendor") === null && info("system_product") === null && machine.hardware_uuid === null && <Note>What it is was not read yet.</Note>}
        <Facts
          of={[
            ["Vendor", info("system_vendor")],
            ["Product", info("system_product")],
            ["Serial number", info("system_serial") !== null && <code key="serial">{info("system_serial")}</code>],
            ["Board", [info("mainboard_vendor"), info("mainboard_product")].filter((part) => part !== null).join(" ")],
            ["Firmware", [info("mainboard_firmware_version"), info("mainboard_firmware_date")].filter((part) => part !== null).join(", ")],
            ["UUID", machine.hardware_uuid !== null && machine.hardware_uuid !== undefined && <code key="uuid">{machine.hardware_uuid}</code>],
          ]}
        />
      </Section>
      <Section title="Notes of its owner">
        {notes.length === 0 ? <Note>None. Whoever has a machine can note things on it in its <Link to="?tab=configuration">configuration</Link>.</Note> : <Facts of={notes} />}
      </Section>
    </Sections>
  );
}

function Addresses({ of }: { of: readonly string[] }) {
  if (of.length === 0) return <span className={styles.quiet}>none</span>;
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
