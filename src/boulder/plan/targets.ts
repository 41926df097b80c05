// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** What a recipe is built for: the host's architecture, and where wanted its 32-bit side; or the target asked for. */
import { Failure } from "#base/errors";
import type { BuildDefinition, ProfileDefinition, Recipe, Script, ScriptPhase } from "../recipe/model";

/** `x86_64`, `aarch64`: the word that stones, macros and recipes use for this machine. */
export function hostArchitecture(): string {
  return ARCHITECTURES[process.arch] ?? process.arch;
}

const ARCHITECTURES: Readonly<Record<string, string>> = { x64: "x86_64", arm64: "aarch64", ia32: "x86" };

/**
 * The targets of a recipe on a host, in the order in which they are built: the 32-bit pass first. Throws
 * `recipe.invalid` where the recipe accepts none of them.
 */
export function selectTargets(recipe: Recipe, host: string): string[] {
  const emulated = `emul32/${host}`;
  const accepted = recipe.architectures.map((item) => item.text);
  if (accepted.length === 0) return recipe.options.emul32 ? [emulated, host] : [host];
  const targets = [
    ...(accepted.includes(emulated) || accepted.includes("emul32") ? [emulated] : []),
    ...(accepted.includes(host) || accepted.includes("native") ? [host] : []),
  ];
  if (targets.length > 0) return targets;
  throw new Failure(
    "recipe.invalid",
    `Cannot build "${recipe.name}" here: it is for ${accepted.join(", ")}, expected ${host} among them`,
    { hint: "Add the architecture to `architectures`, or leave that key out." },
  );
}

/** The architecture to look at a recipe for: the host's, or where it is only for others the first that it names. */
export function lookedAt(recipe: Recipe, host: string): string {
  const accepted = recipe.architectures.map((item) => item.text);
  const here = accepted.some((word) => word === "native" || word === "emul32" || architectureOf(word) === host);
  const [first] = accepted;
  return here || first === undefined ? host : architectureOf(first);
}

/** The architecture of the stones of a target: `x86_64` of `emul32/x86_64`. */
export function architectureOf(target: string): string {
  return isEmulated(target) ? target.slice(EMULATED.length) : target;
}

/**
 * The targets of a recipe where one was asked for: this one alone. Throws `recipe.invalid` where the recipe does not accept
 * it, or has no 32-bit side.
 */
export function chosenTargets(recipe: Recipe, target: string): string[] {
  const accepted = recipe.architectures.map((item) => item.text);
  const emulated = isEmulated(target);
  if (accepted.length === 0) {
    if (!emulated || recipe.options.emul32) return [target];
    throw new Failure("recipe.invalid", `Cannot build "${recipe.name}" for ${target}: it has no 32-bit side`, {
      hint: "Add `emul32: true` to the recipe.",
    });
  }
  if (accepted.includes(target) || accepted.includes(emulated ? "emul32" : "native")) return [target];
  throw new Failure(
    "recipe.invalid",
    `Cannot build "${recipe.name}" for ${target}: it is for ${accepted.join(", ")}, expected that target among them`,
    { hint: "Add the target to `architectures`, or leave that key out." },
  );
}

const EMULATED = "emul32/";

export function isEmulated(target: string): boolean {
  return target.startsWith(EMULATED);
}

/** The profile of a recipe that applies to a target, or undefined where the top level alone does. */
export function profileOf(recipe: Recipe, target: string): ProfileDefinition | undefined {
  const find = (name: string) => recipe.profiles.find((profile) => profile.target === name);
  return find(target) ?? (isEmulated(target) ? find("emul32") : undefined);
}

/** The script of a phase for a target: the profile's, else the top level's; undefined where there is nothing to run. */
export function scriptOf(recipe: Recipe, target: string, phase: ScriptPhase): Script | undefined {
  return present(profileOf(recipe, target)?.build.scripts[phase] ?? recipe.build.scripts[phase]);
}

export function environmentOf(recipe: Recipe, target: string): Script | undefined {
  return present(profileOf(recipe, target)?.build.environment ?? recipe.build.environment);
}

/** Is there a workload that decides the profile-guided stages? Only the target's own definition counts. */
export function hasWorkload(recipe: Recipe, target: string): boolean {
  const definition: BuildDefinition = profileOf(recipe, target)?.build ?? recipe.build;
  return present(definition.scripts.workload) !== undefined;
}

function present(script: Script | undefined): Script | undefined {
  return script === undefined || script.text.trim() === "" ? undefined : script;
}
