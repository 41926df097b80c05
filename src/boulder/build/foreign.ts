// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * Builds for other machines. A recipe can be planned and split for any target that there are macros for; its phases run the
 * programs of its root, so a build needs a machine that runs them.
 */
import { Failure } from "#base/errors";
import { architectureOf, hostArchitecture } from "../plan/targets";
import type { Profile } from "../profile/model";
import type { Recipe } from "../recipe/model";
import type { ResolvedPackage } from "../root/resolve";

/** Throws `container.unavailable` where this machine cannot run what a root for the target holds. */
export function refuseForeignMachine(recipe: Recipe, target: string | undefined): void {
  const host = hostArchitecture();
  if (target === undefined || architectureOf(target) === host) return;
  throw new Failure(
    "container.unavailable",
    `Cannot build "${recipe.name}" for ${target}: this machine is ${host}, expected ${architectureOf(target)}`,
    { hint: "The compilers of its root run natively; boulder plan and boulder split work for any target." },
  );
}

/** Throws `profile.invalid` where the collections of a profile gave packages for another machine than the plan is for. */
export function refuseForeign(architecture: string, profile: Profile, packages: readonly ResolvedPackage[]): void {
  // The native root may hold what says `any`; only a plan for another machine could take the host's by mistake.
  const host = hostArchitecture();
  if (architecture === host) return;
  const wrong = packages.find(({ offer }) => offer.meta.architecture === host);
  if (wrong === undefined) return;
  throw new Failure(
    "profile.invalid",
    `Cannot use the profile "${profile.id}" for ${architecture}: ${wrong.offer.meta.name} of its collections is for ${host}`,
    { hint: `Give a profile with collections for ${architecture}.` },
  );
}
