// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** `boulder explain`: why a file goes to its package; which file a dependency came from. */
import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { EXIT } from "#base/errors";
import { Collector, type Rule } from "#boulder/package/collect";
import { type EvidenceCapability, evidencePath, readEvidence } from "#boulder/package/evidence";
import { print } from "#cli/boulder/options";
import { type RecipeRules, recipeRules } from "#cli/boulder/rules";
import { formatCapability, parseCapability } from "#model/dependency";

export interface ExplainFlags {
  readonly build?: string;
  readonly dataDir?: string;
  readonly json?: boolean;
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

/** Where a build put its analysis: the folder that is named, else this one, as `boulder build` has it, or the recipe's. */
function evidenceFile(rules: RecipeRules, flags: ExplainFlags): string {
  const folders = flags.build === undefined ? [".", dirname(rules.path)] : [flags.build];
  const files = folders.map((folder) => evidencePath(folder, rules.recipe, rules.architecture));
  return files.find((file) => existsSync(file)) ?? evidencePath(folders[0] ?? ".", rules.recipe, rules.architecture);
}

function explainPath(path: string, rules: RecipeRules, flags: ExplainFlags): string[] {
  const candidates = new Collector(rules.definitions).candidates(path).map(viewOf);
  const winner = path.startsWith("/usr/") ? candidates[0] : undefined;
  const file = evidenceFile(rules, flags);
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
  if (flags.json === true) {
    return [JSON.stringify({ path, package: winner?.package ?? null, rules: candidates, capabilities }, undefined, 2)];
  }
  if (winner === undefined) {
    process.exitCode = EXIT.error;
    return [`${path} goes to no package: ${candidates.length === 0 ? "no rule matches it" : "it lies outside /usr"}`];
  }
  const lines = [
    `${path} goes to ${winner.package}: "${winner.pattern}" at ${winner.at} is the last rule that matches`,
  ];
  for (const rule of candidates.slice(1)) lines.push(`  before it: "${rule.pattern}" of ${rule.package} at ${rule.at}`);
  for (const one of capabilities) lines.push(`  ${roleText(one.role)} ${one.text}${reasonText(one.reason)}`);
  return lines;
}

function roleText(role: EvidenceCapability["role"]): string {
  return { provides: "gives", depends: "needs", dropped: "would need" }[role];
}

function reasonText(reason: string | undefined): string {
  return reason === undefined ? "" : ` (left out: ${reason})`;
}

function explainCapability(word: string, rules: RecipeRules, flags: ExplainFlags): string[] {
  const text = formatCapability(parseCapability(word));
  const evidence = readEvidence(evidenceFile(rules, flags));
  const found = evidence.packages.flatMap((item) =>
    item.capabilities.filter((one) => one.text === text).map((one) => ({ package: item.name, ...one })),
  );
  if (flags.json === true) return [JSON.stringify({ capability: text, found }, undefined, 2)];
  if (found.length === 0) {
    process.exitCode = EXIT.error;
    return [`${text}: no package of ${rules.recipe.name} gives or needs it`];
  }
  return found.flatMap((one) => [
    `${one.package} ${roleText(one.role)} ${text}${reasonText(one.reason)}`,
    ...one.from.map(({ path, handler }) =>
      handler === "recipe" ? "  stated in the recipe" : `  from ${path} (${handler})`,
    ),
  ]);
}

export function explainVerb(word: string, recipe: string, flags: ExplainFlags): void {
  const rules = recipeRules(recipe, flags.dataDir);
  const lines = word.startsWith("/") ? explainPath(word, rules, flags) : explainCapability(word, rules, flags);
  print(lines.join("\n"));
}
