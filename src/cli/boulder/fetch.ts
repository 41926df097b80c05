// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** `boulder fetch`: only fetches and verifies the upstreams of recipes. */
import { useCache } from "#boulder/cache/hold";
import { loadRecipe } from "#boulder/recipe/load";
import { fetchSources } from "#boulder/upstreams/prepare";
import { cacheFolder, showProblems } from "#cli/boulder/options";
import { Downloads, sourceOptions, sourceText } from "#cli/boulder/sources";
import type { Invocation } from "#cli/spec";
import { printable } from "#cli/style";

export async function run({ operands, options, ui }: Invocation): Promise<void> {
  using downloads = new Downloads(ui);
  using _use = useCache(cacheFolder(options));
  const recipes = [];
  for (const argument of operands.length === 0 ? ["."] : operands) {
    const { recipe, warnings } = loadRecipe(argument);
    showProblems(ui, warnings);
    const sources = await fetchSources(recipe, {
      ...sourceOptions(options, downloads),
      onEvent: (event) => {
        const { kind: step, ...rest } = event;
        ui.event({ type: "source", step, ...rest });
        ui.say(printable(sourceText(event)));
        ui.flush();
      },
    });
    recipes.push({
      recipe: recipe.name,
      sources: sources.map((source) =>
        source.kind === "git"
          ? { uri: source.upstream.uri, commit: source.source.commit, mirror: source.source.mirror }
          : { uri: source.upstream.uri, sha256: source.upstream.hash, file: source.file },
      ),
    });
  }
  ui.event({ type: "result", recipes });
}
