/** What the values of a form are in a request. */

import type { Values } from "./ResourceForm";

/** The values that something stands in: what is left empty is the API's to choose. */
export function filled(values: Values): Values {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== "" && value !== null && !(Array.isArray(value) && value.length === 0)));
}
