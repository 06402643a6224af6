/** What this browser remembers of its user: colors, density, saved views. Nothing of it is needed. */

export interface Preference<T> {
  read: () => T;
  set: (value: T) => void;
  subscribe: (listener: () => void) => () => void;
}

/** One of some words. */
export function preference<T extends string>(name: string, fallback: T, known: readonly T[]): Preference<T> {
  return stored(name, fallback, (value) => (known.includes(value as T) ? (value as T) : fallback), (value) => value);
}

/** Anything that is JSON. */
export function jsonPreference<T>(name: string, fallback: T, isValid: (value: unknown) => value is T): Preference<T> {
  const parse = (text: string) => {
    try {
      const value: unknown = JSON.parse(text);
      return isValid(value) ? value : fallback;
    } catch {
      return fallback;
    }
  };
  return stored(name, fallback, parse, (value) => JSON.stringify(value));
}

function stored<T>(name: string, fallback: T, parse: (text: string) => T, write: (value: T) => string): Preference<T> {
  const key = `ironraft.${name}`;
  const listeners = new Set<() => void>();
  let known: T | undefined;
  const tell = () => listeners.forEach((listener) => listener());
  if (typeof window !== "undefined") {
    // Another tab has changed it.
    window.addEventListener("storage", (event) => {
      if (event.key !== key) return;
      known = undefined;
      tell();
    });
  }
  return {
    read: () => {
      if (known === undefined) {
        const text = storage()?.getItem(key) ?? null;
        known = text === null ? fallback : parse(text);
      }
      return known;
    },
    set: (value) => {
      known = value;
      storage()?.setItem(key, write(value));
      tell();
    },
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

function storage(): Storage | null {
  try {
    return window.localStorage;
  } catch {
    return null;
  }
}
