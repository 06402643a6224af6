/** Filters as text (docs/reference/query.md): taken apart only as far as chips and suggestions need it. The server reads them. */

/** The terms side by side at the top: quoted and parenthesized parts stay whole. */
export function terms(text: string): string[] {
  const found: string[] = [];
  let term = "";
  let depth = 0;
  let isQuoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const character = text.charAt(at);
    if (isQuoted && character === "\\") {
      term += character + text.charAt(at + 1);
      at += 1;
      continue;
    }
    if (character === '"') isQuoted = !isQuoted;
    else if (!isQuoted && character === "(") depth += 1;
    else if (!isQuoted && character === ")") depth -= 1;
    if (/\s/.test(character) && !isQuoted && depth <= 0) {
      if (term !== "") found.push(term);
      term = "";
    } else {
      term += character;
    }
  }
  if (term !== "") found.push(term);
  return found;
}

/** Whether the terms stand side by side alone, so that one can be taken out. */
export function isPlain(text: string): boolean {
  return !terms(text).some((term) => /^(OR|AND|NOT|\|\|?)$/.test(term));
}

/** A text as a term that is looked for anywhere. */
export function quotedText(text: string): string {
  if (text === "") return "";
  const isBare = /^[\p{L}\p{N}_][\p{L}\p{N}_.-]*$/u.test(text) && !/^(OR|AND|NOT)$/.test(text) && !text.includes("..");
  return isBare ? text : `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}

/** A field that has a value, or that has none. */
export function valueTerm(field: string, value: string | null): string {
  return value === null ? `${field}:!*` : `${field}:${quotedText(value)}`;
}

/** The values that a term gives a field, as they are written; null for another kind of term. */
function valuesOf(term: string, field: string): string[] | null {
  if (!term.toLowerCase().startsWith(`${field.toLowerCase()}:`)) return null;
  return commaParts(term.slice(field.length + 1));
}

function commaParts(text: string): string[] {
  return [...text.matchAll(/"(?:[^"\\]|\\.)*"|[^,"]+/g)].map((match) => match[0]);
}

const written = (value: string | null) => (value === null ? "!*" : quotedText(value));

/** Whether a filter asks for that value of a field by itself. */
export function hasValue(text: string, field: string, value: string | null): boolean {
  return terms(text).some((term) => valuesOf(term, field)?.includes(written(value)) === true);
}

/** Takes a value of a field into a filter, or out of it. Values of one field are alternatives. */
export function toggled(text: string, field: string, value: string | null): string {
  const all = terms(text);
  const wanted = written(value);
  const at = all.findIndex((term) => valuesOf(term, field) !== null);
  const found = all[at];
  if (!isPlain(text) || found === undefined) return [...all.length > 0 && !isPlain(text) ? [`(${text.trim()})`] : all, valueTerm(field, value)].join(" ");
  const values = valuesOf(found, field) ?? [];
  const next = values.includes(wanted) ? values.filter((other) => other !== wanted) : [...values, wanted];
  const term = next.length === 0 ? [] : [`${field}:${next.join(",")}`];
  return [...all.slice(0, at), ...term, ...all.slice(at + 1)].join(" ");
}

/** A filter without one of its terms. */
export function without(text: string, place: number): string {
  return terms(text)
    .filter((_, at) => at !== place)
    .join(" ");
}

/** What two filters mean both. */
export function both(one: string, other: string): string {
  const wrapped = [one, other].map((text) => text.trim()).filter((text) => text !== "");
  return wrapped.map((text) => (wrapped.length > 1 && !isPlain(text) ? `(${text})` : text)).join(" ");
}

/** What stands at the caret: a field that is begun, or a value of one. */
export interface Word {
  start: number;
  end: number;
  /** The field whose value it is; null while it may be a field. */
  field: string | null;
  /** What is typed of it. */
  begun: string;
}

export function wordAt(text: string, caret: number): Word {
  let start = caret;
  let isQuoted = false;
  for (let at = 0; at < caret; at += 1) {
    const character = text.charAt(at);
    if (character === '"' && text.charAt(at - 1) !== "\\") isQuoted = !isQuoted;
    if (at === 0 || (!isQuoted && /[\s(]/.test(character))) start = /[\s(]/.test(character) ? at + 1 : at;
  }
  if (caret === 0) start = 0;
  const before = text.slice(start, caret);
  const sign = /^[-!]/.test(before) ? 1 : 0;
  const colon = before.indexOf(":");
  if (colon === -1 || before.startsWith('"')) return { start: start + sign, end: caret, field: null, begun: before.slice(sign) };
  const last = Math.max(colon, before.lastIndexOf(","));
  const bang = before.charAt(last + 1) === "!" ? 1 : 0;
  return { start: start + last + 1 + bang, end: caret, field: before.slice(sign, colon), begun: before.slice(last + 1 + bang) };
}
