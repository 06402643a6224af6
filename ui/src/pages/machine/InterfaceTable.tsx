/** Interfaces of a machine or a device: what they are, where they are, and how they get addresses. */

import type { CSSProperties, ReactNode } from "react";

import type { components } from "../../api/schema";
import { Quiet } from "../../parts/Panel";
import { PlainTable } from "../../parts/PlainTable";
import { Status } from "../../parts/Status";
import styles from "./Machine.module.css";
import { speed } from "./sizes";

export type Interface = components["schemas"]["Interface"];
export type InterfaceLink = components["schemas"]["Link"];

interface Props {
  interfaces: readonly Interface[];
  /** The interface that it boots from. */
  boots?: number | undefined;
  /** How deep each stands, and what it is in words. */
  places?: ReadonlyMap<number, { depth: number; words: string }>;
  /** What stands there when there are none. */
  empty: ReactNode;
  /** What can be done with an interface. */
  actions?: (found: Interface) => ReactNode;
  /** What can be done with a link. */
  linkActions?: (found: Interface, link: InterfaceLink) => ReactNode;
}

export function InterfaceTable({ interfaces, boots, places, empty, actions, linkActions }: Props) {
  return (
    <PlainTable
      label="Interfaces"
      rows={interfaces}
      rowKey={(found) => found.id}
      columns={[
        {
          header: "Name",
          ...(places === undefined ? {} : { widthMin: 150 }),
          cell: (found) => (
            <span className={styles.place} style={{ "--depth": places?.get(found.id)?.depth ?? 0 } as CSSProperties}>
              {found.name}
              {found.id === boots && <span className={styles.mark}>boots</span>}
              {places !== undefined && <small className={styles.words}>{places.get(found.id)?.words}</small>}
            </span>
          ),
        },
        { header: "MAC address", cell: (found) => <code>{found.mac_address}</code> },
        { header: "Link", cell: (found) => <LinkStatus found={found} isNeeded={found.id === boots} /> },
        { header: "Speed", cell: speedOf },
        { header: "Fabric and VLAN", cell: (found) => (found.vlan === null || found.vlan === undefined ? <Quiet>not known</Quiet> : vlanOf(found.vlan)) },
        { header: "Addresses", cell: (found) => <Links found={found} actions={linkActions} /> },
        { header: "MTU", cell: (found) => found.effective_mtu, isNumeric: true },
      ]}
      actions={actions}
      empty={empty}
    />
  );
}

/** Whether there is a signal; a machine does not boot from an interface without one. */
function LinkStatus({ found, isNeeded }: { found: Interface; isNeeded: boolean }) {
  if (!found.enabled) return <Status tone="neutral">Disabled</Status>;
  return found.link_connected ? <Status tone="good">Connected</Status> : <Status tone={isNeeded ? "bad" : "idle"}>No link</Status>;
}

function Links({ found, actions }: { found: Interface; actions: Props["linkActions"] }) {
  if (found.links.length === 0) return <Quiet>none</Quiet>;
  return (
    <ul className={styles.links}>
      {found.links.map((link) => (
        <li key={link.id}>
          <span>
            {link.ip_address !== null && link.ip_address !== undefined && <code>{link.ip_address}</code>}{" "}
            <Quiet>
              {modeOf(link.mode)}
              {link.subnet !== null && link.subnet !== undefined && ` in ${subnetOf(link.subnet)}`}
            </Quiet>
          </span>
          {actions?.(found, link)}
        </li>
      ))}
    </ul>
  );
}

const MODES: Record<string, string> = { auto: "assigned", static: "fixed", dhcp: "by DHCP", link_up: "no address" };

export function modeOf(mode: string): string {
  return MODES[mode] ?? mode;
}

function subnetOf(subnet: components["schemas"]["Subnet"]): string {
  return subnet.name === "" || subnet.name === subnet.cidr ? subnet.cidr : `${subnet.name} (${subnet.cidr})`;
}

export function vlanOf(vlan: components["schemas"]["Vlan"]): string {
  return `${vlan.fabric}, ${vlan.vid === 0 ? "untagged" : `VLAN ${vlan.vid}`}${vlan.name === "" || vlan.name === "untagged" ? "" : ` ${vlan.name}`}`;
}

/** How fast it is, and how fast it could be where that is more. */
export function speedOf(found: Pick<Interface, "link_speed" | "interface_speed">): string {
  if (found.link_speed === 0) return found.interface_speed === 0 ? "" : `up to ${speed(found.interface_speed)}`;
  return found.interface_speed > found.link_speed ? `${speed(found.link_speed)} of ${speed(found.interface_speed)}` : speed(found.link_speed);
}
