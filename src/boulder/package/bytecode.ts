// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * Python bytecode that is valid whatever the time stamps: a `.pyc` header that names the source's time and size is
 * rewritten to one that names the source's hash (PEP 552, unchecked). Installed files all have one time stamp, by which
 * the former kind would be stale on every system.
 */
import { sipHash } from "#boulder/package/siphash";

const HEADER = 16;
const HASH_BASED = 1;
/** Magic numbers: the first with the 16-byte header (Python 3.7), and the first release whose hash has one round. */
const FIRST_WITH_FLAGS = 3392;
const FIRST_WITH_ONE_ROUND = 3495;

/** The path of the source of a bytecode file in `__pycache__`, or undefined for other paths. */
export function sourceOf(path: string): string | undefined {
  const match = /^(.*)\/__pycache__\/([^/]+?)\.[\w-]+(?:\.opt-\d+)?\.pyc$/.exec(path);
  return match === null ? undefined : `${match[1]}/${match[2]}.py`;
}

export type Rewritten =
  | { readonly kind: "rewritten"; readonly bytes: Uint8Array }
  /** Already hash-based, or of a Python too old to know it. */
  | { readonly kind: "kept" }
  /** Made from another source than the one beside it: it would be wrong, not only stale. */
  | { readonly kind: "stale" };

/** The bytecode with a hash in its header. `modified` is the source's time in whole seconds. */
export function hashBased(bytecode: Uint8Array, source: Uint8Array, modified: number): Rewritten {
  if (bytecode.byteLength < HEADER) return { kind: "kept" };
  const view = new DataView(bytecode.buffer, bytecode.byteOffset, bytecode.byteLength);
  const magic = view.getUint16(0, true);
  const crlf = view.getUint16(2, true) === 0x0a0d;
  if (!crlf || magic < FIRST_WITH_FLAGS || (view.getUint32(4, true) & HASH_BASED) !== 0) return { kind: "kept" };
  if (view.getUint32(8, true) !== modified >>> 0 || view.getUint32(12, true) !== source.byteLength >>> 0) {
    return { kind: "stale" };
  }
  const bytes = new Uint8Array(bytecode);
  new DataView(bytes.buffer).setUint32(4, HASH_BASED, true);
  bytes.set(sipHash(view.getUint32(0, true), source, magic < FIRST_WITH_ONE_ROUND ? 2 : 1), 8);
  return { kind: "rewritten", bytes };
}
