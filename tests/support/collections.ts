// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Collections for tests: definitions, and indexes written by the real writer. */
import { readFileSync } from "node:fs";
import type { Collection, CollectionSource } from "#collections/model";
import type { PackageMeta, PackageOffer } from "#model/package";
import { writeIndex } from "#stone/repository";
import { parseBuild } from "#tests/support/scenario";

/** A definition; the place is an address, a path, or a version of a root index. */
export function collection(
  name: string,
  place: string | CollectionSource,
  more: Partial<Pick<Collection, "priority" | "active">> = {},
): Collection {
  const source = typeof place === "string" ? { uri: place } : place;
  return { name, description: "", source, priority: 0, active: true, file: "", vendor: false, ...more };
}

/** An offer of a line of #tests/support/scenario, with more of its metadata. */
export function offer(line: string, more: Partial<PackageMeta> = {}, uri?: string): PackageOffer {
  const { id, meta } = parseBuild(line);
  return { id, meta: { ...meta, ...more }, uri: uri ?? `pool/${meta.name}-${meta.release}.stone`, size: 1000 };
}

/** The bytes of an index; `path` is where it is written on the way. */
export function indexBytes(path: string, offers: readonly PackageOffer[]): Buffer {
  writeIndex(path, offers, "fast");
  return readFileSync(path);
}
