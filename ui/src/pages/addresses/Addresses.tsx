/** Addresses that users reserved for what this site does not manage. */

import { useState } from "react";
import { Link } from "react-router";

import { useAll } from "../../api/lists";
import type { Item } from "../../api/resources";
import type { Field } from "../../form/Fields";
import { filled } from "../../form/Fields";
import { FormDialog } from "../../form/FormDialog";
import { Button } from "../../parts/Button";
import { ConfirmWithPlan } from "../../parts/ConfirmWithPlan";
import { PageHeader } from "../../parts/PageHeader";
import { Empty } from "../../parts/Problem";
import { Time } from "../../parts/Time";
import type { Column } from "../../table/columns";
import { ResourceTable } from "../../table/ResourceTable";
import { bySubnet } from "../networks/forms";

type Address = Item<"ip-addresses">;

const client = (address: Address) => address.interface_set.map((one) => one.mac_address).join(", ");

export default function Addresses() {
  const [isReserving, setReserving] = useState(false);
  const [released, setReleased] = useState<Address | null>(null);
  const columns: Column<Address>[] = [
    { id: "ip", header: "Address", cell: (address) => <code>{address.ip}</code>, text: (address) => address.ip, sort: "ip", width: "minmax(150px, 1.2fr)", card: "title" },
    { id: "subnet", header: "Subnet", cell: (address) => (address.subnet ? <Link to={`/subnets/${address.subnet.id}`}>{address.subnet.cidr}</Link> : null), text: (address) => address.subnet?.cidr ?? "", sort: "subnet.cidr", width: "minmax(150px, 1.2fr)", card: "below" },
    { id: "kind", header: "Kind", text: (address) => address.alloc_type_name, sort: "alloc_type_name", width: "minmax(120px, 1fr)" },
    { id: "owner", header: "Owner", text: (address) => address.owner?.username ?? "", sort: "owner.username", width: "minmax(100px, 1fr)", card: "below" },
    { id: "client", header: "Client", cell: (address) => (client(address) === "" ? null : <code>{client(address)}</code>), text: client, width: "minmax(150px, 1.2fr)" },
    { id: "created", header: "Since", cell: (address) => <Time at={address.created} />, text: (address) => address.created ?? "", sort: "created", width: "minmax(110px, 1fr)", card: "below" },
    {
      id: "deeds",
      header: "Actions",
      cell: (address) => (
        <Button size="small" kind="quiet" onPress={() => setReleased(address)}>
          Release…
        </Button>
      ),
      text: () => "",
      width: "110px",
      card: "beside",
    },
  ];
  return (
    <>
      <PageHeader title="Reserved addresses">
        <Button kind="primary" onPress={() => setReserving(true)}>
          Reserve an address
        </Button>
      </PageHeader>
      <ResourceTable
        resource="ip-addresses"
        noun={["reserved address", "reserved addresses"]}
        columns={columns}
        defaultSort="ip"
        placeholder="ip:10.20.0.0/24 owner.username:anna"
        facets={[{ field: "owner.username", label: "Owner" }, { field: "subnet.cidr", label: "Subnet" }]}
        empty={
          <Empty title="No address is reserved">
            <p>Reserve one for what has an address of a subnet without being a machine or a device. Addresses that DHCP keeps for a client are on the page of their subnet.</p>
          </Empty>
        }
      />
      {isReserving && <ReserveDialog onClose={() => setReserving(false)} />}
      {released !== null && <ReleaseDialog address={released} onClose={() => setReleased(null)} />}
    </>
  );
}

function ReleaseDialog({ address, onClose }: { address: Address; onClose: () => void }) {
  return (
    <ConfirmWithPlan
      title={`Release ${address.ip}?`}
      change={{ method: "POST", path: "/api/v1/ip-addresses/release", body: { ip: address.ip } }}
      verb="Release"
      isDangerous
      isReversible
      done={`${address.ip} was released`}
      onClose={onClose}
    >
      <p>From then on it may be given to somebody else.</p>
    </ConfirmWithPlan>
  );
}

function ReserveDialog({ onClose }: { onClose: () => void }) {
  const subnets = useAll("subnets");
  const options = [...subnets.items].sort(bySubnet).map((subnet) => ({ value: subnet.cidr, label: subnet.name === subnet.cidr ? subnet.cidr : `${subnet.cidr} ${subnet.name}` }));
  const fields: Field[] = [
    { name: "subnet", label: "Subnet", kind: "select", isNeeded: true, options },
    { name: "ip", label: "Address", help: "A free one is chosen when it is left empty." },
    { name: "hostname", label: "Name", help: "It stands in the DNS." },
    { name: "mac", label: "Hardware address", help: "DHCP gives the address to this client." },
  ];
  return <FormDialog title="Reserve an address" waitsFor={[subnets]} fields={fields} change={(values) => ({ method: "POST", path: "/api/v1/ip-addresses/reserve", body: filled(values) })} submit="Reserve" done="The address was reserved" isReversible onClose={onClose} />;
}
