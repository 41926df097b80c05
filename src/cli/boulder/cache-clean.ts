// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** `boulder cache clean`: removes what can be made or fetched again. */
import { Failure } from "#base/errors";
import type { CacheItem } from "#boulder/cache/areas";
import { cleanCache } from "#boulder/cache/clean";
import { AREAS, type Area } from "#boulder/cache/model";
import { cacheFolder } from "#cli/boulder/options";
import type { Invocation } from "#cli/spec";
import { counted, formatBytes } from "#cli/style";

function areaOf(word: string): Area {
  const area = AREAS.find((name) => name === word);
  if (area !== undefined) return area;
  throw new Failure("usage", `Cannot clean "${word}": no such part of the cache, expected ${AREAS.join(", ")}`);
}

export async function run({ operands, options, ui, command }: Invocation): Promise<void> {
  const dryRun = options.flag("dry-run");
  const areas = operands.length === 0 ? AREAS : operands.map(areaOf);
  const { removed, busy, bytes } = await cleanCache(cacheFolder(options), areas, { command, dryRun });
  const each = (items: readonly CacheItem[]) =>
    AREAS.map((area) => [area, items.filter((item) => item.area === area).length] as const).filter(([, n]) => n > 0);
  if (busy.length > 0) {
    const used = each(busy).map(([area, count]) => `${counted(count, "item")} of ${area}`);
    ui.warn(`Left as a build uses them: ${used.join(", ")}`);
  }
  ui.event({ type: "done", dryRun, removed, busy, bytes });
  for (const [area, count] of each(removed)) {
    ui.say(area === "store" ? "store: all that no root needs" : `${area}: ${counted(count, "item")}`);
  }
  ui.say(`${formatBytes(bytes)} ${dryRun ? "would be" : "were"} given back.`);
}
