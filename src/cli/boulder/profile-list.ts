// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** `boulder profile list`. */
import { profilesOf } from "#cli/boulder/options";
import type { Invocation } from "#cli/spec";

export function run({ options, ui }: Invocation): void {
  const profiles = [...profilesOf(options).values()];
  if (ui.json) ui.value(profiles);
  for (const profile of profiles) {
    ui.say(`${profile.id}: (family ${profile.family}${profile.file === undefined ? ", built in" : ""})`);
    for (const { name, uri, priority, active } of profile.collections) {
      ui.say(` - ${name} = ${uri} [${priority}]${active ? "" : " (disabled)"}`);
    }
  }
}
