/** What is asked before something of a subnet is made, changed or deleted. */

import { useAll } from "../../api/lists";
import type { Item } from "../../api/resources";
import { keyOf, pathOf } from "../../api/resources";
import type { Field, Values } from "../../form/Fields";
import { ObjectDialog } from "../../form/ObjectDialog";
import { ConfirmWithPlan } from "../../parts/ConfirmWithPlan";
import { Status } from "../../parts/Status";
import { meeting } from "./address";
import { bySubnet } from "./forms";
import type { Subnet } from "./tree";
import type { Statistics } from "./Usage";

type Part = "ip-ranges" | "prefix-pools" | "reserved-ips" | "static-routes" | "dhcp-snippets";

export type Asked =
  | { kind: "range"; item?: Item<"ip-ranges">; type?: "dynamic" | "reserved"; ip?: string }
  | { kind: "pool"; item?: Item<"prefix-pools"> }
  | { kind: "reserved"; item?: Item<"reserved-ips">; ip?: string; mac?: string }
  | { kind: "route"; item?: Item<"static-routes"> }
  | { kind: "snippet"; item?: Item<"dhcp-snippets"> }
  | { kind: "delete"; resource: Part; item: Item<Part>; name: string };

interface Props {
  subnet: Subnet;
  statistics: Statistics | undefined;
  asked: Asked;
  onClose: () => void;
}

export function SubnetDialogs({ subnet, statistics, asked, onClose }: Props) {
  switch (asked.kind) {
    case "range":
      return <RangeDialog subnet={subnet} statistics={statistics} asked={asked} onClose={onClose} />;
    case "pool":
      return <PoolDialog subnet={subnet} asked={asked} onClose={onClose} />;
    case "reserved":
      return <ReservedDialog subnet={subnet} asked={asked} onClose={onClose} />;
    case "route":
      return <RouteDialog subnet={subnet} asked={asked} onClose={onClose} />;
    case "snippet":
      return <SnippetDialog subnet={subnet} asked={asked} onClose={onClose} />;
    case "delete":
      return (
        <ConfirmWithPlan
          title={`Delete ${asked.name}?`}
          change={{ method: "DELETE", path: pathOf(asked.resource, keyOf(asked.resource, asked.item)), ifMatch: asked.item.revision }}
          verb="Delete"
          isDangerous
          isReversible
          done={`Deleted: ${asked.name}`}
          onClose={onClose}
        />
      );
  }
}

type Of<K extends Asked["kind"]> = { subnet: Subnet; asked: Extract<Asked, { kind: K }>; onClose: () => void };

function RangeDialog({ subnet, statistics, asked, onClose }: Of<"range"> & { statistics: Statistics | undefined }) {
  const { item } = asked;
  const suggested = asked.ip === undefined ? statistics?.suggested_dynamic_range : null;
  const ranges = useAll("ip-ranges", { filter: `subnet.id:${subnet.id}`, sort: "start_ip" });
  const others = ranges.items.filter((range) => range.id !== item?.id);
  const fields: Field[] = [
    ...(item === undefined
      ? [
          {
            name: "type",
            label: "What for",
            kind: "select" as const,
            options: [
              { value: "dynamic", label: "Dynamic: DHCP gives it to new clients" },
              { value: "reserved", label: "Reserved: nothing of the site uses it" },
            ],
          },
        ]
      : []),
    { name: "start_ip", label: "From", isNeeded: true },
    { name: "end_ip", label: "To", isNeeded: true, help: "What would happen says first whether it meets another range or an address that somebody has." },
    { name: "comment", label: "Comment" },
  ];
  const initial = {
    ...(item === undefined ? { type: asked.type ?? "reserved" } : {}),
    start_ip: item?.start_ip ?? asked.ip ?? suggested?.start ?? "",
    end_ip: item?.end_ip ?? asked.ip ?? suggested?.end ?? "",
    comment: item?.comment ?? "",
  };
  return (
    <ObjectDialog resource="ip-ranges" noun="range" item={item} name={item === undefined ? "" : `${item.start_ip} to ${item.end_ip}`} fields={fields} initial={initial} fixed={{ subnet: String(subnet.id) }} onClose={onClose}>
      {(values) => <InTheWay ranges={meeting(others, String(values.start_ip ?? ""), String(values.end_ip ?? ""))} />}
    </ObjectDialog>
  );
}

/** Which ranges one that is being typed meets: it would be refused, and the refusal does not say why. */
function InTheWay({ ranges }: { ranges: readonly Item<"ip-ranges">[] }) {
  return (
    <div role="status">
      {ranges.map((range) => (
        <Status key={range.id} tone="warn">{`It meets the ${range.type} range ${range.start_ip} to ${range.end_ip}.`}</Status>
      ))}
    </div>
  );
}

function PoolDialog({ subnet, asked, onClose }: Of<"pool">) {
  const { item } = asked;
  const fields: Field[] = [
    ...(item === undefined
      ? [
          { name: "prefix", label: "Prefix", isNeeded: true, placeholder: "2001:db8::/40", help: "It overlaps no subnet, and stays." },
          { name: "delegated_length", label: "Length of each prefix that is delegated", kind: "number" as const, isNeeded: true, help: "From 48 to 64; it stays." },
        ]
      : []),
    { name: "comment", label: "Comment" },
  ];
  const initial: Values = item === undefined ? { prefix: "", delegated_length: 56, comment: "" } : { comment: item.comment };
  return <ObjectDialog resource="prefix-pools" noun="prefix pool" item={item} name={item?.prefix ?? ""} fields={fields} initial={initial} fixed={{ subnet: String(subnet.id) }} onClose={onClose} />;
}

function ReservedDialog({ subnet, asked, onClose }: Of<"reserved">) {
  const { item } = asked;
  const fields: Field[] = [
    ...(item === undefined
      ? [
          { name: "ip", label: "Address", isNeeded: true },
          { name: "mac_address", label: "Hardware address of the client", isNeeded: true, placeholder: "52:54:00:12:34:56" },
        ]
      : []),
    { name: "comment", label: "Comment" },
  ];
  const initial: Values = item === undefined ? { ip: asked.ip ?? "", mac_address: asked.mac ?? "", comment: "" } : { comment: item.comment ?? "" };
  return <ObjectDialog resource="reserved-ips" noun="reserved IP" item={item} name={item?.ip ?? ""} fields={fields} initial={initial} fixed={{ subnet: String(subnet.id) }} onClose={onClose} />;
}

function RouteDialog({ subnet, asked, onClose }: Of<"route">) {
  const { item } = asked;
  const subnets = useAll("subnets");
  const isV6 = subnet.cidr.includes(":");
  const options = subnets.items
    .filter((one) => one.id !== subnet.id && one.cidr.includes(":") === isV6)
    .sort(bySubnet)
    .map((one) => ({ value: String(one.id), label: one.name === one.cidr ? one.cidr : `${one.cidr} ${one.name}` }));
  const fields: Field[] = [
    { name: "destination", label: "To the subnet", kind: "select", options, isNeeded: true },
    { name: "gateway_ip", label: "By the gateway", isNeeded: true, help: `An address of ${subnet.cidr}.` },
    { name: "metric", label: "Metric", kind: "number", help: "The route with the least counts." },
  ];
  const initial = { destination: String(item?.destination.id ?? options[0]?.value ?? ""), gateway_ip: item?.gateway_ip ?? subnet.gateway_ip ?? "", metric: item?.metric ?? 0 };
  return <ObjectDialog resource="static-routes" noun="route" waitsFor={[subnets]} item={item} name={item === undefined ? "" : `to ${item.destination.cidr}`} fields={fields} initial={initial} fixed={{ source: String(subnet.id) }} onClose={onClose} />;
}

function SnippetDialog({ subnet, asked, onClose }: Of<"snippet">) {
  const { item } = asked;
  const fields: Field[] = [
    { name: "name", label: "Name", isNeeded: true },
    { name: "value", label: "What clients are told", kind: "textarea", isNeeded: true, placeholder: "option ntp-servers 10.20.0.2;", help: "In the words of ISC's dhcpd.conf: options, lease times, next-server, filename, class and if." },
    { name: "enabled", label: "Clients are told it", kind: "checkbox" },
    { name: "description", label: "Description" },
  ];
  const initial = { name: item?.name ?? "", value: item?.value ?? "", enabled: item?.enabled ?? true, description: item?.description ?? "" };
  return <ObjectDialog resource="dhcp-snippets" noun="snippet" item={item} name={item?.name ?? ""} fields={fields} initial={initial} fixed={{ subnet: String(subnet.id) }} onClose={onClose} />;
}
