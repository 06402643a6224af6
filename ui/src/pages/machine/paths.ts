/**
 * What changes the network and the storage of a machine: where each operation is below the machine. The API's paths come from
 * MAAS's by a rule: an operation `op` is the last element of its path.
 */

import type { Change } from "../../api/changes";
import { pathOf } from "../../api/resources";

/** Method and path of each; the names in braces are filled in. */
export const OPERATIONS = {
  "create-physical": ["POST", "interfaces/create-physical"],
  "create-bond": ["POST", "interfaces/create-bond"],
  "create-bridge": ["POST", "interfaces/create-bridge"],
  "create-vlan": ["POST", "interfaces/create-vlan"],
  "update-interface": ["PATCH", "interfaces/{id}"],
  "delete-interface": ["DELETE", "interfaces/{id}"],
  disconnect: ["POST", "interfaces/{id}/disconnect"],
  "link-subnet": ["POST", "interfaces/{id}/link-subnet"],
  "unlink-subnet": ["POST", "interfaces/{id}/unlink-subnet"],
  "set-default-gateway": ["POST", "interfaces/{id}/set-default-gateway"],
  "clear-default-gateways": ["POST", "clear-default-gateways"],
  "restore-networking": ["POST", "restore-networking-configuration"],
  "set-storage-layout": ["POST", "set-storage-layout"],
  "restore-storage": ["POST", "restore-storage-configuration"],
  "mount-special": ["POST", "mount-special"],
  "unmount-special": ["POST", "unmount-special"],
  "create-device": ["POST", "blockdevices"],
  "update-device": ["PATCH", "blockdevices/{id}"],
  "tag-device": ["POST", "blockdevices/{id}/add-tag"],
  "untag-device": ["POST", "blockdevices/{id}/remove-tag"],
  "delete-device": ["DELETE", "blockdevices/{id}"],
  "format-device": ["POST", "blockdevices/{id}/format"],
  "unformat-device": ["POST", "blockdevices/{id}/unformat"],
  "mount-device": ["POST", "blockdevices/{id}/mount"],
  "unmount-device": ["POST", "blockdevices/{id}/unmount"],
  "set-boot-disk": ["POST", "blockdevices/{id}/set-boot-disk"],
  "create-partition": ["POST", "blockdevices/{device_id}/partitions"],
  "tag-partition": ["POST", "blockdevices/{device_id}/partition/{id}/add-tag"],
  "untag-partition": ["POST", "blockdevices/{device_id}/partition/{id}/remove-tag"],
  "delete-partition": ["DELETE", "blockdevices/{device_id}/partition/{id}"],
  "format-partition": ["POST", "blockdevices/{device_id}/partition/{id}/format"],
  "unformat-partition": ["POST", "blockdevices/{device_id}/partition/{id}/unformat"],
  "mount-partition": ["POST", "blockdevices/{device_id}/partition/{id}/mount"],
  "unmount-partition": ["POST", "blockdevices/{device_id}/partition/{id}/unmount"],
  "create-raid": ["POST", "raids"],
  "update-raid": ["PATCH", "raid/{id}"],
  "delete-raid": ["DELETE", "raid/{id}"],
  "create-volume-group": ["POST", "volume-groups"],
  "update-volume-group": ["PATCH", "volume-group/{id}"],
  "delete-volume-group": ["DELETE", "volume-group/{id}"],
  "create-logical-volume": ["POST", "volume-group/{id}/create-logical-volume"],
  "create-cache-set": ["POST", "bcache-cache-sets"],
  "update-cache-set": ["PATCH", "bcache-cache-set/{id}"],
  "delete-cache-set": ["DELETE", "bcache-cache-set/{id}"],
  "create-bcache": ["POST", "bcaches"],
  "update-bcache": ["PATCH", "bcache/{id}"],
  "delete-bcache": ["DELETE", "bcache/{id}"],
  "create-datastore": ["POST", "vmfs-datastores"],
  "update-datastore": ["PATCH", "vmfs-datastore/{id}"],
  "delete-datastore": ["DELETE", "vmfs-datastore/{id}"],
} as const satisfies Record<string, readonly [Change["method"], string]>;

/** Lists below a machine. */
export const LISTS = { raids: "raids", volumeGroups: "volume-groups", bcaches: "bcaches", cacheSets: "bcache-cache-sets", datastores: "vmfs-datastores" } as const;

export type OperationName = keyof typeof OPERATIONS;

type Braced<Path> = Path extends `${string}{${infer Name}}${infer Rest}` ? Name | Braced<Rest> : never;

/** What a path has to be filled in with. */
type Keys<Name extends OperationName> = Record<Braced<(typeof OPERATIONS)[Name][1]>, number>;

/** The path of what is below a machine. */
export function below(machine: { system_id: string }, rest: string): string {
  return `${pathOf("machines", machine.system_id)}/${rest}`;
}

/** An operation on a machine as a request. */
export function request<Name extends OperationName>(machine: { system_id: string }, name: Name, keys: Keys<Name>, body?: Record<string, unknown>): Change {
  const [method, template] = OPERATIONS[name];
  const path = template.replace(/\{(\w+)\}/g, (_, key: string) => String((keys as Record<string, number>)[key]));
  return { method, path: below(machine, path), ...(method === "DELETE" ? {} : { body: body ?? {} }) };
}
