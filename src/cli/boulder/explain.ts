// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** `boulder explain`: why a file goes to its package; which file a dependency came from. */
import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { EXIT } from "#base/errors";
import { Collector, type Rule } from "#boulder/package/collect";
import { type EvidenceCapability, evidencePath, readEvidence } from "#boulder/package/evidence";
import { localCollection } from "#boulder/profile/store";
import { cacheFolder, DEFAULT_PROFILE } from "#cli/boulder/options";
import { type RecipeRules, recipeRules } from "#cli/boulder/rules";
import type { Invocation, Options } from "#cli/spec";
import { printable } from "#cli/style";
import { formatCapability, parseCapability } from "#model/dependency";

interface Explained {
  readonly found: boolean;
  readonly lines: readonly string[];
  /** The same as data. */
  readonly value: unknown;
}

interface RuleView {
  readonly package: string;
  readonly pattern: string;
  readonly at: string;
}

const viewOf = (rule: Rule): RuleView => ({
  package: rule.package,
  pattern: rule.pattern,
  at: `${rule.place.file}:${rule.place.line}`,
});

/**
 * Where a build put its analysis: the folder that is named, else this one, as `boulder build` has it, the recipe's, or the local
 * collection.
 */
function evidenceFile(rules: RecipeRules, build: string | undefined, options: Options): string {
  const local = () => localCollection(cacheFolder(options), DEFAULT_PROFILE);
  const folders = build === undefined ? [".", dirname(rules.path), local()] : [build];
  const files = folders.map((folder) => evidencePath(folder, rules.recipe, rules.architecture));
  return files.find((file) => existsSync(file)) ?? evidencePath(folders[0] ?? ".", rules.recipe, rules.architecture);
}

function explainPath(path: string, rules: RecipeRules, build: string | undefined, options: Options): Explained {
  const collector = new Collector(rules.definitions);
  const candidates = collector.candidates(path).map(viewOf);
  const excluded = collector
    .exclusions(path)
    .map(({ rule, excludedBy }) => ({ ...viewOf(rule), excludedBy: viewOf(excludedBy) }));
  const winner = path.startsWith("/usr/") ? candidates[0] : undefined;
  const file = evidenceFile(rules, build, options);
  const built = existsSync(file) ? readEvidence(file) : undefined;
  const capabilities = (built?.packages ?? []).flatMap((item) =>
    item.capabilities
      .filter((one) => one.from.some((source) => source.path === path))
      .map(({ text, role, reason }) => ({
        package: item.name,
        text,
        role,
        ...(reason === undefined ? {} : { reason }),
      })),
  );
  const value = { path, package: winner?.package ?? null, rules: candidates, excluded, capabilities };
  if (winner === undefined) {
    const why = candidates.length === 0 ? "no rule matches it" : "it lies outside /usr";
    return { found: false, lines: [`${path} goes to no package: ${why}`], value };
  }
  const lines = [
    `${path} goes to ${winner.package}: "${winner.pattern}" at ${winner.at} is the last rule that matches`,
  ];
  for (const rule of candidates.slice(1)) lines.push(`  before it: "${rule.pattern}" of ${rule.package} at ${rule.at}`);
  for (const { pattern, excludedBy: by, ...rule } of excluded) {
    lines.push(`  excluded: "${pattern}" of ${rule.package} at ${rule.at}, by "${by.pattern}" at ${by.at}`);
  }
  for (const one of capabilities) lines.push(`  ${roleText(one.role)} ${one.text}${reasonText(one.reason)}`);
  return { found: true, lines, value };
}

function roleText(role: EvidenceCapability["role"]): string {
  return { provides: "gives", depends: "needs", dropped: "would need" }[role];
}

function reasonText(reason: string | undefined): string {
  return reason === undefined ? "" : ` (left out: ${reason})`;
}

function explainCapability(word: string, rules: RecipeRules, build: string | undefined, options: Options): Explained {
  const text = formatCapability(parseCapability(word));
  const evidence = readEvidence(evidenceFile(rules, build, options));
  const found = evidence.packages.flatMap((item) =>
    item.capabilities.filter((one) => one.text === text).map((one) => ({ package: item.name, ...one })),
  );
  const value = { capability: text, found };
  if (found.length === 0) {
    return { found: false, lines: [`${text}: no package of ${rules.recipe.name} gives or needs it`], value };
  }
  const lines = found.flatMap((one) => [
    `${one.package} ${roleText(one.role)} ${text}${reasonText(one.reason)}`,
    ...one.from.map(({ path, handler }) =>
      handler === "recipe" ? "  stated in the recipe" : `  from ${path} (${handler})`,
    ),
  ]);
  return { found: true, lines, value };
}

export function run({ operands: [word = "", recipe = "."], options, ui }: Invocation): number {
  const rules = recipeRules(recipe, options);
  const explain = word.startsWith("/") ? explainPath : explainCapability;
  const { found, lines, value } = explain(word, rules, options.text("build"), options);
  if (ui.json) ui.value(value);
  else for (const line of lines) ui.print(printable(line));
  return found ? EXIT.ok : EXIT.error;
}
