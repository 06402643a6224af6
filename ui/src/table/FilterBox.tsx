/** A filter as text, with suggestions: fields while one is begun, then the values that there are, with how many have each. */

import type { KeyboardEvent } from "react";
import { useId, useMemo, useRef, useState } from "react";

import { useCatalog, useCounts } from "../api/lists";
import type { ResourceEntry, ResourceName } from "../api/resources";
import { Icon } from "../parts/Icon";
import type { KeyBinding } from "../shell/keys";
import { useKeys } from "../shell/keys";
import styles from "./FilterBox.module.css";
import { quotedText, wordAt } from "./filter";
import type { Word } from "./filter";

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
  const [text, setText] = useState(value);
  const [told, setTold] = useState(value);
  const [sent, setSent] = useState<string | null>(null);
  if (value !== told) {
    setTold(value);
    setSent(null);
    // What was typed here comes back by the address, perhaps after more was typed.
    if (value !== sent && value.trim() !== text.trim()) setText(value);
  }
  const [caret, setCaret] = useState<number | null>(null);
  const [at, setAt] = useState(-1);
  const input = useRef<HTMLInputElement>(null);
  const timer = useRef<ReturnType<typeof setTimeout> | null>(null);
  const id = useId();
  const word = useMemo(() => (caret === null ? null : wordAt(text, caret)), [text, caret]);
  const suggestions = useSuggestions(resource, word, isCounted);
  const isOpen = caret !== null && suggestions.length > 0;

  const wait = () => {
    if (timer.current !== null) clearTimeout(timer.current);
  };
  const send = (next: string, ms = PAUSE_MS) => {
    wait();
    timer.current = setTimeout(() => {
      setSent(next.trim());
      onChange(next.trim());
    }, ms);
  };
  const type = (next: string, place: number | null) => {
    setText(next);
    setCaret(place);
    setAt(-1);
    // A term that is only begun means nothing yet.
    if (next === "" || !isBegun(next)) send(next, next === "" ? 0 : PAUSE_MS);
    else wait();
  };
  const take = (suggestion: Suggestion) => {
    if (word === null) return;
    const next = text.slice(0, word.start) + suggestion.text + suggestion.after + text.slice(word.end).trimStart();
    const place = word.start + suggestion.text.length + suggestion.after.length;
    type(next, place);
    requestAnimationFrame(() => input.current?.setSelectionRange(place, place));
  };
  const down = (event: KeyboardEvent) => {
    if (event.key === "Enter") {
      event.preventDefault();
      const suggestion = isOpen ? suggestions[at] : undefined;
      if (suggestion !== undefined) take(suggestion);
      else {
        send(text, 0);
        setCaret(null);
      }
    } else if (event.key === "Escape") {
      if (isOpen) setCaret(null);
      else if (text !== "") type("", null);
      else input.current?.blur();
    } else if (isOpen && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      event.preventDefault();
      const step = event.key === "ArrowDown" ? 1 : -1;
      setAt((at + step + suggestions.length + (at === -1 && step === -1 ? 1 : 0)) % suggestions.length);
    } else if (event.key === "Tab" && isOpen && at >= 0) {
      const suggestion = suggestions[at];
      if (suggestion === undefined) return;
      event.preventDefault();
      take(suggestion);
    }
  };
  useKeys(
    useMemo<KeyBinding[]>(() => [{ keys: "/", label: "Go to the filter", group: "Tables", run: () => input.current?.focus() }], []),
  );
  return (
    <div className={styles.box} data-wrong={fault !== null || undefined}>
      <Icon name="filter" />
      <input
        ref={input}
        role="combobox"
        aria-label="Filter"
        aria-expanded={isOpen}
        aria-controls={`${id}-list`}
        aria-autocomplete="list"
        aria-activedescendant={isOpen && at >= 0 ? `${id}-${at}` : undefined}
        aria-invalid={fault !== null}
        aria-describedby={fault === null ? undefined : `${id}-fault`}
        placeholder={placeholder}
        value={text}
        spellCheck={false}
        autoComplete="off"
        autoCapitalize="off"
        onChange={(event) => type(event.target.value, event.target.selectionStart)}
        onSelect={(event) => caret !== null && setCaret(event.currentTarget.selectionStart)}
        onFocus={(event) => setCaret(event.currentTarget.selectionStart)}
        onBlur={() => setCaret(null)}
        onKeyDown={down}
      />
      {text !== "" && (
        <button type="button" className={styles.clear} aria-label="Clear the filter" onClick={() => type("", null)}>
          <Icon name="close" size={13} />
        </button>
      )}
      <ul id={`${id}-list`} role="listbox" aria-label="Suggestions" className={styles.list} hidden={!isOpen}>
        {isOpen &&
          suggestions.map((suggestion, place) => (
            <li
              key={suggestion.text}
              id={`${id}-${place}`}
              role="option"
              aria-selected={place === at}
              // The field must keep the focus.
              onPointerDown={(event) => {
                event.preventDefault();
                take(suggestion);
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
      {fault !== null && (
        <p id={`${id}-fault`} className={styles.fault} role="alert">
          {fault}
        </p>
      )}
    </div>
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
  const meant = values.filter((count) => count.value !== null && count.value.toLowerCase().includes(begun) && count.value.toLowerCase() !== begun);
  return meant.slice(0, SHOWN).map((count) => ({ text: quotedText(count.value ?? ""), detail: String(count.count), after: " " }));
}

function fieldCalled(entry: ResourceEntry | undefined, name: string) {
  const wanted = name.toLowerCase();
  return entry?.fields.find((found) => found.name === wanted || found.aliases.includes(wanted));
}

function useValues(resource: ResourceName, field: string | null) {
  const counts = useCounts(resource, "", field === null ? [] : [field], field !== null);
  return field === null ? [] : (counts.data?.facets?.[field] ?? []);
}
