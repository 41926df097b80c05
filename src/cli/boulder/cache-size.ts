// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** `boulder cache size`: what each part of the cache takes. */
import { cacheRoom } from "#boulder/cache/clean";
import { MEANINGS } from "#boulder/cache/model";
import { cacheFolder } from "#cli/boulder/options";
import type { Invocation } from "#cli/spec";
import { formatBytes, printable } from "#cli/style";

export function run({ options, ui }: Invocation): void {
  const folder = cacheFolder(options);
  const areas = cacheRoom(folder);
  const bytes = areas.reduce((sum, area) => sum + area.bytes, 0);
  if (ui.json) ui.value({ folder, bytes, areas });
  ui.say(`Cache ${printable(folder)}`);
  for (const { area, items, bytes: own } of areas) {
    ui.say(
      `  ${area.padEnd(9)}  ${formatBytes(own).padStart(10)}  ${(area === "store" ? "" : String(items)).padStart(5)}  ${MEANINGS[area]}`,
    );
  }
  ui.say(`  ${"total".padEnd(9)}  ${formatBytes(bytes).padStart(10)}`);
}
