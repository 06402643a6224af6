/** A VLAN: whether DHCP is answered on it, by whom, and the subnets that it has. */

import { useState } from "react";
import { Link, useNavigate, useParams } from "react-router";

import { useAll, useCounts, useObject } from "../../api/lists";
import { pathOf } from "../../api/resources";
import { Button } from "../../parts/Button";
import { ConfirmWithPlan } from "../../parts/ConfirmWithPlan";
import { Dialog } from "../../parts/Dialog";
import { PageHeader } from "../../parts/PageHeader";
import { Beside, Column, Facts, Note, orNone, Panel, Panels } from "../../parts/Panel";
import { PlainTable } from "../../parts/PlainTable";
import { count } from "../../parts/PlanView";
import { Empty } from "../../parts/Problem";
import type { Tone } from "../../parts/Status";
import { Status } from "../../parts/Status";
import { UnreadPage } from "../../parts/UnreadPage";
import { Verdict } from "../../parts/Verdict";
import { SessionStatus } from "../controllers/SessionStatus";
import type { Rack, Racks } from "./dhcp";
import { byId, dhcpFindings, dhcpState } from "./dhcp";
import { DhcpForm, racksOf } from "./DhcpForm";
import { ADVERTISEMENTS, bySubnet, SubnetDialog, VlanDialog } from "./forms";
import type { Subnet, Vlan } from "./tree";
import { spaceOf, vlanName } from "./tree";
import { Usage } from "./Usage";

const ABOVE = [{ title: "Networks", to: "/networks" }];

export default function VlanPage() {
  const { id = "" } = useParams();
  const read = useObject("vlans", id);
  const { item } = read;
  if (item === undefined) return <UnreadPage title={`VLAN ${id}`} above={ABOVE} result={read} />;
  return <Page key={item.id} vlan={item} />;
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
      <Panels>
        <Verdict findings={dhcpFindings(vlan, known)} {...standing(vlan, known)} />
        <Beside isFirstWide>
          <Column>
            <Subnets subnets={subnets} onNew={() => setOpen("subnet")} />
            <RacksPanel vlan={vlan} racks={racks} relayed={relayed} />
          </Column>
          <Panel title="Facts">
            <Facts
              of={[
                ["Fabric", vlan.fabric],
                ["Tag (VID)", vlan.vid === 0 ? "0, untagged" : String(vlan.vid)],
                ["Space", spaceOf(vlan)],
                ["MTU", `${vlan.mtu.toLocaleString("en")} bytes`],
                ["Router advertisements", ADVERTISEMENTS.find(({ value }) => value === vlan.router_advertisements)?.label ?? vlan.router_advertisements],
                ["DHCP relayed by", orNone(vlan.relayed_by.map((rack) => known?.get(rack)?.hostname ?? rack).join(", "))],
                ["Service addresses", orNone(vlan.service_addresses.join(", "))],
                ["Held by", orNone(vlan.service_rack ? (known?.get(vlan.service_rack)?.hostname ?? vlan.service_rack) : "")],
                ["Other DHCP server", orNone(vlan.external_dhcp)],
                ["Description", orNone(vlan.description)],
              ]}
            />
          </Panel>
        </Beside>
      </Panels>
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

/** What is said of its DHCP when nothing is wrong with it. */
function standing(vlan: Vlan, racks: Racks): { tone: Tone; well: string } {
  if (vlan.relay_to.length > 0) return { tone: "good", well: "DHCP of this VLAN is relayed to servers of others" };
  if (vlan.proxy_dhcp) return { tone: "good", well: "Another server gives addresses here, and racks say what machines boot" };
  if (!vlan.dhcp_on && !vlan.relay_vlan) return { tone: "idle", well: "DHCP is off: machines on this VLAN do not boot from the network by this site" };
  return racks === null ? { tone: "idle", well: "DHCP is on" } : { tone: "good", well: "DHCP is answered on this VLAN" };
}

function Subnets({ subnets, onNew }: { subnets: ReturnType<typeof useAll<"subnets">>; onNew: () => void }) {
  return (
    <Panel
      title="Subnets"
      result={subnets}
      actions={
        <Button size="small" onPress={onNew}>
          New subnet
        </Button>
      }
    >
      <PlainTable
        label="Subnets"
        rows={[...subnets.items].sort(bySubnet)}
        rowKey={(subnet) => String(subnet.id)}
        empty={<Empty title="It has no subnet">A subnet says which addresses hosts on this VLAN get.</Empty>}
        columns={[
          {
            header: "Prefix",
            cell: (subnet) => (
              <Link to={`/subnets/${subnet.id}`}>
                <code>{subnet.cidr}</code>
              </Link>
            ),
          },
          { header: "Name", cell: (subnet) => (subnet.name === subnet.cidr ? "" : subnet.name) },
          { header: "Use", cell: (subnet) => <Usage subnet={subnet.id} /> },
          { header: "Gateway", cell: (subnet) => subnet.gateway_ip ?? "" },
        ]}
      />
    </Panel>
  );
}

function RacksPanel({ vlan, racks, relayed }: { vlan: Vlan; racks: ReturnType<typeof useAll<"racks">>; relayed: readonly Vlan[] }) {
  const rows = racksOf(vlan, racks.items);
  const service = (rack: Rack) => rack.service_set.find((one) => one.name === "dhcpd");
  return (
    <Panel title="Racks" beside={vlan.relay_vlan ? `They answer on ${vlanName(vlan.relay_vlan)}, where this VLAN is relayed to` : "Who answers DHCP on this VLAN, and who could"} result={racks}>
      <PlainTable
        label="Racks"
        rows={rows}
        rowKey={({ rack }) => rack.system_id}
        empty={<Empty title="No rack has joined">A rack with an interface on this VLAN serves it: see “ironraft rack join --help”.</Empty>}
        columns={[
          { header: "Rack", cell: ({ rack }) => <strong>{rack.hostname}</strong> },
          { header: "Role here", cell: ({ role }) => role },
          { header: "Session", cell: ({ rack }) => <SessionStatus rack={rack} /> },
          { header: "DHCP of the rack", cell: ({ rack }) => <Status tone={service(rack)?.status === "running" ? "good" : service(rack)?.status === "dead" ? "bad" : "neutral"} detail={service(rack)?.status_info}>{service(rack)?.status ?? "unknown"}</Status> },
          { header: "Interface here", cell: ({ link }) => link ?? "none is known" },
          { header: "Version", cell: ({ rack }) => rack.version ?? "" },
        ]}
      />
      {relayed.length > 0 && (
        <Note>
          Relayed to this VLAN:{" "}
          {relayed.map((one, at) => (
            <span key={one.id}>
              {at > 0 && ", "}
              <Link to={`/vlans/${one.id}`}>{`${one.fabric} ${vlanName(one)}`}</Link>
            </span>
          ))}
        </Note>
      )}
    </Panel>
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
        of={[
          ["Subnets of it", subnets.length === 0 ? orNone("") : subnets.map((subnet, at) => <span key={subnet.id}>{at > 0 && ", "}<Link to={`/subnets/${subnet.id}`}>{subnet.cidr}</Link></span>)],
          ["Relayed to it", orNone(relayed.map(vlanName).join(", "))],
          ["Machines on it", total === 0 ? orNone("") : <Link key="m" to={`/machines?q=${encodeURIComponent(`fabric:"${vlan.fabric}" vlan:${vlan.vid}`)}`}>{count(total, "machine")}</Link>],
        ]}
      />
    </ConfirmWithPlan>
  );
}
