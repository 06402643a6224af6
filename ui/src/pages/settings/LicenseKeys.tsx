/** Licence keys of operating systems: they are kept for who reads them. */

import { useState } from "react";

import { useFirstPage, useReadAgain } from "../../api/lists";
import type { Item } from "../../api/resources";
import type { Field } from "../../form/Fields";
import { ObjectDialog } from "../../form/ObjectDialog";
import { Button } from "../../parts/Button";
import { ConfirmWithPlan } from "../../parts/ConfirmWithPlan";
import { Note, Panel } from "../../parts/Panel";
import { PlainTable } from "../../parts/PlainTable";

const FIELDS: readonly Field[] = [
  { name: "osystem", label: "Operating system", placeholder: "windows" },
  { name: "distro_series", label: "Release", placeholder: "win2022", isNeeded: true },
  { name: "license_key", label: "Key", placeholder: "XXXXX-XXXXX-XXXXX-XXXXX-XXXXX", isNeeded: true },
];

export function LicenseKeys() {
  const list = useFirstPage("license-keys", { limit: 1000 });
  const readAgain = useReadAgain();
  const [isMaking, setMaking] = useState(false);
  const [removed, setRemoved] = useState<Item<"license-keys"> | null>(null);
  return (
    <>
      <Panel title="Licence keys" actions={<Button size="small" onPress={() => setMaking(true)}>New key</Button>} result={list}>
        <PlainTable
          label="Licence keys"
          columns={[
            { header: "Release", cell: (found) => `${found.osystem}/${found.distro_series}` },
            { header: "Key", cell: (found) => <code>{found.license_key}</code> },
          ]}
          actions={(found) => (
            <Button size="small" kind="quiet" label={`Forget the key of ${found.distro_series}`} onPress={() => setRemoved(found)}>
              Forget
            </Button>
          )}
          rows={list.data?.items ?? []}
          rowKey={(found) => found.resource_uri}
          empty="There is none."
        />
        <Note>They are kept for who reads them by the API. No image is changed by them.</Note>
      </Panel>
      {isMaking && <ObjectDialog resource="license-keys" noun="licence key" fields={FIELDS} isReversible={false} onClose={() => setMaking(false)} onDone={() => readAgain("license-keys")} />}
      {removed !== null && (
        <ConfirmWithPlan
          title={`Forget the key of ${removed.distro_series}?`}
          change={{ method: "DELETE", path: `/api/v1/license-key/${encodeURIComponent(removed.osystem)}/${encodeURIComponent(removed.distro_series)}` }}
          verb="Forget"
          isDangerous
          done="The licence key was forgotten"
          onClose={() => setRemoved(null)}
          onDone={() => readAgain("license-keys")}
        />
      )}
    </>
  );
}
