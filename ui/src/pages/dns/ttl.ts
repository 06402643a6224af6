/** A TTL as people say it. */

import { span } from "../../parts/Time";

/** A TTL, or that it is the one of the site. */
export function ttlSpoken(ttl: number | null, otherwise: number): string {
  if (ttl !== null) return span(ttl * 1000);
  return Number.isNaN(otherwise) ? "as the site" : `${span(otherwise * 1000)}, as the site`;
}
