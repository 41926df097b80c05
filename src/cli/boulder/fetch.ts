// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** `boulder fetch`: only fetches and verifies the upstreams of recipes. */
import { join } from "node:path";
import { loadRecipe } from "#boulder/recipe/load";
import type { SourceEvent, SourceOptions } from "#boulder/upstreams/archives";
import { download } from "#boulder/upstreams/download";
import { fetchSources } from "#boulder/upstreams/prepare";
import { cacheFolder, type GlobalFlags, print, printJson, showProblems } from "#cli/boulder/options";

export interface FetchFlags extends GlobalFlags {
  readonly mirror?: readonly string[];
  readonly offline?: boolean;
  readonly json?: boolean;
}

export function sourceOptions(flags: FetchFlags, onEvent: (event: SourceEvent) => void): SourceOptions {
  return {
    cache: join(cacheFolder(flags), "upstreams"),
    mirrors: flags.mirror ?? [],
    offline: flags.offline ?? false,
    download,
    onEvent,
  };
}

export function eventText(event: SourceEvent): string {
  switch (event.kind) {
    case "cached":
      return `${event.name}: in the cache`;
    case "fetching":
      return `${event.name}: from ${event.uri}`;
    case "failed":
      return `${event.name}: ${event.reason}`;
    case "fetched":
      return `${event.name}: fetched and verified${event.bytes === 0 ? "" : `, ${event.bytes} bytes`}`;
    default:
      return event satisfies never;
  }
}

export async function fetchVerb(files: readonly string[], flags: FetchFlags): Promise<void> {
  const results = [];
  for (const argument of files.length === 0 ? ["."] : files) {
    const { recipe, warnings } = loadRecipe(argument);
    showProblems(warnings);
    const quiet = flags.json === true;
    const sources = await fetchSources(
      recipe,
      sourceOptions(flags, (event) => {
        if (!quiet) print(eventText(event));
      }),
    );
    results.push({
      recipe: recipe.name,
      sources: sources.map((source) =>
        source.kind === "git"
          ? { uri: source.upstream.uri, commit: source.source.commit, mirror: source.source.mirror }
          : { uri: source.upstream.uri, sha256: source.upstream.hash, file: source.file },
      ),
    });
  }
  if (flags.json === true) printJson(results.length === 1 ? results[0] : results);
}
