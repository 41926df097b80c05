// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** What a stone holds, in memory, for tests that look at what was written. */
import { concat, hex } from "#base/bytes";
import type { LayoutEntry } from "#model/layout";
import type { PackageMeta } from "#model/package";
import { StoneReader } from "#stone/reader";

export interface Unpacked {
  readonly meta: PackageMeta;
  /** By path below /usr. */
  readonly entries: ReadonlyMap<string, LayoutEntry>;
  /** The body of a regular file by its path. */
  body(path: string): Uint8Array;
}

export function unpackStone(path: string): Unpacked {
  using reader = StoneReader.open(path);
  const entries = new Map(reader.layout().map((entry) => [entry.path, entry]));
  const bodies = new Map<string, Uint8Array>();
  const parts: Uint8Array[] = [];
  if (reader.index().length > 0) {
    reader.content({
      begin: () => {
        parts.length = 0;
      },
      data: (chunk) => {
        parts.push(chunk.slice());
      },
      end: (record) => {
        bodies.set(hex(record.digest), concat(parts));
      },
    });
  }
  return {
    meta: reader.meta(),
    entries,
    body: (name) => {
      const entry = entries.get(name);
      const bytes = entry?.kind === "regular" ? bodies.get(hex(entry.digest)) : undefined;
      if (bytes === undefined) throw new Error(`no body for ${name}`);
      return bytes;
    },
  };
}
