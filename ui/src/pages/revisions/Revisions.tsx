/** What was changed in the site, newest first: by whom, from where, why, and what became of which objects. */

import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "react-router";

import { useCatalog, useFirstPage } from "../../api/lists";
import { ask } from "../../api/send";
import { Button } from "../../parts/Button";
import { PageHeader } from "../../parts/PageHeader";
import { Panels } from "../../parts/Panel";
import { Empty, Loading, ProblemView } from "../../parts/Problem";
import { Time } from "../../parts/Time";
import { useParameters } from "../../shell/parameters";
import type { Revision, RevisionsPage } from "./revision";
import { actorInWords, merged, summaryOf } from "./revision";
import styles from "./Revisions.module.css";

/** How many a page has. */
const PAGE = 50;

/** How often the first page is read again: no kind of objects is behind it that could be followed. */
const AGAIN_MS = 15_000;

/** Whose changes are shown. */
const ACTORS = [
  ["", "Everybody but racks and machines"],
  ["user:", "All users"],
  ["rack:", "Racks"],
  ["machine:", "Machines"],
  ["region:", "Regions"],
  ["reconciler:", "Ironraft by itself"],
] as const;

function useRevisions(actor: string, resource: string) {
  return useInfiniteQuery({
    queryKey: ["read", null, "/api/v1/revisions", { actor, resource }],
    queryFn: async ({ pageParam, signal }) => (await ask<RevisionsPage>("/api/v1/revisions", { query: { actor, resource, limit: PAGE, before: pageParam }, signal })).data,
    initialPageParam: null as number | null,
    getNextPageParam: (page: RevisionsPage) => page.next ?? null,
    refetchInterval: (query) => (query.state.data?.pages.length === 1 ? AGAIN_MS : false),
  });
}

export default function Revisions() {
  const [get, put] = useParameters();
  const [actor, resource] = [get("actor"), get("resource")];
  const list = useRevisions(actor, resource);
  const all = merged(list.data?.pages.flatMap((page) => page.items) ?? []);
  const knownAfter = list.data?.pages.at(-1)?.known_after ?? 0;
  return (
    <>
      <PageHeader title="Audit">
        <Button onPress={() => void list.refetch()} isPending={list.isRefetching}>
          Look again
        </Button>
      </PageHeader>
      <Bar actor={actor} resource={resource} onPut={put} />
      {list.error !== null && (
        <Panels>
          <ProblemView error={list.error} onRetry={() => void list.refetch()} />
        </Panels>
      )}
      {list.isPending && <Loading />}
      {list.data !== undefined && (
        <>
          {all.length === 0 ? <NoRevisions isNarrowed={actor !== "" || resource !== ""} /> : <List all={all} />}
          <div className={styles.end}>
            {list.hasNextPage && (
              <Button onPress={() => void list.fetchNextPage()} isPending={list.isFetchingNextPage}>
                Earlier changes
              </Button>
            )}
            <p>{extent(knownAfter, list.hasNextPage)}</p>
          </div>
        </>
      )}
    </>
  );
}

function NoRevisions({ isNarrowed }: { isNarrowed: boolean }) {
  if (!isNarrowed) return <Empty title="Nothing was changed yet" />;
  return (
    <Empty title="Nothing that was changed is meant by this">
      <p>Choose another user or another kind of objects.</p>
    </Empty>
  );
}

/** How far the list goes, plainly. */
export function extent(knownAfter: number, hasMore: boolean): string {
  if (knownAfter === 0) return "That is all, from the first day of the site.";
  const number = knownAfter.toLocaleString("en");
  return hasMore ? `All changes after revision ${number} are listed.` : `What was changed up to revision ${number} is not known any more: the history goes back to there.`;
}

function Bar({ actor, resource, onPut }: { actor: string; resource: string; onPut: (values: Record<string, string>) => void }) {
  const catalog = useCatalog();
  const kinds = (catalog.data ?? []).map((entry) => entry.name).filter((name) => name !== "events" && name !== "leases");
  const isUser = actor.startsWith("user:") && actor !== "user:";
  const [name, setName] = useState(isUser ? actor.slice("user:".length) : "");
  const choose = () => {
    const wanted = name.trim() === "" ? (isUser ? "user:" : actor) : `user:${name.trim()}`;
    if (wanted !== actor) onPut({ actor: wanted });
  };
  return (
    <div className={styles.bar}>
      <label>
        By
        <select value={isUser ? "user:" : actor} onChange={(event) => onPut({ actor: event.target.value })}>
          {ACTORS.map(([value, label]) => (
            <option key={value} value={value}>
              {label}
            </option>
          ))}
        </select>
      </label>
      <label>
        This user
        <input value={name} placeholder="any" spellCheck={false} autoComplete="off" onChange={(event) => setName(event.target.value)} onBlur={choose} onKeyDown={(event) => event.key === "Enter" && choose()} />
      </label>
      <label>
        Kind of objects
        <select value={resource} onChange={(event) => onPut({ resource: event.target.value })}>
          <option value="">All</option>
          {resource !== "" && !kinds.includes(resource) && <option value={resource}>{resource}</option>}
          {kinds.map((kind) => (
            <option key={kind} value={kind}>
              {kind}
            </option>
          ))}
        </select>
      </label>
    </div>
  );
}

const HEADS = ["Revision", "When", "By", "Why", "What became of what"];

function List({ all }: { all: readonly Revision[] }) {
  const last = all.at(-1);
  const first = all[0];
  // Where a request came from is told by the audit events of the same revisions.
  const filter = first === undefined || last === undefined ? "" : `level:audit audit.revision:${last.revision}..${first.revision}`;
  const events = useFirstPage("events", { filter, limit: 200 }, filter !== "");
  const from = new Map(events.data?.items.map((event) => [event.audit?.revision, event.audit?.from ?? ""]));
  return (
    <>
      <div className={styles.head} aria-hidden="true">
        {HEADS.map((head) => (
          <span key={head}>{head}</span>
        ))}
      </div>
      <ol className={styles.list} aria-label="Changes">
        {all.map((revision, at) => {
          const { kind, name } = actorInWords(revision.actor);
          const address = from.get(revision.revision) ?? "";
          return (
            <li key={`${revision.revision} ${at}`}>
              <Link to={`/revisions/${revision.revision}`} className={styles.number ?? ""}>
                {revision.revision}
              </Link>
              <Time at={revision.time} />
              <span className={styles.cut} title={`${revision.actor}${address === "" ? "" : ` from ${address}`}`}>
                {name === "" ? kind : kind === "user" ? name : `${kind} ${name}`}
                {address !== "" && <span className={styles.muted}> {address}</span>}
              </span>
              <code className={styles.cut} title={revision.reason}>
                {revision.reason}
              </code>
              <span className={styles.cut} title={summaryOf(revision)}>
                {summaryOf(revision)}
              </span>
            </li>
          );
        })}
      </ol>
    </>
  );
}
