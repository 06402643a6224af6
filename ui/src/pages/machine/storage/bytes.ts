/** Sizes as they are typed: bytes, or a number with K, M, G, T, P or E, in powers of 1000. */

const UNITS = "KMGTPE";

/** The bytes; none of what is no size. A percentage is of `whole`. */
export function bytesOf(text: string, whole: number | null = null): number | null {
  const found = /^(\d+(?:\.\d+)?)([KMGTPE%]?)$/i.exec(text.trim());
  if (found === null) return null;
  const [, digits = "", unit = ""] = found;
  const number = Number(digits);
  if (unit === "%") return whole === null ? null : (whole * number) / 100;
  return number * 1000 ** (unit === "" ? 0 : UNITS.indexOf(unit.toUpperCase()) + 1);
}
