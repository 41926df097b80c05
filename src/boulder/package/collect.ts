// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * Which package a path belongs to. Every path of every package is a rule; of the rules that match a path the last one
 * wins, in the order templates, root package, the recipe's packages. A rule `!/pattern` takes nothing: where it matches,
 * the rules of its package that stand before it do not count, so that the path goes where it would go without them.
 */
import { compilePattern, type PathTest } from "#boulder/package/pattern";
import type { PackageDefinition, PathRule, PathType, Place, Recipe } from "#boulder/recipe/model";

export interface Rule {
  /** The package that the path goes to. */
  readonly package: string;
  /** As written, with the mark of a rule that takes nothing. */
  readonly pattern: string;
  readonly type: PathType;
  /** Where the rule is written: the recipe, or a file of the macros. */
  readonly place: Place;
}

/** What is known of a path when the rules are asked: `unknown` where only its name is known; typed rules accept that. */
export type PathKind = "exe" | "file" | "symlink" | "directory" | "special" | "unknown";

interface CompiledRule extends Rule {
  /** True for `!/pattern`. */
  readonly exclude: boolean;
  readonly test: PathTest | undefined;
}

function accepts(type: PathType, kind: PathKind): boolean {
  switch (type) {
    case "any":
      return true;
    case "exe":
      return kind === "exe" || kind === "unknown";
    case "symlink":
      return kind === "symlink" || kind === "unknown";
    case "special":
      return kind === "special" || kind === "unknown";
    default:
      return type satisfies never;
  }
}

/** The definitions whose rules apply, in their order. `templates` are already expanded for this recipe. */
export function definitionsOf(templates: readonly PackageDefinition[], recipe: Recipe): PackageDefinition[] {
  return [...templates, recipe.root, ...recipe.packages];
}

/** The rules of a recipe, and the statistics of their use. */
export class Collector {
  readonly #rules: readonly CompiledRule[];
  readonly #wins = new Map<Rule, number>();

  constructor(definitions: readonly PackageDefinition[]) {
    this.#rules = definitions.flatMap((definition) =>
      definition.paths.map((rule: PathRule) => {
        const exclude = rule.pattern.startsWith("!");
        return {
          package: definition.name,
          pattern: rule.pattern,
          type: rule.type,
          place: rule.place,
          exclude,
          test: compilePattern(exclude ? rule.pattern.slice(1) : rule.pattern, rule.level),
        };
      }),
    );
  }

  /** The rule that wins a path, or undefined where none matches. */
  find(path: string, kind: PathKind = "unknown"): Rule | undefined {
    for (const { rule, excludedBy } of this.#matching(path, kind)) {
      // A rule that takes nothing has done its work where it kept its package from a path.
      const used = excludedBy ?? (rule.exclude ? undefined : rule);
      if (used !== undefined) this.#wins.set(used, (this.#wins.get(used) ?? 0) + 1);
      if (used === rule) return rule;
    }
    return undefined;
  }

  /** Every rule that matches, the winner first; without those that a rule of their own package excludes. */
  candidates(path: string, kind: PathKind = "unknown"): Rule[] {
    const matching = [...this.#matching(path, kind)];
    return matching.flatMap(({ rule, excludedBy }) => (rule.exclude || excludedBy !== undefined ? [] : [rule]));
  }

  /** Rules that keep packages from a path, each with a rule that would have taken it. */
  exclusions(path: string, kind: PathKind = "unknown"): { readonly rule: Rule; readonly excludedBy: Rule }[] {
    return [...this.#matching(path, kind)].flatMap(({ rule, excludedBy }) =>
      rule.exclude || excludedBy === undefined ? [] : [{ rule, excludedBy }],
    );
  }

  /** Matching rules, the last one first; `excludedBy`: the later rule of the same package that takes its word back. */
  *#matching(path: string, kind: PathKind): Generator<{ rule: CompiledRule; excludedBy: CompiledRule | undefined }> {
    const excluding = new Map<string, CompiledRule>();
    for (let i = this.#rules.length - 1; i >= 0; i--) {
      const rule = this.#rules[i];
      if (rule?.test?.(path) !== true || !accepts(rule.type, kind)) continue;
      const excludedBy = excluding.get(rule.package);
      yield { rule, excludedBy: rule.exclude ? undefined : excludedBy };
      if (rule.exclude && excludedBy === undefined) excluding.set(rule.package, rule);
    }
  }

  /** Rules whose pattern can match nothing. */
  invalid(): Rule[] {
    return this.#rules.filter((rule) => rule.test === undefined);
  }

  /**
   * Rules written in `file` that won none of the paths asked for so far, with whether others took all that they match.
   * `paths` are the paths that were asked for.
   */
  idle(file: string, paths: readonly string[]): { readonly rule: Rule; readonly shadowed: boolean }[] {
    return this.#rules
      .filter((rule) => rule.place.file === file && rule.test !== undefined && !this.#wins.has(rule))
      .map((rule) => ({ rule, shadowed: paths.some((path) => rule.test?.(path) === true) }));
  }
}

export interface Split {
  /** Absolute path to the name of its package. */
  readonly paths: ReadonlyMap<string, string>;
  /** Paths outside /usr, which no package may hold. */
  readonly refused: readonly string[];
}

/** Which package each path of a list goes to. Paths are absolute; a path without rule cannot be (a template takes all). */
export function splitPaths(definitions: readonly PackageDefinition[], paths: Iterable<string>): Split {
  const collector = new Collector(definitions);
  const out = new Map<string, string>();
  const refused: string[] = [];
  for (const path of paths) {
    const rule = path.startsWith("/usr/") ? collector.find(path) : undefined;
    if (rule === undefined) refused.push(path);
    else out.set(path, rule.package);
  }
  return { paths: out, refused };
}
