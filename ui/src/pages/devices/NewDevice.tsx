/** Asks for what a new device is made of. */

import type { Values } from "../../form/ResourceForm";
import { ResourceForm } from "../../form/ResourceForm";
import { pathOf } from "../../api/resources";
import { Dialog } from "../../parts/Dialog";
import { Loading } from "../../parts/Problem";
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
    <Dialog title="New device" isOpen onClose={onClose}>
      {zones.isPending || domains.isPending ? (
        <Loading />
      ) : (
        <ResourceForm
          fields={[
            { name: "mac_addresses", label: "MAC addresses", kind: "list", isNeeded: true, placeholder: "52:54:00:12:34:57, 52:54:00:12:34:58", help: "Those of its interfaces." },
            { name: "hostname", label: "Name", placeholder: "printer", help: "Without one it gets a name that means nothing." },
            { name: "domain", label: "Domain", kind: "select", options: [usual, ...domains.options] },
            { name: "zone", label: "Zone", kind: "select", options: [usual, ...zones.options] },
            { name: "parent", label: "Belongs to", placeholder: "The id of a machine or device", help: "It goes when that one goes." },
            { name: "description", label: "Description", kind: "textarea" },
          ]}
          initial={{ ...(known?.hostname === undefined ? {} : { hostname: known.hostname }), mac_addresses: known?.mac_addresses ?? [] }}
          change={(values) => ({ method: "POST", path: pathOf("devices"), body: given(values) })}
          submit="Make"
          done="The device was made"
          isReversible
          onDone={(answer) => {
            onClose();
            const made = answer.data as { system_id?: string } | null;
            if (made?.system_id !== undefined) onMade(made.system_id);
          }}
          onCancel={onClose}
        />
      )}
    </Dialog>
  );
}

/** What was filled in. */
function given(values: Values): Values {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== "" && value !== null));
}
