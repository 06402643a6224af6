/** What the site is set to, by what belongs together; with what reads each, and why some cannot be set. */

import { useState } from "react";
import { Navigate, useParams } from "react-router";

import { useFirstPage } from "../../api/lists";
import { pathOf } from "../../api/resources";
import { FormDialog } from "../../form/FormDialog";
import { ResourceForm } from "../../form/ResourceForm";
import { Button } from "../../parts/Button";
import { PageHeader } from "../../parts/PageHeader";
import { Note, Panel, Panels } from "../../parts/Panel";
import { count } from "../../parts/PlanView";
import { Tabs } from "../../parts/Tabs";
import { useParameters } from "../../shell/parameters";
import { COLORS, siteColor } from "../../shell/site";
import { LicenseKeys } from "./LicenseKeys";
import { Providers } from "./Providers";
import { Repositories } from "./Repositories";
import type { Setting } from "./setting";
import { fieldOf, fieldValue, isDefault, readerInWords, sectionOf, SECTIONS, settingInWords } from "./setting";
import styles from "./Settings.module.css";
import { Webhooks } from "./Webhooks";

/** What is set where it is seen: the name and the color of the site. */
const LOOK: readonly string[] = ["maas_name", "theme"];

const OTHERS = [
  { id: "repositories", title: "Package repositories", Part: Repositories },
  { id: "providers", title: "Login providers", Part: Providers },
  { id: "webhooks", title: "Webhooks", Part: Webhooks },
  { id: "licence-keys", title: "Licence keys", Part: LicenseKeys },
];

export default function Settings() {
  const { part = "" } = useParams();
  const other = OTHERS.find((found) => found.id === part);
  const section = SECTIONS.find((found) => found.id === part);
  if (other === undefined && section === undefined) return <Navigate to="/settings/site" replace />;
  return (
    <>
      <PageHeader title="Settings" />
      <Tabs label="Settings" tabs={[...SECTIONS, ...OTHERS].map(({ id, title }) => ({ to: `/settings/${id}`, title }))} />
      {other !== undefined ? (
        <Panels>
          <other.Part />
        </Panels>
      ) : (
        <SettingsOf key={part} section={part} />
      )}
    </>
  );
}

function SettingsOf({ section }: { section: string }) {
  const settings = useFirstPage("settings", { sort: "name", limit: 1000 });
  const [get, put] = useParameters();
  const [edited, setEdited] = useState<Setting | null>(null);
  const text = get("q");
  const all = (settings.data?.items ?? []).filter((setting) => (text === "" ? sectionOf(setting.name) === section && !LOOK.includes(setting.name) : isMeant(setting, text)));
  const settable = all.filter((setting) => !isRefused(setting));
  const title = text === "" ? (SECTIONS.find((found) => found.id === section)?.title ?? "") : "Found in all settings";
  return (
    <>
      <div className={styles.search}>
        <input type="search" aria-label="Find a setting" placeholder="Find a setting by its name or what it does" value={text} onChange={(event) => put({ q: event.target.value })} />
      </div>
      <Panels>
        {settings.data !== undefined && text === "" && section === "site" && <Look settings={settings.data.items} />}
        <Panel title={title} beside={settings.data === undefined ? undefined : count(settable.length, "setting")} result={settings}>
          {all.length === 0 && <Note>No setting is called that, or does that.</Note>}
          <div className={styles.settings}>
            {settable.map((setting) => (
              <SettingRow key={setting.name} setting={setting} onEdit={() => setEdited(setting)} />
            ))}
          </div>
        </Panel>
        <Refused settings={all.filter(isRefused)} isOpen={text !== ""} />
      </Panels>
      {edited !== null && <EditSetting setting={edited} onClose={() => setEdited(null)} />}
    </>
  );
}

/** Settings that clients of MAAS find, and that cannot be set. */
function Refused({ settings, isOpen }: { settings: readonly Setting[]; isOpen: boolean }) {
  if (settings.length === 0) return null;
  return (
    <Panel title="Settings of MAAS that cannot be set here" beside={count(settings.length, "setting")}>
      <Note>Clients of MAAS find them, with the value that is so in any case. Why they cannot be set stands beside each.</Note>
      <details className={styles.details} open={isOpen}>
        <summary>Show them</summary>
        {settings.map((setting) => (
          <div key={setting.name} className={`${styles.setting} ${styles.refused}`}>
            <div>
              <div className={styles.name}>{setting.name}</div>
              <div className={styles.doc}>{told(setting.doc)}</div>
            </div>
            <div>
              <div className={styles.value} data-unset>
                {settingInWords(setting.value)}
              </div>
              <div className={styles.doc}>{told(sentence(setting.refused ?? "Nothing reads it"))}</div>
            </div>
          </div>
        ))}
      </details>
    </Panel>
  );
}

function isRefused(setting: Setting): boolean {
  return typeof setting.refused === "string";
}

export function isMeant(setting: Setting, text: string): boolean {
  const words = text.toLowerCase().split(/\s+/);
  const all = `${setting.name} ${setting.doc}`.toLowerCase();
  return words.every((word) => all.includes(word));
}

/** A sentence with names between backticks. */
function told(doc: string) {
  return doc.split("`").map((part, at) => (at % 2 === 1 ? <code key={at}>{part}</code> : part));
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`.replace("..", ".");
}

function SettingRow({ setting, onEdit }: { setting: Setting; onEdit: () => void }) {
  const words = settingInWords(setting.value);
  return (
    <div className={styles.setting} id={setting.name}>
      <div>
        <div className={styles.name}>{setting.name}</div>
        <div className={styles.doc}>{told(setting.doc)}</div>
      </div>
      <div>
        <div className={styles.value} data-unset={words === "Not set" || undefined}>
          {words}
        </div>
        <div className={styles.default}>
          {isDefault(setting) ? "As it comes" : `It comes as: ${settingInWords(setting.default).toLowerCase() === "not set" ? "not set" : settingInWords(setting.default)}`} · {readerInWords(setting)}
        </div>
      </div>
      <Button size="small" label={`Change ${setting.name}`} onPress={onEdit}>
        Change…
      </Button>
    </div>
  );
}

const change = (setting: Setting, value: unknown) => ({ method: "PATCH" as const, path: pathOf("settings", setting.name), body: { value } });

function EditSetting({ setting, onClose }: { setting: Setting; onClose: () => void }) {
  return (
    <FormDialog
      title={`Set ${setting.name}`}
      fields={[fieldOf(setting)]}
      initial={{ [setting.name]: fieldValue(setting.value) }}
      change={(values) => change(setting, values[setting.name])}
      submit="Set"
      done={`${setting.name} was set`}
      isReversible
      cli={(values) => cliOf(setting, values[setting.name])}
      onClose={onClose}
    />
  );
}

/** The same for a shell. */
const cliOf = (setting: Setting, value: unknown) => `ironraft setting set ${setting.name} value='${String(value)}'`;

/** How the site is called and which color it has: so that nobody works on the wrong one. */
function Look({ settings }: { settings: readonly Setting[] }) {
  const name = settings.find((setting) => setting.name === "maas_name");
  const theme = settings.find((setting) => setting.name === "theme");
  if (name === undefined || theme === undefined) return null;
  const shown = fieldValue(theme.value);
  const names = Object.keys(COLORS).filter((color) => color !== "");
  const known = names.find((color) => color === String(shown).toLowerCase().replaceAll(" ", "_"));
  const own = known === undefined && shown !== "" ? [{ value: String(shown), label: String(shown), color: siteColor(String(shown)) }] : [];
  const options = [{ value: "", label: "None", color: siteColor("") }, ...names.map((color) => ({ value: color, label: color.charAt(0).toUpperCase() + color.slice(1).replaceAll("_", " "), color: siteColor(color) })), ...own];
  return (
    <Panel title="Which site this is" beside="Its name and its color stand above every page, so that nobody works on the wrong one.">
      <div className={styles.forms}>
        <ResourceForm
          key={`name ${String(name.value)}`}
          fields={[{ name: "maas_name", label: "Name of the site", isNeeded: true }]}
          initial={{ maas_name: fieldValue(name.value) }}
          change={(values) => change(name, values.maas_name)}
          submit="Save the name"
          done="The site has another name"
          isReversible
          isPlanned={false}
          cli={(values) => cliOf(name, values.maas_name)}
        />
        <ResourceForm
          key={`theme ${String(theme.value)}`}
          fields={[{ name: "theme", label: "Color of the site", kind: "color", options, help: "The API takes any color as #rrggbb, too." }]}
          initial={{ theme: known ?? shown }}
          change={(values) => change(theme, values.theme)}
          submit="Save the color"
          done="The site has another color"
          isReversible
          isPlanned={false}
          cli={(values) => cliOf(theme, values.theme)}
        />
      </div>
    </Panel>
  );
}
