// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Copies of stored bytes. What lmdb shows lies in buffers that its next call uses again. */

// Slicing a Uint8Array is four times faster than slicing a Buffer, so a view is kept of each of the two buffers that
// keys and values come in. Larger ones are not kept alive by it.
const KEPT = 1 << 16;
let first: Uint8Array | undefined;
let second: Uint8Array | undefined;
let firstView: Uint8Array = new Uint8Array(0);
let secondView: Uint8Array = firstView;

/** A copy of `source[start, end)` in memory of its own. */
export function copyBytes(source: Uint8Array, start: number, end: number): Uint8Array {
  if (source === first) return firstView.slice(start, end);
  if (source === second) return secondView.slice(start, end);
  const view = new Uint8Array(source.buffer, source.byteOffset, source.byteLength);
  if (source.byteLength <= KEPT) {
    second = first;
    secondView = firstView;
    first = source;
    firstView = view;
  }
  return view.slice(start, end);
}
