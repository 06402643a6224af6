/** The hardware of a machine, as it was read when it was commissioned. */

import { useRead } from "../../api/lists";
import type { Machine } from "../../api/resources";
import { pathOf } from "../../api/resources";
import { Facts, Note, Packed, Panel } from "../../parts/Panel";
import { PlainTable } from "../../parts/PlainTable";
import { memory } from "../machines/machine";
import { speedOf } from "./InterfaceTable";
import { hardwareInfo } from "./sizes";

const NAMES: readonly (readonly [key: string, name: string])[] = [
  ["system_vendor", "Vendor"],
  ["system_product", "Product"],
  ["system_family", "Family"],
  ["system_version", "Version"],
  ["system_sku", "SKU"],
  ["system_serial", "Serial number"],
  ["mainboard_vendor", "Board vendor"],
  ["mainboard_product", "Board"],
  ["mainboard_serial", "Board serial number"],
  ["mainboard_version", "Board version"],
  ["mainboard_firmware_vendor", "Firmware vendor"],
  ["mainboard_firmware_version", "Firmware"],
  ["mainboard_firmware_date", "Firmware of"],
  ["secure_boot", "Secure Boot"],
  ["chassis_vendor", "Chassis vendor"],
  ["chassis_type", "Chassis"],
  ["chassis_serial", "Chassis serial number"],
  ["chassis_version", "Chassis version"],
];

/** A device on a bus of a machine; the document of the API does not describe it. */
interface BusDevice {
  id: number;
  bus_name: string;
  vendor_id: string;
  product_id: string;
  vendor_name: string;
  product_name: string;
  commissioning_driver: string;
  bus_number: number;
  device_number: number;
  pci_address: string | null;
}

export function Hardware({ machine }: { machine: Machine }) {
  const info = hardwareInfo(machine);
  const known = NAMES.map(([key, name]) => [name, info(key)] as const).filter(([, value]) => value !== null);
  const isExamined = machine.cpu_count > 0;
  return (
    <>
      <Packed>
        <Panel title="Processor and memory">
          {!isExamined && <Note>Nobody has looked at its hardware yet: commission it.</Note>}
          <Facts
            of={[
              ["Model", info("cpu_model")],
              ["Logical CPUs", isExamined && machine.cpu_count],
              ["Clock", machine.cpu_speed > 0 && `${machine.cpu_speed.toLocaleString("en")} MHz`],
              ["Memory", machine.memory > 0 && memory(machine.memory)],
              ["Architecture", machine.architecture],
            ]}
          />
        </Panel>
        <Panel title="Product and firmware">{known.length === 0 ? <Note>What the firmware says of it was not read yet.</Note> : <Facts of={known} />}</Panel>
      </Packed>
      {machine.numanode_set.length > 0 && <NumaNodes machine={machine} />}
      <NetworkCards machine={machine} />
      <Buses machine={machine} />
    </>
  );
}

function NumaNodes({ machine }: { machine: Machine }) {
  return (
    <Panel title="NUMA nodes">
      <PlainTable
        label="NUMA nodes"
        columns={[
          { header: "Node", cell: (node) => node.index },
          { header: "Memory", cell: (node) => memory(node.memory) },
          { header: "CPUs", cell: (node) => node.cores.length },
          { header: "Which", cell: (node) => ranges(node.cores) },
        ]}
        rows={machine.numanode_set}
        rowKey={(node) => node.index}
        empty="None are known."
      />
    </Panel>
  );
}

function NetworkCards({ machine }: { machine: Machine }) {
  return (
    <Panel title="Network cards">
      <PlainTable
        label="Network cards"
        columns={[
          { header: "Name", cell: (found) => found.name },
          { header: "Vendor", cell: (found) => found.vendor ?? "" },
          { header: "Product", cell: (found) => found.product ?? "" },
          { header: "Firmware", cell: (found) => found.firmware_version ?? "" },
          { header: "Speed", cell: speedOf },
          { header: "MAC address", cell: (found) => <code>{found.mac_address}</code> },
        ]}
        rows={machine.interface_set}
        rowKey={(found) => found.id}
        empty="None are known."
      />
    </Panel>
  );
}

const BUSES = [
  ["PCIE", "PCI devices"],
  ["USB", "USB devices"],
] as const;

function Buses({ machine }: { machine: Machine }) {
  const read = useRead<BusDevice[]>(`${pathOf("machines", machine.system_id)}/devices`, null);
  const why = machine.cpu_count === 0 ? "None are known: they are read when it is commissioned." : "It has none that were seen.";
  return BUSES.map(([bus, title]) => (
    <Panel key={bus} title={title} result={read}>
      <PlainTable
        label={title}
        columns={[
          { header: "Address", cell: (device) => <code>{device.pci_address ?? `${device.bus_number}:${device.device_number}`}</code> },
          { header: "Vendor", cell: (device) => device.vendor_name },
          { header: "Product", cell: (device) => device.product_name },
          { header: "Ids", cell: (device) => <code>{`${device.vendor_id}:${device.product_id}`}</code> },
          { header: "Driver", cell: (device) => device.commissioning_driver },
        ]}
        rows={read.value?.filter((device) => device.bus_name === bus) ?? []}
        rowKey={(device) => device.id}
        empty={why}
      />
    </Panel>
  ));
}

/** Numbers as ranges: `0-15, 32-47`. */
export function ranges(numbers: readonly number[]): string {
  const sorted = [...numbers].sort((one, other) => one - other);
  const all: [number, number][] = [];
  for (const number of sorted) {
    const last = all.at(-1);
    if (last !== undefined && number <= last[1] + 1) last[1] = number;
    else all.push([number, number]);
  }
  return all.map(([from, to]) => (from === to ? String(from) : `${from}-${to}`)).join(", ");
}
