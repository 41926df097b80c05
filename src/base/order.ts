// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Orderings. Texts are ordered by their UTF-8 bytes wherever the order reaches a file or a hash. */

/**
 * Order of two texts by their UTF-8 bytes. UTF-16 order differs from it only between surrogates and U+E000..U+FFFF,
 * which is why the fast comparison is tried first.
 */
export function compareText(a: string, b: string): number {
  if (a === b) return 0;
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x === y) continue;
    const xs = x >= 0xd800;
    const ys = y >= 0xd800;
    if (xs && ys) return Buffer.compare(Buffer.from(a), Buffer.from(b));
    return x - y;
  }
  return a.length - b.length;
}

/** A sorted copy by UTF-8 bytes. */
export function sortedTexts(texts: Iterable<string>): string[] {
  return [...texts].sort(compareText);
}

/** A sorted copy by UTF-8 bytes without repeats. */
export function uniqueSorted(texts: Iterable<string>): string[] {
  return sortedTexts(new Set(texts));
}

/** The value of a key, made and stored on first use. */
export function getOrInsert<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const found = map.get(key);
  if (found !== undefined) return found;
  const made = make();
  map.set(key, made);
  return made;
}
