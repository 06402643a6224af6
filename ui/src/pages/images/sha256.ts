/**
 * SHA-256 (FIPS 180-4) of what comes in parts. Browsers digest only what is in memory as a whole, and only over TLS; images are
 * larger, and a site without TLS uploads, too.
 */

const K = new Uint32Array(64);
const INITIAL = new Uint32Array(8);

// The first 32 bits of the fractions of the cube roots and the square roots of the first primes.
for (let number = 2, found = 0; found < 64; number += 1) {
  let isPrime = true;
  for (let factor = 2; factor * factor <= number; factor += 1) if (number % factor === 0) isPrime = false;
  if (!isPrime) continue;
  const bits = (root: number) => ((root - Math.floor(root)) * 2 ** 32) >>> 0;
  if (found < 8) INITIAL[found] = bits(number ** (1 / 2));
  K[found] = bits(number ** (1 / 3));
  found += 1;
}

const BLOCK = 64;

export class Sha256 {
  private readonly state = INITIAL.slice();
  private readonly words = new Uint32Array(64);
  private readonly rest = new Uint8Array(BLOCK);
  private restSize = 0;
  private size = 0;

  /** Takes the next part. */
  update(part: Uint8Array): this {
    this.size += part.length;
    let at = 0;
    if (this.restSize > 0) {
      at = Math.min(BLOCK - this.restSize, part.length);
      this.rest.set(part.subarray(0, at), this.restSize);
      this.restSize += at;
      if (this.restSize < BLOCK) return this;
      this.block(this.rest, 0);
      this.restSize = 0;
    }
    for (; at + BLOCK <= part.length; at += BLOCK) this.block(part, at);
    this.rest.set(part.subarray(at), 0);
    this.restSize = part.length - at;
    return this;
  }

  /** The digest of all parts, in hexadecimal digits. */
  hex(): string {
    const size = this.size;
    const padding = new Uint8Array(((this.restSize < 56 ? 56 : 120) - this.restSize) + 8);
    padding[0] = 0x80;
    const view = new DataView(padding.buffer);
    view.setUint32(padding.length - 8, Math.floor(size / 2 ** 29));
    view.setUint32(padding.length - 4, (size * 8) >>> 0);
    this.update(padding);
    return Array.from(this.state, (word) => word.toString(16).padStart(8, "0")).join("");
  }

  private block(bytes: Uint8Array, from: number): void {
    const w = this.words;
    for (let at = 0; at < 16; at += 1) {
      const place = from + at * 4;
      w[at] = (byte(bytes, place) << 24) | (byte(bytes, place + 1) << 16) | (byte(bytes, place + 2) << 8) | byte(bytes, place + 3);
    }
    for (let at = 16; at < 64; at += 1) {
      const early = word(w, at - 15);
      const late = word(w, at - 2);
      const small = rotated(early, 7) ^ rotated(early, 18) ^ (early >>> 3);
      const large = rotated(late, 17) ^ rotated(late, 19) ^ (late >>> 10);
      w[at] = (word(w, at - 16) + small + word(w, at - 7) + large) | 0;
    }
    const s = this.state;
    let [a, b, c, d, e, f, g, h] = [word(s, 0), word(s, 1), word(s, 2), word(s, 3), word(s, 4), word(s, 5), word(s, 6), word(s, 7)];
    for (let at = 0; at < 64; at += 1) {
      const one = (h + (rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25)) + ((e & f) ^ (~e & g)) + word(K, at) + word(w, at)) | 0;
      const two = ((rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      h = g;
      g = f;
      f = e;
      e = (d + one) | 0;
      d = c;
      c = b;
      b = a;
      a = (one + two) | 0;
    }
    [a, b, c, d, e, f, g, h].forEach((value, at) => {
      s[at] = (word(s, at) + value) | 0;
    });
  }
}

// Within its length an array has a number at every place.
function byte(bytes: Uint8Array, at: number): number {
  return bytes[at] as number;
}

function word(words: Uint32Array, at: number): number {
  return words[at] as number;
}

function rotated(value: number, by: number): number {
  return (value >>> by) | (value << (32 - by));
}
