// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** `boulder profile update`: fetches the indexes of profiles' collections. */
import type { Profile } from "#boulder/profile/model";
import { countPackages } from "#boulder/root/collections";
import { collectionOptions } from "#cli/boulder/known";
import { profileOf, profilesOf } from "#cli/boulder/options";
import type { Invocation, Options } from "#cli/spec";
import { counted } from "#cli/style";
import type { Ui } from "#cli/ui";

/** Fetches the indexes of one profile and tells how many packages each collection offers. */
export async function refreshProfile(profile: Profile, options: Options, ui: Ui): Promise<void> {
  const counts = await countPackages(profile.collections, await collectionOptions(options, true));
  ui.event({ type: "refreshed", profile: profile.id, collections: Object.fromEntries(counts) });
  for (const { name } of profile.collections) {
    ui.say(`${profile.id}: ${name} offers ${counted(counts.get(name) ?? 0, "package")}`);
  }
}

export async function run({ options, ui }: Invocation): Promise<void> {
  const chosen = options.flag("profile") ? [profileOf(options)] : [...profilesOf(options).values()];
  for (const profile of chosen) await refreshProfile(profile, options, ui);
}
