// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** From the upstreams of a recipe to verified files in the cache, and from there to a build folder. */
import { copyFileSync, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { mapLimited } from "#base/parallel";
import type { ArchiveUpstream, GitUpstream, Recipe } from "../recipe/model";
import { fetchArchive, type SourceOptions } from "./archives";
import { checkoutGit, fetchGit, type GitSource } from "./git";
import { checkTag } from "./git-tag";
import { placeBelow } from "./place";
import { checkSignature } from "./signature";
import { isForeign, unpackInTurns } from "./unpack";

export type Source =
  | { readonly kind: "archive"; readonly upstream: ArchiveUpstream; readonly file: string }
  | { readonly kind: "git"; readonly upstream: GitUpstream; readonly source: GitSource };

const AT_ONCE = 6;

/** Fetches all upstreams, several at once; each is verified. In the order of the recipe. */
export async function fetchSources(recipe: Recipe, options: SourceOptions): Promise<Source[]> {
  return mapLimited(recipe.upstreams, AT_ONCE, async (upstream): Promise<Source> => {
    const folder = dirname(recipe.file);
    if (upstream.kind === "git") {
      const source = await fetchGit(upstream, options);
      await checkTag(upstream, source, folder, options);
      return { kind: "git", upstream, source };
    }
    const file = await fetchArchive(upstream, options);
    await checkSignature(upstream, file, folder, options);
    return { kind: "archive", upstream, file };
  });
}

/** Copies the archives under their names into the folder that scripts know as `%(sourcedir)`. */
export function shareSources(sources: readonly Source[], folder: string): void {
  mkdirSync(folder, { recursive: true });
  for (const source of sources) {
    if (source.kind === "archive") copyFileSync(source.file, join(folder, source.upstream.fileName));
  }
}

/**
 * Unpacks archives and checks out commits below a build folder, each into its own place. `foreign` unpacks forms that only a
 * tool of the root can read, into a folder that is there. Throws the reason of `signal` too.
 */
export async function unpackSources(
  sources: readonly Source[],
  folder: string,
  foreign: (upstream: ArchiveUpstream) => Promise<void>,
  signal?: AbortSignal,
): Promise<void> {
  mkdirSync(folder, { recursive: true });
  for (const source of sources) {
    if (source.kind === "archive" && !source.upstream.unpack) continue;
    const place = placeBelow(folder, source.upstream.directory);
    if (source.kind === "git") await checkoutGit(source.source, place);
    else if (isForeign(source.file)) await foreign(source.upstream);
    else {
      const { stripDirs, fileName: name } = source.upstream;
      await unpackInTurns(source.file, place, { stripDirs, name }, signal);
    }
  }
}
