/** One host that a rack saw: who it is as far as is known, and a device of it. */

import { useState } from "react";
import { Link, useNavigate, useParams } from "react-router";

import { useFirstPage, useObject } from "../../api/lists";
import { pathOf } from "../../api/resources";
import { Button } from "../../parts/Button";
import { ConfirmWithPlan } from "../../parts/ConfirmWithPlan";
import { PageHeader } from "../../parts/PageHeader";
import { Facts, Packed, Panel, Panels } from "../../parts/Panel";
import { Status } from "../../parts/Status";
import { Time } from "../../parts/Time";
import { UnreadPage } from "../../parts/UnreadPage";
import { NewDevice } from "../devices/NewDevice";
import type { Discovery } from "./columns";
import { observerOf, placeOf } from "./columns";

const ABOVE = [{ title: "Discoveries", to: "/discoveries" }];

export default function DiscoveryPage() {
  const { id = "" } = useParams();
  const read = useObject("discoveries", id);
  const { item } = read;
  if (item === undefined) return <UnreadPage title="A host" above={ABOVE} result={read} />;
  return <Shown seen={item} />;
}

function Shown({ seen }: { seen: Discovery }) {
  const [asked, setAsked] = useState<"device" | "forget" | null>(null);
  const navigate = useNavigate();
  const known = useKnown(seen.mac_address);
  const close = () => setAsked(null);
  return (
    <>
      <PageHeader title={seen.hostname ?? seen.ip} above={ABOVE}>
        <Button kind="primary" refusal={known === undefined ? "Whether it is known is being found out." : known === null ? null : `It is ${known.name}.`} onPress={() => setAsked("device")}>
          Make a device of it…
        </Button>
        <Button onPress={() => setAsked("forget")}>Forget…</Button>
      </PageHeader>
      <Panels>
        <Packed>
          <Panel title="Who it is">
            <Facts
              of={[
                ["Known as", known === undefined ? "…" : known === null ? <Status key="known" tone="warn">Nobody knows it</Status> : <Link key="known" to={known.to}>{known.name}</Link>],
                ["Address", <code key="ip">{seen.ip}</code>],
                ["MAC address", <code key="mac">{seen.mac_address}</code>],
                ["Made by", seen.mac_organization],
                ["Calls itself", seen.hostname],
                ["DHCP", seen.is_external_dhcp && <Status key="dhcp" tone="warn">It is a DHCP server that is none of the site&apos;s</Status>],
              ]}
            />
          </Panel>
          <Panel title="Where it was seen">
            <Facts
              of={[
                ["Fabric and VLAN", placeOf(seen)],
                ["By", observerOf(seen)],
                ["Last seen", <Time key="seen" at={seen.last_seen} />],
              ]}
            />
          </Panel>
        </Packed>
      </Panels>
      {asked === "device" && <NewDevice known={{ mac_addresses: [seen.mac_address], ...(typeof seen.hostname === "string" ? { hostname: seen.hostname } : {}) }} onClose={close} onMade={(id) => void navigate(`/devices/${id}`)} />}
      {asked === "forget" && <Forget seen={seen} onClose={close} />}
    </>
  );
}

function Forget({ seen, onClose }: { seen: Discovery; onClose: () => void }) {
  const navigate = useNavigate();
  return (
    <ConfirmWithPlan
      title={`Forget ${seen.ip}`}
      verb="Forget"
      change={{ method: "POST", path: `${pathOf("discoveries")}/clear-by-mac-and-ip`, body: { ip: seen.ip, mac: seen.mac_address } }}
      cli={`ironraft discovery forget ip=${seen.ip} mac=${seen.mac_address}`}
      done={`${seen.ip} was forgotten`}
      onClose={onClose}
      onDone={() => void navigate("/discoveries")}
    >
      <p>If it is still there, it comes back as soon as a rack sees it.</p>
    </ConfirmWithPlan>
  );
}

/** Whose hardware address it is: null when nobody's, undefined while that is not known. */
function useKnown(mac: string): { name: string; to: string } | null | undefined {
  const query = { filter: `mac:${mac}`, limit: 1, fields: ["system_id", "fqdn"] };
  const machines = useFirstPage("machines", query);
  const devices = useFirstPage("devices", query);
  const machine = machines.data?.items[0];
  const device = devices.data?.items[0];
  if (machine !== undefined) return { name: machine.fqdn, to: `/machines/${machine.system_id}` };
  if (device !== undefined) return { name: device.fqdn, to: `/devices/${device.system_id}` };
  // Where it cannot be asked, a device may be made all the same: the server refuses a second one.
  return machines.isPending || devices.isPending ? undefined : null;
}
