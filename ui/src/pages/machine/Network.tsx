/** The interfaces of a machine. */

import type { Machine } from "../../api/resources";
import { Facts, Note, Panel } from "../../parts/Panel";
import { Empty } from "../../parts/Problem";
import { InterfaceTable } from "./InterfaceTable";

export function Network({ machine }: { machine: Machine }) {
  const { ipv4, ipv6 } = machine.default_gateways;
  return (
    <>
      <Panel title="Interfaces">
        <InterfaceTable interfaces={machine.interface_set} boots={machine.boot_interface?.id} empty={<Empty title="It has no interfaces">Commission it: then they are read from the hardware.</Empty>} />
        <Note>They are read from the hardware, and get addresses when the machine is deployed. They cannot be changed here yet.</Note>
      </Panel>
      {(ipv4.gateway_ip !== null || ipv6.gateway_ip !== null) && (
        <Panel title="Default gateways">
          <Facts of={[["IPv4", ipv4.gateway_ip], ["IPv6", ipv6.gateway_ip]]} />
        </Panel>
      )}
    </>
  );
}
