/** A filter as text, with suggestions: fields while one is begun, then the values that there are, with how many have each. */

import type { KeyboardEvent } from "react";
import { useId, useMemo, useRef, useState } from "react";

import { useCatalog, useCounts } from "../api/lists";
import type { ResourceEntry, ResourceName } from "../api/resources";
import { Icon } from "../parts/Icon";
import type { KeyBinding } from "../shell/keys";
import { useKeys } from "../shell/keys";
import type { Word } from "./filter";
import { quotedText, wordAt } from "./filter";
import styles from "./FilterBox.module.css";

interface Props {
  resource: ResourceName;
  value: string;
  onChange: (filter: string) => void;
  /** What the server says is wrong with it. */
  fault: string | null;
  placeholder: string;
  /** Whether the list counts values, so that they can be suggested. */
  isCounted?: boolean;
}

interface Suggestion {
  text: string;
  detail: string;
  /** What follows when it is taken. */
  after: string;
}

/** How many are shown. */
const SHOWN = 12;
/** How long after the last key the filter counts. */
const PAUSE_MS = 250;

export function FilterBox({ resource, value, onChange, fault, placeholder, isCounted = true }: Props) {
  const filter = useFilterText(value, onChange);
  const { text } = filter;
  const [caret, setCaret] = useState<number | null>(null);
  const [at, setAt] = useState(-1);
  const input = useRef<HTMLInputElement>(null);
  const id = useId();
  const word = useMemo(() => (caret === null ? null : wordAt(text, caret)), [text, caret]);
  const suggestions = useSuggestions(resource, word, isCounted);
  const isOpen = caret !== null && suggestions.length > 0;
  const type = (next: string, place: number | null) => {
    filter.type(next);
    setCaret(place);
    setAt(-1);
  };
  const take = (suggestion: Suggestion) => {
    if (word === null) return;
    const next = text.slice(0, word.start) + suggestion.text + suggestion.after + text.slice(word.end).trimStart();
    const place = word.start + suggestion.text.length + suggestion.after.length;
    type(next, place);
    requestAnimationFrame(() => input.current?.setSelectionRange(place, place));
  };
  const close = () => setCaret(null);
  const enter = () => {
    filter.send(text);
    close();
  };
  const escape = () => (isOpen ? close() : text !== "" ? type("", null) : input.current?.blur());
  const down = (event: KeyboardEvent) => press(event, { suggestions: isOpen ? suggestions : [], at, onMove: setAt, onTake: take, onEnter: enter, onEscape: escape });
  useKeys(useMemo<KeyBinding[]>(() => [{ keys: "/", label: "Go to the filter", group: "Tables", run: () => input.current?.focus() }], []));
  return (
    <div className={styles.box} data-wrong={fault !== null || undefined}>
      <Icon name="filter" />
      <input
        ref={input}
        {...combobox(id, isOpen, at, fault)}
        placeholder={placeholder}
        value={text}
        onChange={(event) => type(event.target.value, event.target.selectionStart)}
        onSelect={(event) => caret !== null && setCaret(event.currentTarget.selectionStart)}
        onFocus={(event) => setCaret(event.currentTarget.selectionStart)}
        onBlur={close}
        onKeyDown={down}
      />
      {text !== "" && (
        <button type="button" className={styles.clear} aria-label="Clear the filter" onClick={() => type("", null)}>
          <Icon name="close" size={13} />
        </button>
      )}
      <Suggestions id={id} suggestions={isOpen ? suggestions : []} at={at} onTake={take} />
      {fault !== null && (
        <p id={`${id}-fault`} className={styles.fault} role="alert">
          {fault}
        </p>
      )}
    </div>
  );
}

/** What a field with suggestions is to who hears it, and to the browser (WAI-ARIA's pattern of a combobox). */
function combobox(id: string, isOpen: boolean, at: number, fault: string | null) {
  return {
    role: "combobox",
    "aria-label": "Filter",
    "aria-expanded": isOpen,
    "aria-controls": `${id}-list`,
    "aria-autocomplete": "list",
    "aria-activedescendant": isOpen && at >= 0 ? `${id}-${at}` : undefined,
    "aria-invalid": fault !== null,
    "aria-describedby": fault === null ? undefined : `${id}-fault`,
    spellCheck: false,
    autoComplete: "off",
    autoCapitalize: "off",
  } as const;
}

/** The text of a filter: what the address says, and what is typed here, which counts a moment later. */
function useFilterText(value: string, onChange: (filter: string) => void) {
  const [text, setText] = useState(value);
  const [told, setTold] = useState(value);
  const [sent, setSent] = useState<string | null>(null);
  const timer = useRef<ReturnType<typeof setTimeout> | null>(null);
  if (value !== told) {
    setTold(value);
    setSent(null);
    // What was typed here comes back by the address, perhaps after more was typed.
    if (value !== sent && value.trim() !== text.trim()) setText(value);
  }
  const wait = () => {
    if (timer.current !== null) clearTimeout(timer.current);
  };
  const send = (next: string, ms = 0) => {
    wait();
    timer.current = setTimeout(() => {
      setSent(next.trim());
      onChange(next.trim());
    }, ms);
  };
  const type = (next: string) => {
    setText(next);
    // A term that is only begun means nothing yet.
    if (isBegun(next)) wait();
    else send(next, next === "" ? 0 : PAUSE_MS);
  };
  return { text, type, send };
}

interface KeysProps {
  /** Those that are open. */
  suggestions: readonly Suggestion[];
  /** Which of them is active; -1 for none. */
  at: number;
  onMove: (at: number) => void;
  onTake: (suggestion: Suggestion) => void;
  onEnter: () => void;
  onEscape: () => void;
}

/** What keys do: they walk through the suggestions and take one, or send the filter. */
function press(event: KeyboardEvent, { suggestions, at, onMove, onTake, onEnter, onEscape }: KeysProps) {
  const total = suggestions.length;
  const active = suggestions[at];
  const handlers: Record<string, (() => void) | undefined> = {
    Enter: active === undefined ? onEnter : () => onTake(active),
    Tab: active === undefined ? undefined : () => onTake(active),
    ArrowDown: total === 0 ? undefined : () => onMove((at + 1) % total),
    ArrowUp: total === 0 ? undefined : () => onMove(at <= 0 ? total - 1 : at - 1),
  };
  if (event.key === "Escape") return onEscape();
  const handler = handlers[event.key];
  if (handler === undefined) return;
  event.preventDefault();
  handler();
}

function Suggestions({ id, suggestions, at, onTake }: { id: string; suggestions: readonly Suggestion[]; at: number; onTake: (suggestion: Suggestion) => void }) {
  return (
    <ul id={`${id}-list`} role="listbox" aria-label="Suggestions" className={styles.list} hidden={suggestions.length === 0}>
      {suggestions.map((suggestion, place) => (
        <li
          key={suggestion.text}
          id={`${id}-${place}`}
          role="option"
          aria-selected={place === at}
          // The field must keep the focus.
          onPointerDown={(event) => {
            event.preventDefault();
            onTake(suggestion);
          }}
        >
          <code>
            {suggestion.text}
            {suggestion.after.trim()}
          </code>
          <span>{suggestion.detail}</span>
        </li>
      ))}
    </ul>
  );
}

/** Whether a filter ends in the middle of a term: `status:` or an open quotation mark. */
export function isBegun(text: string): boolean {
  return /[:,(!<>=]$|(^|\s)-$/.test(text) || (text.match(/(?<!\\)"/g)?.length ?? 0) % 2 === 1;
}

function useSuggestions(resource: ResourceName, word: Word | null, isCounted: boolean): Suggestion[] {
  const catalog = useCatalog(word !== null);
  const entry = catalog.data?.find((found) => found.name === resource);
  const field = word?.field === null || word?.field === undefined ? undefined : fieldCalled(entry, word.field);
  const hasValues = isCounted && field !== undefined && (field.kind === "text" || field.kind === "boolean");
  const values = useValues(resource, hasValues ? field.name : null);
  if (word === null || entry === undefined) return [];
  const begun = word.begun.replaceAll('"', "").toLowerCase();
  if (word.field === null) {
    if (begun === "") return [];
    const named = entry.fields.filter((found) => [found.name, ...found.aliases].some((name) => name.startsWith(begun)));
    return named.slice(0, SHOWN).map((found) => ({ text: found.name, detail: found.doc, after: ":" }));
  }
  const named = values.map(({ value, count }) => ({ value: value ?? "", count }));
  const meant = named.filter(({ value }) => value.toLowerCase().includes(begun) && value.toLowerCase() !== begun);
  return meant.slice(0, SHOWN).map(({ value, count }) => ({ text: quotedText(value), detail: String(count), after: " " }));
}

function fieldCalled(entry: ResourceEntry | undefined, name: string) {
  const wanted = name.toLowerCase();
  return entry?.fields.find((found) => found.name === wanted || found.aliases.includes(wanted));
}

function useValues(resource: ResourceName, field: string | null) {
  const counts = useCounts(resource, "", field === null ? [] : [field], field !== null);
  return field === null ? [] : (counts.data?.facets?.[field] ?? []);
}
