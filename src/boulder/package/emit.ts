// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** From the files of a package and what was found in them to a stone. */
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import type { MergedPackage } from "#boulder/package/packages";
import type { InstalledFile } from "#boulder/package/walk";
import type { Recipe } from "#boulder/recipe/model";
import { distinct } from "#capabilities/analyse";
import type { Settled } from "#capabilities/settle";
import type { Capability } from "#model/dependency";
import type { LayoutEntry } from "#model/layout";
import { type PackageMeta, stoneFileName } from "#model/package";
import { BodySet, type Profile, writeStone } from "#stone/writer";

export interface EmitOptions {
  readonly folder: string;
  readonly architecture: string;
  readonly buildRelease: number;
  readonly profile?: Profile;
  /** Threads that compress a large package; the bytes do not depend on it. */
  readonly threads?: number;
  /** Ends the work between two pieces of it, with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** Bytes that are read before others of the process have their turn, signals too. */
const TURN = 64 * 1024 * 1024;

export interface EmittedPackage {
  readonly name: string;
  /** Path of the stone. */
  readonly file: string;
  /** Bytes of the stone, and its SHA-256: the package's id. */
  readonly size: number;
  readonly sha256: string;
  readonly meta: PackageMeta;
  readonly entries: readonly LayoutEntry[];
}

/** The layout entry of a file; bodies are digested and kept in `bodies`. */
function entryOf(file: InstalledFile, bodies: BodySet): LayoutEntry {
  const common = {
    path: file.path.slice("/usr/".length),
    uid: file.uid,
    gid: file.gid,
    mode: file.mode,
    ...(file.xattrs === undefined ? {} : { xattrs: file.xattrs }),
  };
  if (file.kind === "regular") {
    return { ...common, kind: "regular", digest: bodies.add({ file: file.source }).digest };
  }
  return file.kind === "symlink" ? { ...common, kind: "symlink", target: file.target } : { ...common, kind: file.kind };
}

/** The metadata of a package of a recipe. */
export function metaOf(
  recipe: Recipe,
  merged: MergedPackage,
  settled: Settled,
  options: Pick<EmitOptions, "architecture" | "buildRelease">,
  installedSize: number,
): PackageMeta {
  const conflicts: readonly Capability[] = distinct(merged.conflicts);
  return {
    name: merged.name,
    version: recipe.version,
    release: recipe.release,
    buildRelease: options.buildRelease,
    architecture: options.architecture,
    summary: merged.summary,
    description: merged.description,
    homepage: merged.homepage,
    sourceId: recipe.name,
    licenses: merged.licenses,
    depends: settled.depends,
    provides: settled.provides,
    conflicts,
    installedSize,
  };
}

/** Writes the stone of one package to the folder. Throws `stone.write`, a system error, or the reason of the signal; then nothing is left. */
export async function emitPackage(
  recipe: Recipe,
  merged: MergedPackage,
  files: readonly InstalledFile[],
  settled: Settled,
  options: EmitOptions,
): Promise<EmittedPackage> {
  const bodies = new BodySet();
  const entries: LayoutEntry[] = [];
  let turn = 0;
  for (const file of files) {
    entries.push(entryOf(file, bodies));
    turn += file.size;
    if (turn < TURN) continue;
    turn = 0;
    await setImmediate();
    options.signal?.throwIfAborted();
  }
  const meta = metaOf(recipe, merged, settled, options, bodies.totalSize);
  const file = join(options.folder, stoneFileName(meta));
  const written = await writeStone(file, {
    meta,
    entries,
    body: bodies.source,
    onProgress: () => options.signal?.throwIfAborted(),
    ...(options.profile === undefined ? {} : { profile: options.profile }),
    ...(options.threads === undefined ? {} : { threads: options.threads }),
  });
  return { name: meta.name, file, ...written, meta, entries };
}
