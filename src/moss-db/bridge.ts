// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * How keys and values pass between us and lmdb, which knows one encoder and one decoder a store: before each call into it, they
 * are told here.
 */
import { EMPTY } from "#base/bytes";
import type { OpenOptions } from "#moss-db/lmdb";

/** Reads what lies in `source[start, end)`, which is valid only during the call. */
export type Reader = (source: Buffer, start: number, end: number) => unknown;

export const ignore: Reader = () => undefined;

export class Bridge {
  /** What the keys given to lmdb are to begin with. */
  prefix: Uint8Array = EMPTY;
  readKey: Reader = ignore;
  readValue: Reader = ignore;

  /** What a store is to be opened with. */
  options(): Pick<OpenOptions, "encoding" | "decoder" | "decoderCopies" | "keyEncoder"> {
    return {
      encoding: "binary",
      decoder: { decode: (bytes, size) => this.readValue(bytes, 0, size) },
      decoderCopies: true,
      keyEncoder: {
        writeKey: (key, target, start) => writeKey(this.prefix, key, target, start),
        readKey: (source, start, end) => this.readKey(source, start, end),
      },
    };
  }
}

function writeKey(prefix: Uint8Array, key: Uint8Array, target: Buffer, start: number): number {
  let at = start;
  for (let i = 0; i < prefix.length; i++) target[at++] = prefix[i] ?? 0;
  // Most keys are short, and then a loop is faster than a call of `set`.
  if (key.length > 48) target.set(key, at);
  else for (let i = 0; i < key.length; i++) target[at + i] = key[i] ?? 0;
  return at + key.length;
}
