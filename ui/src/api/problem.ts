/** What went wrong, as the API says it (RFC 9457), or as we say it when nothing came back. */

import type { components } from "./schema";

export type Fault = components["schemas"]["Fault"];

interface Document {
  title?: unknown;
  detail?: unknown;
  errors?: unknown;
  type?: unknown;
  [member: string]: unknown;
}

export class Problem extends Error {
  constructor(
    /** The HTTP status; 0 when nothing came back. */
    readonly status: number,
    /** The kind of failure in words. */
    readonly title: string,
    /** What is wrong, in sentences. */
    readonly detail: string,
    readonly errors: readonly Fault[] = [],
    /** How many seconds to wait before asking again. */
    readonly retryAfterS: number | null = null,
    /** What only this kind of failure says. */
    readonly more: Readonly<Record<string, unknown>> = {},
  ) {
    super(detail === "" ? title : detail);
    this.name = "Problem";
  }

  /** Whether the same may succeed later without anybody doing anything. */
  get isPassing(): boolean {
    return this.status === 0 || this.status === 429 || this.status === 502 || this.status === 503 || this.status === 504;
  }

  /** What is wrong with a member of the body. */
  faultOf(member: string): string | null {
    const pointer = `/${member.replaceAll("~", "~0").replaceAll("/", "~1")}`;
    const found = this.errors.filter((fault) => fault.pointer === pointer || fault.pointer?.startsWith(`${pointer}/`));
    return found.length === 0 ? null : found.map((fault) => fault.message).join(" ");
  }

  /** What is wrong with a parameter of the query. */
  parameterFault(parameter: string): string | null {
    return this.errors.find((fault) => fault.parameter === parameter)?.message ?? null;
  }
}

/** Nothing came back. */
export function unreachable(cause: unknown): Problem {
  const problem = new Problem(0, "No answer", "This region did not answer. It may be restarting, or the network is down.");
  problem.cause = cause;
  return problem;
}

/** The problem in an answer that is none of success. */
export async function problemOf(response: Response): Promise<Problem> {
  const retryAfter = Number(response.headers.get("Retry-After") ?? "");
  const retryAfterS = Number.isFinite(retryAfter) && retryAfter > 0 ? retryAfter : null;
  const text = await response.text().catch(() => "");
  const parsed = document(text);
  if (parsed === null) {
    const plain = text.length < 300 && !text.trimStart().startsWith("<") ? text.trim() : "";
    return new Problem(response.status, `Answer ${response.status}`, plain, [], retryAfterS);
  }
  const { title, detail, errors, ...more } = parsed;
  delete more.type;
  delete more.status;
  const faults = Array.isArray(errors) ? errors.filter(isFault) : [];
  return new Problem(
    response.status,
    typeof title === "string" ? title : `Answer ${response.status}`,
    typeof detail === "string" ? detail : "",
    faults,
    retryAfterS,
    more,
  );
}

/** Anything that was thrown, as a problem. */
export function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  const detail = error instanceof Error ? error.message : String(error);
  return new Problem(500, "A defect of this interface", detail);
}

function document(text: string): Document | null {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === "object" && parsed !== null && !Array.isArray(parsed) ? (parsed as Document) : null;
  } catch {
    return null;
  }
}

function isFault(value: unknown): value is Fault {
  return typeof value === "object" && value !== null && typeof (value as Fault).message === "string";
}
