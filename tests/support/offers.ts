// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Offers of a collection that no file stands behind, for what only reads their metadata. */
import type { CollectionOffer } from "#collections/model";
import { parseCapability } from "#model/dependency";
import type { PackageMeta } from "#model/package";

export interface Sample {
  readonly depends?: readonly string[];
  readonly provides?: readonly string[];
  readonly conflicts?: readonly string[];
  readonly version?: string;
  readonly release?: number;
  readonly priority?: number;
}

/** The offer of a package; what the sample leaves out is empty, or 1. */
export function offer(name: string, sample: Sample = {}): CollectionOffer {
  const meta: PackageMeta = {
    name,
    version: sample.version ?? "1",
    release: sample.release ?? 1,
    buildRelease: 1,
    architecture: "x86_64",
    summary: "",
    description: "",
    homepage: "",
    sourceId: name,
    licenses: [],
    depends: (sample.depends ?? []).map(parseCapability),
    provides: (sample.provides ?? []).map(parseCapability),
    conflicts: (sample.conflicts ?? []).map(parseCapability),
  };
  const id = `${name}-${sample.release ?? 1}-${sample.priority ?? 0}`;
  return { id, meta, uri: "", url: "", size: 1, collection: "c", priority: sample.priority ?? 0 };
}
