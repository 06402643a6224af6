/** Who is logged in: a session in a cookie, made by `/MAAS/accounts/`. */

import { queryOptions } from "@tanstack/react-query";

import { Problem, problemOf, unreachable } from "./problem";
import { ask, csrfToken } from "./send";

/** What a login page has to know before anybody is logged in. */
export interface Standing {
  authenticated: boolean;
  /** Whether nobody can log in yet. */
  no_users: boolean;
  /** The provider that can be logged in at. */
  oidc: { name: string; login_url: string } | null;
}

export interface Whoami {
  username: string;
  email: string;
  is_superuser: boolean;
}

/** Who is logged in; null when nobody is. */
export const SESSION = queryOptions({
  queryKey: ["session"],
  queryFn: async ({ signal }): Promise<Whoami | null> => {
    // Both cookies of a session come and go together.
    if (csrfToken() === null) return null;
    try {
      return (await ask<Whoami>("/api/v1/users/whoami", { signal })).data;
    } catch (error) {
      if (error instanceof Problem && error.status === 401) return null;
      throw error;
    }
  },
  staleTime: Number.POSITIVE_INFINITY,
});

/** What can be logged in with. */
export const STANDING = queryOptions({
  queryKey: ["standing"],
  queryFn: async ({ signal }) => (await ask<Standing>("/MAAS/accounts/login/", { signal })).data,
  staleTime: 0,
});

/** Logs in. A wrong password is a problem with the server's words. */
export async function login(username: string, password: string): Promise<void> {
  await form("/MAAS/accounts/login/", { username, password });
}

/** Ends the session. */
export async function logout(): Promise<void> {
  await form("/MAAS/accounts/logout/", {});
}

async function form(path: string, fields: Record<string, string>): Promise<void> {
  const token = csrfToken();
  const headers: Record<string, string> = token === null ? {} : { "X-CSRFToken": token };
  let response: Response;
  try {
    response = await fetch(new URL(path, location.origin), { method: "POST", headers, body: new URLSearchParams(fields) });
  } catch (cause) {
    throw unreachable(cause);
  }
  if (!response.ok) throw inWords(await problemOf(response));
}

/** These answers are Django's: lists of sentences by field. */
function inWords(problem: Problem): Problem {
  const sentences = Object.values(problem.more).flat().filter((value) => typeof value === "string");
  if (sentences.length === 0) return problem;
  return new Problem(problem.status, problem.title, sentences.join(" "), [], problem.retryAfterS);
}
