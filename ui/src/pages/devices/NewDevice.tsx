/** Asks for what a new device is made of. */

import { ObjectDialog } from "../../form/ObjectDialog";
import { useNames } from "../names";

interface Props {
  /** What is known of it already. */
  known?: { hostname?: string; mac_addresses: readonly string[] };
  onClose: () => void;
  onMade: (id: string) => void;
}

export function NewDevice({ known, onClose, onMade }: Props) {
  const [zones, domains] = [useNames("zones", undefined), useNames("domains", undefined)];
  const usual = { value: "", label: "The usual one" };
  return (
    <ObjectDialog
      resource="devices"
      noun="device"
      waitsFor={[zones, domains]}
      fields={[
        { name: "mac_addresses", label: "MAC addresses", kind: "list", isNeeded: true, placeholder: "52:54:00:12:34:57, 52:54:00:12:34:58", help: "Those of its interfaces." },
        { name: "hostname", label: "Name", placeholder: "printer", help: "Without one it gets a name that means nothing." },
        { name: "domain", label: "Domain", kind: "select", options: [usual, ...domains.options] },
        { name: "zone", label: "Zone", kind: "select", options: [usual, ...zones.options] },
        { name: "parent", label: "Belongs to", placeholder: "The id of a machine or device", help: "It goes when that one goes." },
        { name: "description", label: "Description", kind: "textarea" },
      ]}
      initial={{ ...(known?.hostname === undefined ? {} : { hostname: known.hostname }), mac_addresses: known?.mac_addresses ?? [] }}
      onClose={onClose}
      onDone={(answer) => {
        const made = answer.data as { system_id?: string } | null;
        if (made?.system_id !== undefined) onMade(made.system_id);
      }}
    />
  );
}
