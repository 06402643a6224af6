/** A VLAN: whether DHCP is answered on it, by whom, and the subnets that it has. */

import { useState } from "react";
import { Link, useNavigate, useParams } from "react-router";

import { useAll, useCounts, useObject } from "../../api/lists";
import { pathOf } from "../../api/resources";
import { Dialog } from "../../parts/Dialog";
import { Beside, Block, Blocks, Column, Facts } from "../../parts/Block";
import { Button } from "../../parts/Button";
import { ConfirmWithPlan } from "../../parts/ConfirmWithPlan";
import { PageHeader } from "../../parts/PageHeader";
import { count } from "../../parts/PlanView";
import { Empty, Loading, ProblemView } from "../../parts/Problem";
import { Status } from "../../parts/Status";
import { Verdict } from "../../parts/Verdict";
import { ShortTable } from "../../table/ShortTable";
import { isConnected } from "../overview/RacksCard";
import type { Rack } from "./dhcp";
import { byId, dhcpFindings, dhcpState } from "./dhcp";
import { DhcpForm, racksOf } from "./DhcpForm";
import { bySubnet, SubnetDialog, VlanDialog } from "./forms";
import type { Subnet, Vlan } from "./tree";
import { vlanName } from "./tree";
import styles from "./Networks.module.css";
import { Usage } from "./Usage";

const ABOVE = [{ title: "Networks", to: "/networks" }];

export default function VlanPage() {
  const { id = "" } = useParams();
  const { item, error, refetch } = useObject("vlans", id);
  if (error !== null && item === undefined) {
    return (
      <>
        <PageHeader title={`VLAN ${id}`} above={ABOVE} />
        <Blocks>
          <ProblemView error={error} onRetry={() => void refetch()} />
        </Blocks>
      </>
    );
  }
  return item === undefined ? <Loading /> : <Page key={item.id} vlan={item} />;
}

type Open = "change" | "dhcp" | "subnet" | "delete" | null;

function Page({ vlan }: { vlan: Vlan }) {
  const [open, setOpen] = useState<Open>(null);
  const navigate = useNavigate();
  const subnets = useAll("subnets", { filter: `vlan.id:${vlan.id}` });
  const vlans = useAll("vlans");
  const racks = useAll("racks");
  const known = byId(racks);
  const state = dhcpState(vlan, known);
  const relayed = vlans.items.filter((one) => one.relay_vlan?.id === vlan.id);
  const close = () => setOpen(null);
  const name = vlanName(vlan);
  return (
    <>
      <PageHeader title={name} beside={<Status tone={state.tone} detail={state.word}>{`DHCP ${state.word.charAt(0).toLowerCase()}${state.word.slice(1)}`}</Status>} above={[...ABOVE, { title: vlan.fabric, to: `/networks?q=${encodeURIComponent(vlan.fabric)}` }]}>
        <Button kind="primary" onPress={() => setOpen("dhcp")}>
          DHCP…
        </Button>
        <Button onPress={() => setOpen("change")}>Change…</Button>
        <Button kind="quiet" onPress={() => setOpen("delete")}>
          Delete…
        </Button>
      </PageHeader>
      <Blocks>
        <Verdict findings={dhcpFindings(vlan, known)} tone={(vlan.dhcp_on || vlan.relay_vlan) && known !== null ? "good" : "idle"} well={vlan.dhcp_on || vlan.relay_vlan ? (known === null ? "DHCP is on" : "DHCP is answered on this VLAN") : "DHCP is off: machines on this VLAN do not boot from the network by this site"} />
        <Beside>
          <Column>
            <Subnets subnets={subnets} onNew={() => setOpen("subnet")} />
            <RacksBlock vlan={vlan} racks={racks} relayed={relayed} />
          </Column>
          <Block title="Facts">
            <Facts
              facts={[
                ["Fabric", vlan.fabric],
                ["Tag (VID)", vlan.vid === 0 ? "0, untagged" : String(vlan.vid)],
                ["Space", vlan.space === "undefined" ? "" : vlan.space],
                ["MTU", `${vlan.mtu.toLocaleString("en")} bytes`],
                ["Other DHCP server", vlan.external_dhcp ?? ""],
                ["Description", vlan.description],
              ]}
            />
          </Block>
        </Beside>
      </Blocks>
      {open === "change" && <VlanDialog vlan={vlan} onClose={close} />}
      {open === "subnet" && <SubnetDialog vlan={vlan.id} onClose={close} />}
      {open === "dhcp" && (
        <Dialog title={`DHCP on ${name}`} isOpen onClose={close} isDismissable={false}>
          <DhcpForm vlan={vlan} vlans={vlans.items} racks={racks.items} onDone={close} onCancel={close}>
            {subnets.items.length === 0 && <p>This VLAN has no subnet yet: DHCP needs one, with a dynamic range.</p>}
          </DhcpForm>
        </Dialog>
      )}
      {open === "delete" && <DeleteDialog vlan={vlan} subnets={subnets.items} relayed={relayed} onClose={close} onDone={() => void navigate("/networks")} />}
    </>
  );
}

function Subnets({ subnets, onNew }: { subnets: ReturnType<typeof useAll<"subnets">>; onNew: () => void }) {
  return (
    <Block
      title="Subnets"
      result={subnets}
      actions={
        <Button size="small" onPress={onNew}>
          New subnet
        </Button>
      }
    >
      <ShortTable
        label="Subnets"
        rows={[...subnets.items].sort(bySubnet)}
        rowKey={(subnet) => String(subnet.id)}
        empty={<Empty title="It has no subnet">A subnet says which addresses hosts on this VLAN get.</Empty>}
        columns={[
          {
            id: "cidr",
            header: "Prefix",
            cell: (subnet) => (
              <Link to={`/subnets/${subnet.id}`}>
                <code>{subnet.cidr}</code>
              </Link>
            ),
          },
          { id: "name", header: "Name", cell: (subnet) => (subnet.name === subnet.cidr ? "" : subnet.name) },
          { id: "use", header: "Use", cell: (subnet) => <Usage subnet={subnet.id} /> },
          { id: "gateway", header: "Gateway", cell: (subnet) => subnet.gateway_ip ?? "" },
        ]}
      />
    </Block>
  );
}

function RacksBlock({ vlan, racks, relayed }: { vlan: Vlan; racks: ReturnType<typeof useAll<"racks">>; relayed: readonly Vlan[] }) {
  const rows = racksOf(vlan, racks.items);
  const service = (rack: Rack) => rack.service_set.find((one) => one.name === "dhcpd");
  return (
    <Block title="Racks" beside={vlan.relay_vlan ? `They answer on ${vlanName(vlan.relay_vlan)}, where this VLAN is relayed to` : "Who answers DHCP on this VLAN, and who could"} result={racks}>
      <ShortTable
        label="Racks"
        rows={rows}
        rowKey={({ rack }) => rack.system_id}
        empty={<Empty title="No rack has joined">A rack with an interface on this VLAN serves it: see “ironraft rack join --help”.</Empty>}
        columns={[
          { id: "rack", header: "Rack", cell: ({ rack }) => <strong>{rack.hostname}</strong> },
          { id: "role", header: "Role here", cell: ({ role }) => (role === "" ? "" : role) },
          { id: "state", header: "Session", cell: ({ rack }) => <Status tone={isConnected(rack) ? "good" : "bad"}>{isConnected(rack) ? "Connected" : "Away"}</Status> },
          { id: "dhcpd", header: "DHCP of the rack", cell: ({ rack }) => <Status tone={service(rack)?.status === "running" ? "good" : service(rack)?.status === "dead" ? "bad" : "neutral"} detail={service(rack)?.status_info}>{service(rack)?.status ?? "unknown"}</Status> },
          { id: "link", header: "Interface here", cell: ({ link }) => link ?? "none is known" },
          { id: "version", header: "Version", cell: ({ rack }) => rack.version ?? "" },
        ]}
      />
      {relayed.length > 0 && (
        <p className={styles.free}>
          Relayed to this VLAN:{" "}
          {relayed.map((one, at) => (
            <span key={one.id}>
              {at > 0 && ", "}
              <Link to={`/vlans/${one.id}`}>{`${one.fabric} ${vlanName(one)}`}</Link>
            </span>
          ))}
        </p>
      )}
    </Block>
  );
}

function DeleteDialog({ vlan, subnets, relayed, onClose, onDone }: { vlan: Vlan; subnets: readonly Subnet[]; relayed: readonly Vlan[]; onClose: () => void; onDone: () => void }) {
  const machines = useCounts("machines", `fabric:"${vlan.fabric}" vlan:${vlan.vid}`);
  const total = machines.data?.total ?? 0;
  return (
    <ConfirmWithPlan
      title={`Delete ${vlanName(vlan)} of ${vlan.fabric}?`}
      change={{ method: "DELETE", path: pathOf("vlans", String(vlan.id)), ifMatch: vlan.revision }}
      verb="Delete"
      isDangerous
      isReversible
      done={`${vlanName(vlan)} of ${vlan.fabric} was deleted`}
      onClose={onClose}
      onDone={onDone}
    >
      <Facts
        facts={[
          ["Subnets of it", subnets.length === 0 ? "" : subnets.map((subnet, at) => <span key={subnet.id}>{at > 0 && ", "}<Link to={`/subnets/${subnet.id}`}>{subnet.cidr}</Link></span>)],
          ["Relayed to it", relayed.map(vlanName).join(", ")],
          ["Machines on it", total === 0 ? "" : <Link key="m" to={`/machines?q=${encodeURIComponent(`fabric:"${vlan.fabric}" vlan:${vlan.vid}`)}`}>{count(total, "machine")}</Link>],
        ]}
      />
    </ConfirmWithPlan>
  );
}
