// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * SipHash (Aumasson and Bernstein, 2012) with a 64-bit key whose second half is zero, as CPython hashes the sources that
 * bytecode was made from. One compression round before Python 3.11's 13 variant is two: `rounds` says which, 1 or 2;
 * three and four finalisation rounds belong to them.
 */

// State words as pairs of 32-bit halves: BigInt arithmetic is fifty times slower.
interface State {
  a: number;
  A: number;
  b: number;
  B: number;
  c: number;
  C: number;
  d: number;
  D: number;
}

function round(s: State): void {
  let { a, A, b, B, c, C, d, D } = s;
  let low = (a >>> 0) + (b >>> 0);
  A = (A + B + (low > 0xffffffff ? 1 : 0)) | 0;
  a = low | 0;
  low = (c >>> 0) + (d >>> 0);
  C = (C + D + (low > 0xffffffff ? 1 : 0)) | 0;
  c = low | 0;
  let t = (b << 13) | (B >>> 19);
  B = (B << 13) | (b >>> 19);
  b = t ^ a;
  B ^= A;
  t = (d << 16) | (D >>> 16);
  D = (D << 16) | (d >>> 16);
  d = t ^ c;
  D ^= C;
  // Rotating by 32 exchanges the halves.
  t = a;
  a = A;
  A = t;
  low = (c >>> 0) + (b >>> 0);
  C = (C + B + (low > 0xffffffff ? 1 : 0)) | 0;
  c = low | 0;
  low = (a >>> 0) + (d >>> 0);
  A = (A + D + (low > 0xffffffff ? 1 : 0)) | 0;
  a = low | 0;
  t = (b << 17) | (B >>> 15);
  B = (B << 17) | (b >>> 15);
  b = t ^ c;
  B ^= C;
  t = (d << 21) | (D >>> 11);
  D = (D << 21) | (d >>> 11);
  d = t ^ a;
  D ^= A;
  t = c;
  c = C;
  C = t;
  Object.assign(s, { a, A, b, B, c, C, d, D });
}

/** The hash as 8 little-endian bytes. `key` is the low half of the key, below 2^32. */
export function sipHash(key: number, bytes: Uint8Array, rounds: 1 | 2): Uint8Array {
  // The constants are the ASCII text "somepseudorandomlygeneratedbytes".
  const s: State = {
    a: 0x70736575 ^ key,
    A: 0x736f6d65,
    b: 0x6e646f6d,
    B: 0x646f7261,
    c: 0x6e657261 ^ key,
    C: 0x6c796765,
    d: 0x79746573,
    D: 0x74656462,
  };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const whole = bytes.byteLength & ~7;
  const compress = (low: number, high: number) => {
    s.d ^= low;
    s.D ^= high;
    for (let i = 0; i < rounds; i++) round(s);
    s.a ^= low;
    s.A ^= high;
  };
  for (let at = 0; at < whole; at += 8) compress(view.getUint32(at, true), view.getUint32(at + 4, true));
  const tail = new Uint8Array(8);
  tail.set(bytes.subarray(whole));
  tail[7] = bytes.byteLength & 0xff;
  const last = new DataView(tail.buffer);
  compress(last.getUint32(0, true), last.getUint32(4, true));
  s.c ^= 0xff;
  for (let i = 0; i < rounds + 2; i++) round(s);
  const out = new Uint8Array(8);
  const result = new DataView(out.buffer);
  result.setUint32(0, s.a ^ s.b ^ s.c ^ s.d, true);
  result.setUint32(4, s.A ^ s.B ^ s.C ^ s.D, true);
  return out;
}
