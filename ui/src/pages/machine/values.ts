/** Values that may be absent. */

/** A text; null where there is none, or an empty one. */
export function optional(text: string | null | undefined): string | null {
  return text === undefined || text === "" ? null : text;
}
