/** Sizes of hardware as people say them, and what the firmware says of a machine. */

import type { Machine } from "../../api/resources";

/** Bytes as makers of disks count them: `1.9 TB`. */
export function size(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB", "PB"];
  let [value, at] = [bytes, 0];
  while (value >= 1000 && at < units.length - 1) [value, at] = [value / 1000, at + 1];
  return `${value >= 100 || Number.isInteger(value) ? Math.round(value) : value.toFixed(1)} ${units[at]}`;
}

/** Mbit/s: `10 Gbit/s`. */
export function speed(mbit: number): string {
  return mbit >= 1000 ? `${mbit / 1000} Gbit/s` : `${mbit} Mbit/s`;
}

export function storageBytes(machine: Machine): number {
  return machine.physicalblockdevice_set.reduce((sum, disk) => sum + disk.size, 0);
}

/** Reads what the firmware says, by MAAS's names; null for what it does not know. */
export function hardwareInfo(machine: Machine): (name: string) => string | null {
  const info = machine.hardware_info as Record<string, string | undefined>;
  return (name) => {
    const value = info[name]?.trim() ?? "";
    return value === "" || value === "Unknown" ? null : value;
  };
}
