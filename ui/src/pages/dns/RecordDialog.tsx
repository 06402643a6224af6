/** What is asked before a record is made, changed or deleted. */

import type { Field } from "../../form/Fields";
import { ObjectDialog } from "../../form/ObjectDialog";
import { ConfirmWithPlan } from "../../parts/ConfirmWithPlan";
import type { DnsRecord, DnsResource, Domain } from "./records";
import { below } from "./records";

export type Asked =
  | { kind: "address"; item?: DnsResource }
  | { kind: "record"; item?: DnsRecord }
  | { kind: "delete"; path: string; name: string };

const HINTS: Record<string, string> = {
  CNAME: "www.lab.example.",
  MX: "10 mail.lab.example.",
  NS: "ns1.lab.example.",
  SRV: "10 5 5060 sip.lab.example.",
  SSHFP: "4 2 4f6e…",
  TXT: "v=spf1 -all",
};

const name = (domain: Domain): Field => ({ name: "fqdn", label: "Name", isNeeded: true, help: `In full: it ends in ${domain.name}.` });

export function RecordDialogs({ domain, asked, onClose }: { domain: Domain; asked: Asked; onClose: () => void }) {
  if (asked.kind === "delete") {
    return <ConfirmWithPlan title={`Delete ${asked.name}?`} change={{ method: "DELETE", path: asked.path }} verb="Delete" isDangerous isReversible done={`Deleted: ${asked.name}`} onClose={onClose} />;
  }
  if (asked.kind === "address") {
    const { item } = asked;
    const fields: Field[] = [
      name(domain),
      { name: "ip_addresses", label: "Addresses", isNeeded: true, placeholder: "10.20.0.61 fd00:20::61", help: "With blanks between them." },
      { name: "address_ttl", label: "TTL in seconds", kind: "number", help: "That of the zone when it is left empty." },
    ];
    const initial = { fqdn: item?.fqdn ?? `.${domain.name}`, ip_addresses: item?.ip_addresses.map(({ ip }) => ip).join(" ") ?? "", address_ttl: item?.address_ttl ?? "" };
    return <ObjectDialog resource="dns-resources" noun="name" item={item} name={item?.fqdn ?? ""} fields={fields} initial={initial} onClose={onClose} />;
  }
  const { item } = asked;
  const type = item?.rrtype;
  const fields: Field[] = [
    ...(item === undefined ? [name(domain)] : []),
    { name: "rrtype", label: "Type", kind: "select", options: Object.entries(HINTS).map(([value, hint]) => ({ value, label: `${value}  ${hint}` })) },
    { name: "rrdata", label: "Data", isNeeded: true, placeholder: HINTS[type ?? "CNAME"] ?? "", help: "As a zone file has it. Names end in a dot." },
    { name: "ttl", label: "TTL in seconds", kind: "number", help: "That of the zone when it is left empty." },
  ];
  const initial = { ...(item === undefined ? { fqdn: `.${domain.name}` } : {}), rrtype: type ?? "CNAME", rrdata: item?.rrdata ?? "", ttl: item?.ttl ?? "" };
  return <ObjectDialog resource="dns-records" noun="record" item={item} name={item === undefined ? "" : `${item.rrtype} of ${below(item.fqdn, domain.name) ?? item.fqdn}`} fields={fields} initial={initial} onClose={onClose} />;
}
