// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * XXH3 in 64 and 128 bits (seed 0, default secret), the checksums of the .stone format, from libxxhash 0.8.
 *
 * The 128-bit functions return a structure of two words, which `bun:ffi` cannot receive: `#sys/two-words` calls them.
 */
import type { Pointer } from "bun:ffi";
import { Failure } from "#base/errors";
import { ptr } from "#sys/libc";
import { lazyLibrary } from "#sys/library";
import { callForTwoWords } from "#sys/two-words";

const xxh = lazyLibrary("libxxhash.so.0", "libxxhash0 (Debian) or xxhash", {
  XXH3_64bits: { args: ["ptr", "usize"], returns: "u64" },
  XXH3_128bits: { args: ["ptr", "usize"], returns: "u64" },
  XXH3_createState: { args: [], returns: "ptr" },
  XXH3_freeState: { args: ["ptr"], returns: "i32" },
  XXH3_64bits_reset: { args: ["ptr"], returns: "i32" },
  XXH3_64bits_update: { args: ["ptr", "ptr", "usize"], returns: "i32" },
  XXH3_64bits_digest: { args: ["ptr"], returns: "u64" },
  XXH3_128bits_reset: { args: ["ptr"], returns: "i32" },
  XXH3_128bits_update: { args: ["ptr", "ptr", "usize"], returns: "i32" },
  XXH3_128bits_digest: { args: ["ptr"], returns: "u64" },
});

/** The address of a function that `dlopen` gave; the runtime keeps it in a property that its types leave out. */
function pointerOf(symbol: object): Pointer {
  if ("ptr" in symbol && typeof symbol.ptr === "number") return symbol.ptr as Pointer;
  throw new Error("the runtime gives no address for a foreign function");
}

function createState(): Pointer {
  const state = xxh().XXH3_createState();
  if (typeof state !== "number") throw new Failure("io", "Cannot hash: out of memory");
  return state;
}

/** XXH3-64 of bytes. */
export function xxh3_64(bytes: Uint8Array): bigint {
  if (bytes.byteLength === 0) return 0x2d06800538d394c2n;
  return xxh().XXH3_64bits(ptr(bytes), bytes.byteLength);
}

/** A running XXH3-64. Dispose it with `using`. */
export class Xxh3_64 {
  readonly #state = createState();

  constructor() {
    xxh().XXH3_64bits_reset(this.#state);
  }

  update(bytes: Uint8Array): this {
    if (bytes.byteLength > 0) xxh().XXH3_64bits_update(this.#state, ptr(bytes), bytes.byteLength);
    return this;
  }

  digest(): bigint {
    return xxh().XXH3_64bits_digest(this.#state);
  }

  [Symbol.dispose](): void {
    xxh().XXH3_freeState(this.#state);
  }
}

/** A running XXH3-128 that can be reset and used again. Dispose it with `using`. */
export class Xxh3_128 {
  readonly #state = createState();
  readonly #out = new BigUint64Array(2);

  constructor() {
    this.reset();
  }

  reset(): this {
    xxh().XXH3_128bits_reset(this.#state);
    return this;
  }

  update(bytes: Uint8Array): this {
    if (bytes.byteLength > 0) xxh().XXH3_128bits_update(this.#state, ptr(bytes), bytes.byteLength);
    return this;
  }

  /** The 16 bytes of the canonical form: high half first, both big-endian. */
  digest(): Uint8Array {
    callForTwoWords(pointerOf(xxh().XXH3_128bits_digest), this.#state, 0, this.#out);
    return canonical(this.#out);
  }

  [Symbol.dispose](): void {
    xxh().XXH3_freeState(this.#state);
  }
}

/** Canonical bytes of XXH128_hash_t {low, high}. */
function canonical(words: BigUint64Array): Uint8Array {
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, words[1] ?? 0n);
  view.setBigUint64(8, words[0] ?? 0n);
  return bytes;
}

const words = new BigUint64Array(2);

/** XXH3-128 of bytes in canonical form, 16 bytes. */
export function xxh3_128(bytes: Uint8Array): Uint8Array {
  // An empty array has no address; the function does not look at what it is given for nothing.
  const data = bytes.byteLength === 0 ? ptr(words) : ptr(bytes);
  callForTwoWords(pointerOf(xxh().XXH3_128bits), data, bytes.byteLength, words);
  return canonical(words);
}
