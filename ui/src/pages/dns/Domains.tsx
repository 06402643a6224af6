/** All zones of the DNS. */

import { useState } from "react";
import { useNavigate } from "react-router";

import { useFirstPage } from "../../api/lists";
import type { Field } from "../../form/Fields";
import { ObjectDialog } from "../../form/ObjectDialog";
import { Button } from "../../parts/Button";
import { PageHeader } from "../../parts/PageHeader";
import { Empty } from "../../parts/Problem";
import { Status } from "../../parts/Status";
import type { Column } from "../../table/columns";
import { ResourceTable } from "../../table/ResourceTable";
import type { Domain } from "./records";
import { ttlSpoken } from "./ttl";

export const DOMAIN_FIELDS: Field[] = [
  { name: "name", label: "Name", isNeeded: true, placeholder: "lab.example" },
  { name: "ttl", label: "TTL in seconds", kind: "number", help: "Of its records that have none of their own; the setting default_dns_ttl when it is left empty." },
  { name: "authoritative", label: "The racks answer for it", kind: "checkbox", help: "Off: its names are kept here and asked of others." },
];

export default function Domains() {
  const [isMaking, setMaking] = useState(false);
  const navigate = useNavigate();
  const setting = useFirstPage("settings", { filter: "name:default_dns_ttl,upstream_dns" });
  const value = (name: string) => setting.data?.items.find((one) => one.name === name)?.value;
  const columns: Column<Domain>[] = [
    { id: "name", header: "Name", text: (domain) => domain.name, sort: "name", width: "minmax(180px, 2fr)", card: "title" },
    {
      id: "default",
      header: "Default",
      cell: (domain) => (domain.is_default ? <Status tone="good" detail="Machines without a domain, controllers and leases have their names here">Default</Status> : null),
      text: (domain) => (domain.is_default ? "default" : ""),
      width: "minmax(110px, 1fr)",
      card: "beside",
    },
    {
      id: "authoritative",
      header: "Answered by",
      cell: (domain) => <Status tone={domain.authoritative ? "good" : "idle"}>{domain.authoritative ? "The racks" : "Others"}</Status>,
      text: (domain) => (domain.authoritative ? "racks" : "others"),
      sort: "authoritative",
      width: "minmax(120px, 1fr)",
      card: "below",
    },
    { id: "records", header: "Records", cell: (domain) => domain.resource_record_count.toLocaleString("en"), text: (domain) => domain.resource_record_count, sort: "resource_record_count", width: "minmax(90px, 110px)", isNumeric: true },
    { id: "ttl", header: "TTL", cell: (domain) => ttlSpoken(domain.ttl ?? null, Number(value("default_dns_ttl") ?? Number.NaN)), text: (domain) => domain.ttl ?? "", sort: "ttl", width: "minmax(150px, 1fr)", card: "below" },
  ];
  const forwarders = value("upstream_dns");
  return (
    <>
      <PageHeader title="DNS" beside={<small>{typeof forwarders === "string" && forwarders !== "" ? `Other names are asked of ${forwarders}` : setting.data === undefined ? "" : "Other names are asked of nobody: set upstream_dns"}</small>}>
        <Button kind="primary" onPress={() => setMaking(true)}>
          New zone
        </Button>
      </PageHeader>
      <ResourceTable resource="domains" noun={["zone", "zones"]} columns={columns} defaultSort="name" href={(domain) => `/domains/${domain.id}`} empty={<Empty title="There are no zones" />} />
      {isMaking && (
        <ObjectDialog
          resource="domains"
          noun="zone"
          fields={DOMAIN_FIELDS}
          initial={{ name: "", ttl: "", authoritative: true }}
          onClose={() => setMaking(false)}
          onDone={(answer) => void navigate(`/domains/${(answer.data as Domain).id}`)}
        />
      )}
    </>
  );
}
