/** What each of the first steps asks. */

import { Link } from "react-router";

import { useAll, useFirstPage } from "../../api/lists";
import type { Item } from "../../api/resources";
import { pathOf } from "../../api/resources";
import type { Field } from "../../form/Fields";
import { filled } from "../../form/Fields";
import { ResourceForm } from "../../form/ResourceForm";
import { Loading, ProblemView } from "../../parts/Problem";
import { Copyable } from "../../parts/ShowAs";
import { THEMES } from "../../shell/site";
import { DhcpForm } from "../networks/DhcpForm";
import { hosts } from "../networks/forms";
import { vlanName } from "../networks/tree";
import { useStatistics } from "../networks/Usage";
import { isServed } from "./steps";
import styles from "./Welcome.module.css";

type Subnet = Item<"subnets">;
type Range = Item<"ip-ranges">;
type Settings = ReadonlyMap<string, unknown>;

const text = (settings: Settings, name: string) => (typeof settings.get(name) === "string" ? String(settings.get(name)) : "");

const setting = (name: string, value: unknown) => ({ method: "PATCH" as const, path: pathOf("settings", name), body: { value } });

export function SiteStep({ settings, onDone }: { settings: Settings; onDone: () => void }) {
  return (
    <div className={styles.pair}>
      <ResourceForm
        fields={[{ name: "name", label: "Name", isNeeded: true }]}
        initial={{ name: text(settings, "maas_name") }}
        change={(values) => setting("maas_name", values.name)}
        submit="Save the name"
        done="The site has its name"
        isReversible
        isPlanned={false}
      />
      <ResourceForm
        fields={[{ name: "theme", label: "Color", kind: "select", options: [{ value: "", label: "As it comes" }, ...THEMES.map((theme) => ({ value: theme, label: theme.charAt(0).toUpperCase() + theme.slice(1).replaceAll("_", " ") }))] }]}
        initial={{ theme: text(settings, "theme") }}
        change={(values) => setting("theme", values.theme)}
        submit="Save the color"
        done="The site has its color"
        isReversible
        isPlanned={false}
        onDone={onDone}
      />
    </div>
  );
}

export function NamesStep({ settings, onDone }: { settings: Settings; onDone: () => void }) {
  return (
    <ResourceForm
      fields={[{ name: "upstream", label: "DNS servers", placeholder: "9.9.9.9 10.0.0.2", help: "With blanks between them." }]}
      initial={{ upstream: text(settings, "upstream_dns") }}
      change={(values) => setting("upstream_dns", values.upstream)}
      submit="Save"
      done="Racks ask these servers for other names"
      isReversible
      onDone={onDone}
    />
  );
}

export function KeysStep({ onDone }: { onDone: () => void }) {
  return (
    <ResourceForm
      fields={[{ name: "key", label: "Public key", kind: "textarea", isNeeded: true, placeholder: "ssh-ed25519 AAAA… you@example", help: "A line of ~/.ssh/id_ed25519.pub." }]}
      change={(values) => ({ method: "POST", path: pathOf("ssh-keys"), body: filled(values) })}
      submit="Add it"
      done="Your key was added"
      isPlanned={false}
      onDone={onDone}
    />
  );
}

const isDynamic = (subnet: Subnet, ranges: readonly Range[]) => ranges.some((range) => range.type === "dynamic" && range.subnet.id === subnet.id);

/** First the subnet, then a dynamic range of it. */
export function SubnetStep({ subnets, ranges, onDone }: { subnets: readonly Subnet[]; ranges: readonly Range[]; onDone: () => void }) {
  const vlans = useAll("vlans");
  const without = subnets.find((subnet) => subnet.managed && !isDynamic(subnet, ranges));
  const isThere = subnets.some((subnet) => isDynamic(subnet, ranges));
  if (vlans.isPending) return <Loading />;
  if (without !== undefined && !isThere) return <RangeForm key={without.id} subnet={without} onDone={onDone} />;
  const options = vlans.items.map((vlan) => ({ value: String(vlan.id), label: `${vlan.fabric} / ${vlanName(vlan)}` }));
  const fields: Field[] = [
    { name: "cidr", label: "Prefix", isNeeded: true, placeholder: "10.20.0.0/24" },
    { name: "vlan", label: "VLAN", kind: "select", isNeeded: true, options, help: "What racks see without a tag is the untagged VLAN of fabric-0, unless the site has others." },
    { name: "gateway_ip", label: "Gateway", placeholder: "10.20.0.1" },
    { name: "dns_servers", label: "DNS servers besides the racks", placeholder: "10.20.0.2" },
    { name: "name", label: "Name" },
  ];
  return (
    <>
      {isThere && <p className={styles.why}>There is one. Another one can be made here, or on the page of <Link to="/networks">networks</Link>.</p>}
      <ResourceForm fields={fields} initial={{ vlan: options[0]?.value ?? "" }} change={(values) => ({ method: "POST", path: pathOf("subnets"), body: filled(values) })} submit="Make the subnet" done="The subnet was made: now its range" isReversible />
    </>
  );
}

function RangeForm({ subnet, onDone }: { subnet: Subnet; onDone: () => void }) {
  const statistics = useStatistics(subnet.id);
  if (statistics.value === undefined) return statistics.error === null ? <Loading /> : <ProblemView error={statistics.error} />;
  const suggested = statistics.value.suggested_dynamic_range;
  const all = hosts(subnet.cidr);
  return (
    <>
      <p className={styles.why}>
        {subnet.cidr} is there. New machines get an address of this range while they are examined; deployed ones get another one.
      </p>
      <ResourceForm
        fields={[
          { name: "start_ip", label: "From", isNeeded: true, placeholder: all?.first ?? "" },
          { name: "end_ip", label: "To", isNeeded: true, placeholder: all?.last ?? "" },
        ]}
        initial={{ start_ip: suggested?.start ?? "", end_ip: suggested?.end ?? "" }}
        change={(values) => ({ method: "POST", path: pathOf("ip-ranges"), body: { type: "dynamic", subnet: String(subnet.id), ...filled(values) } })}
        submit="Make the range"
        done="The dynamic range was made"
        isReversible
        onDone={onDone}
      />
    </>
  );
}

export function DhcpStep({ subnets, ranges, onDone }: { subnets: readonly Subnet[]; ranges: readonly Range[]; onDone: () => void }) {
  const vlans = useAll("vlans");
  const racks = useAll("racks");
  if (vlans.isPending || racks.isPending) return <Loading />;
  const ready = subnets.filter((subnet) => isDynamic(subnet, ranges));
  const subnet = ready.find((one) => !isServed(one.vlan)) ?? ready[0];
  const vlan = vlans.items.find((one) => one.id === subnet?.vlan.id);
  if (subnet === undefined || vlan === undefined) return <p className={styles.why}>It needs a subnet with a dynamic range: make that first.</p>;
  if (racks.items.length === 0) {
    return (
      <>
        <p className={styles.why}>No rack has joined yet. On the host of one, with a token of the region:</p>
        <Copyable text={`ironraft cluster token create --role rack\nironraft rack join ${location.hostname}:5241 --token … --data-dir /var/lib/ironraft-rack`} />
      </>
    );
  }
  return (
    <DhcpForm key={`${vlan.id} ${vlan.revision}`} vlan={vlan} vlans={vlans.items} racks={racks.items} mode={isServed(vlan) ? (vlan.dhcp_on ? "racks" : "relay") : "racks"} onDone={onDone}>
      <p className={styles.why}>
        {vlan.fabric} {vlanName(vlan)}, with {subnet.cidr}.
      </p>
    </DhcpForm>
  );
}

export function ImagesStep({ images }: { images: readonly string[] }) {
  const booting = useFirstPage("settings", { filter: "name:commissioning_distro_series,default_osystem" });
  return (
    <>
      {images.length > 0 && (
        <ul className={styles.images}>
          {images.map((image, at) => (
            <li key={`${image}${at}`}>{image}</li>
          ))}
        </ul>
      )}
      <p className={styles.why}>Regions fetch nothing from the internet: images are uploaded, and regions and racks copy them by themselves.</p>
      <Copyable text={'ironraft ephemeral upload vmlinuz initrd\nironraft image upload debian/bookworm root.tar.zst --title "Debian 12" --filetype tzst'} />
      {booting.error !== null && <ProblemView error={booting.error} />}
    </>
  );
}
