/** Logging in, by name and password or at the site's provider. */

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { FormEvent } from "react";
import { useEffect, useState } from "react";
import { Navigate, useSearchParams } from "react-router";

import { asProblem } from "../../api/problem";
import { login, SESSION, STANDING } from "../../api/session";
import { Button } from "../../parts/Button";
import { Symbol } from "../../parts/Status";
import { useSiteName } from "../../shell/site";
import styles from "./Login.module.css";

/** Where to go then: a path of ours, or home. */
export function nextOf(wanted: string | null): string {
  return wanted !== null && /^\/(?![/\\])/.test(wanted) ? wanted : "/";
}

export default function Login() {
  const [search] = useSearchParams();
  const next = nextOf(search.get("next"));
  const client = useQueryClient();
  const site = useSiteName();
  const session = useQuery(SESSION);
  const standing = useQuery(STANDING);
  const [username, setUsername] = useState("");
  const [password, setPassword] = useState("");
  useEffect(() => {
    document.title = `Log in · ${site}`;
  }, [site]);
  const entered = useMutation({
    mutationFn: () => login(username, password),
    onSuccess: () => client.fetchQuery({ ...SESSION, staleTime: 0 }),
  });
  if (session.data !== null && session.data !== undefined) return <Navigate to={next} replace />;
  const send = (event: FormEvent) => {
    event.preventDefault();
    if (!entered.isPending) entered.mutate();
  };
  const oidc = standing.data?.oidc;
  const problem = entered.error ?? standing.error;
  return (
    <main className={styles.page}>
      <div className={styles.card}>
        <h1 className={styles.site}>
          <span className={styles.swatch} aria-hidden="true" />
          {site}
        </h1>
        {problem !== null && (
          <p className={styles.problem} role="alert">
            <Symbol tone="bad" /> {asProblem(problem).message}
          </p>
        )}
        {standing.data?.no_users === true && (
          <p className={styles.note}>
            There are no users yet. On the host of a region: <code>ironraft user create username=NAME email=ADDRESS password=PASSWORD is_superuser=1</code>
          </p>
        )}
        {oidc !== undefined && oidc !== null && <Provider name={oidc.name} url={oidc.login_url} next={next} />}
        <form onSubmit={send} className={styles.form}>
          <label>
            User
            <input name="username" autoComplete="username" autoCapitalize="off" spellCheck={false} autoFocus required value={username} onChange={(event) => setUsername(event.target.value)} />
          </label>
          <label>
            Password
            <input name="password" type="password" autoComplete="current-password" required value={password} onChange={(event) => setPassword(event.target.value)} />
          </label>
          <Button type="submit" kind="primary" isPending={entered.isPending} refusal={username === "" || password === "" ? "User and password are needed." : null}>
            Log in
          </Button>
        </form>
        <p className={styles.foot}>
          <a href="/MAAS/status">Status of this region</a>
          <a href="/api/v1/docs">API</a>
        </p>
      </div>
    </main>
  );
}

/** The way to the site's provider of logins, and back to where one was going. */
function Provider({ name, url, next }: { name: string; url: string; next: string }) {
  return (
    <>
      <a className={styles.provider} href={`${url}?next=${encodeURIComponent(import.meta.env.BASE_URL.replace(/\/$/, "") + next)}`}>
        Log in with {name}
      </a>
      <p className={styles.or}>or with a password</p>
    </>
  );
}
