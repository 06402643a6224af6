/** One change of the site: who, from where, why, what differs, and taking it back. */

import { Fragment, useState } from "react";
import { Link, useNavigate, useParams } from "react-router";

import { useFirstPage, useRead } from "../../api/lists";
import { Button } from "../../parts/Button";
import { ConfirmWithPlan } from "../../parts/ConfirmWithPlan";
import { PageHeader } from "../../parts/PageHeader";
import { Facts, Note, Panel, Panels } from "../../parts/Panel";
import { count } from "../../parts/PlanView";
import { Loading, ProblemView } from "../../parts/Problem";
import { Time } from "../../parts/Time";
import type { ChangedObject, Revision, RevisionsPage } from "./revision";
import { actorInWords, changeInWords, isObject, isOfUser, kindOf, merged, objectName, pageOfObject, valueInWords } from "./revision";
import styles from "./Revisions.module.css";

export default function RevisionPage() {
  const { revision: number = "" } = useParams();
  const read = useRead<RevisionsPage>(`/api/v1/revisions/${encodeURIComponent(number)}`, null);
  const [isAsked, setAsked] = useState(false);
  const navigate = useNavigate();
  const all = merged(read.value?.items ?? []);
  const revision = all[0];
  const above = [{ title: "Audit", to: "/revisions" }];
  return (
    <>
      <PageHeader title={`Revision ${number}`} above={above} beside={revision === undefined ? undefined : <code>{revision.reason}</code>}>
        <Button onPress={() => setAsked(true)} refusal={refusalOf(revision, read.isPending)}>
          Take it back
        </Button>
      </PageHeader>
      <Panels>
        {read.error !== null && <ProblemView error={read.error} onRetry={() => void read.refetch()} />}
        {read.isPending && <Loading />}
        {read.value !== undefined && revision === undefined && <Nothing number={Number(number)} knownAfter={read.value.known_after} />}
        {all.map((part) => (
          <Fragment key={`${part.actor} ${part.reason}`}>
            <What revision={part} />
            <Differing revision={part} />
          </Fragment>
        ))}
      </Panels>
      {isAsked && (
        <ConfirmWithPlan
          title={`Take revision ${number} back?`}
          change={{ method: "POST", path: `/api/v1/revisions/${encodeURIComponent(number)}/undo` }}
          verb="Take it back"
          cli={`ironraft undo ${number}`}
          done={`Revision ${number} was taken back`}
          isReversible
          onClose={() => setAsked(false)}
          onDone={(answer) => {
            if (answer.revision !== null) void navigate(`/revisions/${answer.revision}`);
          }}
        >
          <p>What was made is removed, and what was changed or removed is as it was: all of it, or nothing. That is a change like others, and can be taken back.</p>
        </ConfirmWithPlan>
      )}
    </>
  );
}

function Differing({ revision }: { revision: Revision }) {
  return (
    <Panel title="What differs" beside={count(revision.objects.length + revision.more, "object")}>
      <div className={styles.objects}>
        {revision.objects.map((object) => (
          <ObjectView key={`${object.table}/${object.id}`} object={object} />
        ))}
      </div>
      {revision.more > 0 && (
        <Note>
          {count(revision.more, "more object")} {revision.more === 1 ? "is" : "are"} not told here.
        </Note>
      )}
      <Note>Values are shown as they are stored. Secrets are never shown, also when they changed.</Note>
    </Panel>
  );
}

/** Why it cannot be taken back, as far as that is known before it is asked. */
export function refusalOf(revision: Revision | undefined, isPending: boolean): string | null {
  if (isPending) return "It is being read.";
  if (revision === undefined) return "Nothing is known of it.";
  if (!isOfUser(revision)) return "Only what users changed can be taken back.";
  return null;
}

function Nothing({ number, knownAfter }: { number: number; knownAfter: number }) {
  return (
    <Panel title={number <= knownAfter ? "It is not known any more" : "Nothing was changed at it"}>
      <Note>
        {number <= knownAfter
          ? `The history goes back to revision ${knownAfter.toLocaleString("en")}. Audit events may still tell who did it.`
          : "Not every revision has a change of objects: leases, sessions and events have revisions, too."}
      </Note>
    </Panel>
  );
}

function What({ revision }: { revision: Revision }) {
  const filter = `level:audit audit.revision:${revision.revision}`;
  const event = useFirstPage("events", { filter, limit: 1 }, isOfUser(revision)).data?.items[0];
  const { kind, name } = actorInWords(revision.actor);
  return (
    <Panel title="Who and why">
      <Facts
        of={[
          ["By", name === "" ? kind : kind === "user" ? <Link key="user" to={`/users/${encodeURIComponent(name)}`}>{name}</Link> : `${kind} ${name}`],
          ["From", typeof event?.audit?.from === "string" && <code key="from">{event.audit.from}</code>],
          ["When", <Time key="when" at={revision.time} />],
          ["By the operation", <code key="reason">{revision.reason}</code>],
          ["As it was noted", event?.description],
        ]}
      />
    </Panel>
  );
}

function ObjectView({ object }: { object: ChangedObject }) {
  const to = pageOfObject(object);
  const differences = object.differences ?? [];
  return (
    <section className={styles.object} aria-label={objectName(object)}>
      <header>
        <h3>{to === null ? objectName(object) : <Link to={to}>{objectName(object)}</Link>}</h3>
        <span className={styles.muted}>was {changeInWords(object.change)}</span>
        {!isObject(object) && <span className={styles.muted}>a row of {kindOf(object)}</span>}
      </header>
      {differences.length > 0 && (
        <table className={styles.differences}>
          <thead>
            <tr>
              <th scope="col">Member</th>
              <th scope="col">Before</th>
              <th scope="col">After</th>
            </tr>
          </thead>
          <tbody>
            {differences.map((difference) => (
              <tr key={difference.pointer}>
                <th scope="row">{difference.pointer.slice(1)}</th>
                <td>{difference.before === null ? <span className={styles.nothing}>none</span> : <span className={styles.before}>{valueInWords(difference.before)}</span>}</td>
                <td>{difference.after === null ? <span className={styles.nothing}>none</span> : valueInWords(difference.after)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}
