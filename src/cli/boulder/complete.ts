// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** What boulder can complete: names of profiles. */
import { configFolders, loadProfiles } from "#boulder/profile/store";
import { cacheFolder } from "#cli/boulder/options";
import { complete } from "#cli/complete";
import type { Invocation } from "#cli/spec";

export async function run(invocation: Invocation): Promise<void> {
  const { options } = invocation;
  await complete(invocation, async (kind, given) => {
    if (kind !== "profile") return [];
    const cache = cacheFolder({ ...options, text: (name) => given.get(name) });
    const profiles = loadProfiles(configFolders(given.get("config-dir")), cache);
    return [...profiles.values()].map(({ id, family }) => ({ word: id, help: `family ${family}` }));
  });
}
