// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** The packages that macro files offer to every recipe, with the recipe's name in place. */
import { Failure } from "#base/errors";
import { parseCapability } from "#model/dependency";
import { expandIdentity } from "../recipe/identity";
import type { Identity, Located, PackageDefinition } from "../recipe/model";
import type { MacroLibrary } from "./load";

/**
 * Template packages for a recipe that is built for these targets: those of `base` first, then those of each target's
 * own file, as collection rules want it. Throws `macro.invalid` where a template names a macro without a value.
 */
export function packageTemplates(
  library: MacroLibrary,
  targets: readonly string[],
  identity: Identity,
): PackageDefinition[] {
  const names = ["base", ...targets];
  const templates = names.flatMap((name) => library.architectures.get(name) ?? []).flatMap((file) => file.packages);
  return templates.map((template) => expandTemplate(template, identity));
}

function expandTemplate(template: PackageDefinition, identity: Identity): PackageDefinition {
  const text = (written: string): string => {
    const expanded = expandIdentity(written, identity);
    if (typeof expanded === "string") return expanded;
    throw new Failure(
      "macro.invalid",
      `Cannot expand the package template "${template.name}": ${expanded.directive} has no value, expected %(name), %(version) or %(release)`,
    );
  };
  const dependencies = (items: readonly Located[]) =>
    items.map((item) => {
      const expanded = text(item.text);
      parseCapability(expanded);
      return { text: expanded, place: item.place };
    });
  return {
    ...template,
    name: text(template.name),
    ...(template.summary === undefined ? {} : { summary: text(template.summary) }),
    ...(template.description === undefined ? {} : { description: text(template.description) }),
    rundeps: dependencies(template.rundeps),
    conflicts: dependencies(template.conflicts),
    paths: template.paths.map((rule) => ({ ...rule, pattern: text(rule.pattern) })),
  };
}
