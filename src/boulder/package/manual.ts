// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Manual pages and info files, compressed with zstd so that the same page gives the same bytes everywhere. */
import { readFileSync } from "node:fs";
import { posix } from "node:path";
import { concat } from "#base/bytes";
import type { CollectedFile } from "#boulder/package/model";
import type { Scratch } from "#boulder/package/scratch";
import { ZstdEncoder } from "#sys/zstd";

const LEVEL = 16;
const SUFFIX = ".zst";

/** Pages of every section and its variants (`3pm`, `3x`, `n`), translated ones too, that are not compressed yet. */
export function isManualPage(path: string): boolean {
  return (
    /\/man\/(?:[^/]+\/)?man[0-9nlp][^/]*\/[^/]+\.[0-9nlp][^/.]*$/.test(path) ||
    /\/info\/[^/]+\.info(?:-\d+)?$/.test(path)
  );
}

function compress(bytes: Uint8Array): Uint8Array {
  using encoder = new ZstdEncoder({ level: LEVEL, size: bytes.byteLength });
  const parts: Uint8Array[] = [];
  const keep = (chunk: Uint8Array) => {
    parts.push(chunk.slice());
  };
  encoder.write(bytes, keep);
  encoder.end(keep);
  return concat(parts);
}

/** Compresses the pages of a set of files, and renames them and the links to them. Other files are passed on. */
export function compressManuals(files: readonly CollectedFile[], scratch: Scratch): CollectedFile[] {
  const pages = new Set(files.filter((file) => file.size > 0 && isManualPage(file.path)).map((file) => file.path));
  if (pages.size === 0) return [...files];
  const links = new Map(files.filter((file) => file.kind === "symlink").map((file) => [file.path, file.target]));
  /** True where a path is a page, or a link that leads to one. */
  const leadsToPage = (path: string, depth = 0): boolean => {
    if (pages.has(path)) return true;
    const target = links.get(path);
    if (target === undefined || depth > 40) return false;
    return leadsToPage(posix.resolve(posix.dirname(path), target), depth + 1);
  };
  const done = new Map<string, { source: string; size: number }>();
  return files.map((file) => {
    if (file.kind === "symlink") {
      if (!isManualPage(file.path) || !leadsToPage(file.path)) return file;
      return { ...file, path: file.path + SUFFIX, target: file.target + SUFFIX };
    }
    if (!pages.has(file.path)) return file;
    let made = done.get(file.identity);
    if (made === undefined) {
      const bytes = compress(readFileSync(file.source));
      made = { source: scratch.write(bytes), size: bytes.byteLength };
      done.set(file.identity, made);
    }
    return { ...file, path: file.path + SUFFIX, ...made };
  });
}
