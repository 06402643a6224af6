/** The first steps, from a new site to one that machines can boot in. Each can be left out, and is done when what it makes is there. */

import { useMemo, useState } from "react";
import { Link, useSearchParams } from "react-router";

import { useAll } from "../../api/lists";
import { Button } from "../../parts/Button";
import { PageHeader } from "../../parts/PageHeader";
import { Panels } from "../../parts/Panel";
import { Loading, ProblemView } from "../../parts/Problem";
import { Status, Symbol } from "../../parts/Status";
import { DhcpStep, ImagesStep, KeysStep, NamesStep, SiteStep, SubnetStep } from "./StepForms";
import type { Found, Step } from "./steps";
import { firstOpen, standing, STEPS } from "./steps";
import styles from "./Welcome.module.css";

const TITLES: Record<Step, { title: string; why: string }> = {
  site: { title: "Name and color of the site", why: "So that nobody works on the wrong one: both stand at the top of every page." },
  names: { title: "Names of the world", why: "Racks answer machines' questions for names, and ask these servers for those that are not of this site." },
  keys: { title: "Your SSH key", why: "It is put on what you deploy." },
  subnet: { title: "The first subnet", why: "The addresses that machines boot with, and those that they are deployed with." },
  dhcp: { title: "DHCP", why: "Racks answer machines that boot from the network of a VLAN." },
  images: { title: "Something to deploy", why: "A system that is written to disks, and the kernel that machines are examined with." },
};

const SETTINGS = ["maas_name", "theme", "upstream_dns"];

/** What there is, followed live. */
function useFound() {
  const settings = useAll("settings", { filter: `name:${SETTINGS.join(",")}` });
  const keys = useAll("ssh-keys");
  const subnets = useAll("subnets");
  const ranges = useAll("ip-ranges");
  const images = useAll("images");
  const all = [settings, keys, subnets, ranges, images];
  const found = useMemo<Found>(
    () => ({
      settings: new Map(settings.items.map((one) => [one.name, one.value])),
      defaults: new Map(settings.items.map((one) => [one.name, one.default])),
      keys: keys.items.length,
      subnets: subnets.items,
      ranges: ranges.items,
      images: images.items.map((image) => image.name),
    }),
    [settings.items, keys.items, subnets.items, ranges.items, images.items],
  );
  return { found, isPending: all.some((one) => one.isPending), failed: all.find((one) => one.error !== null && one.data === undefined), subnets, ranges };
}

export default function Welcome() {
  const all = useFound();
  return all.isPending && all.failed === undefined ? <Loading /> : <Steps {...all} />;
}

function Steps({ found, failed, subnets, ranges }: ReturnType<typeof useFound>) {
  const [search, setSearch] = useSearchParams();
  const all = standing(found);
  // Where one begins is where one stays: what is done meanwhile, here or by somebody else, takes no form away.
  const [first] = useState(() => firstOpen(all));
  const done = STEPS.filter((step) => all[step].isDone).length;
  const wanted = search.get("step");
  const open: Step | null = wanted === "none" ? null : (STEPS.find((step) => step === wanted) ?? first);
  const show = (step: Step | "none") => setSearch({ step }, { replace: true });
  const after = (step: Step) => {
    const next = STEPS.slice(STEPS.indexOf(step) + 1).find((one) => !all[one].isDone);
    show(next ?? "none");
  };
  const isReady = all.subnet.isDone && all.dhcp.isDone;
  return (
    <>
      <PageHeader title="First steps" beside={<Status tone={done === STEPS.length ? "good" : "idle"}>{`${done} of ${STEPS.length} done`}</Status>} />
      <Panels>
        <div className={styles.wizard}>
          <p className={styles.lead}>
            {isReady ? (
              <>
                Machines that boot from the network come here by themselves: <Link to="/machines">look for them</Link>.
              </>
            ) : (
              "From a new site to one that machines can boot in. Leave out what you like: nothing is kept in this browser, and anybody goes on where it was left."
            )}
          </p>
          {failed !== undefined && <ProblemView error={failed.error} onRetry={() => void failed.refetch()} />}
          <ol className={styles.steps}>
            {STEPS.map((step, at) => (
              <li key={step} data-open={open === step || undefined}>
                <StepHead step={step} number={at + 1} state={all[step]} isOpen={open === step} onPress={() => show(open === step ? "none" : step)} />
                {open === step && (
                  <div className={styles.body}>
                    <p className={styles.why}>{TITLES[step].why}</p>
                    <StepForm step={step} found={found} subnets={subnets.items} ranges={ranges.items} onDone={() => after(step)} />
                    <Button size="small" onPress={() => after(step)}>
                      {all[step].isDone ? "Go on" : "Leave it out for now"}
                    </Button>
                  </div>
                )}
              </li>
            ))}
          </ol>
        </div>
      </Panels>
    </>
  );
}

function StepHead({ step, number, state, isOpen, onPress }: { step: Step; number: number; state: ReturnType<typeof standing>[Step]; isOpen: boolean; onPress: () => void }) {
  return (
    <button type="button" className={styles.head} aria-expanded={isOpen} onClick={onPress}>
      <span className={styles.place} data-done={state.isDone || undefined}>
        {state.isDone ? <Symbol tone="good" /> : number}
      </span>
      <span className={styles.title}>
        <strong>{TITLES[step].title}</strong>
        <small>
          <span className="visually-hidden">{state.isDone ? "Done: " : "Not done: "}</span>
          {state.text}
        </small>
      </span>
    </button>
  );
}

function StepForm({ step, found, subnets, ranges, onDone }: { step: Step; found: Found; subnets: ReturnType<typeof useFound>["subnets"]["items"]; ranges: ReturnType<typeof useFound>["ranges"]["items"]; onDone: () => void }) {
  switch (step) {
    case "site":
      return <SiteStep settings={found.settings} onDone={onDone} />;
    case "names":
      return <NamesStep settings={found.settings} onDone={onDone} />;
    case "keys":
      return <KeysStep onDone={onDone} />;
    case "subnet":
      return <SubnetStep subnets={subnets} ranges={ranges} onDone={onDone} />;
    case "dhcp":
      return <DhcpStep subnets={subnets} ranges={ranges} onDone={onDone} />;
    case "images":
      return <ImagesStep images={found.images} />;
  }
}
