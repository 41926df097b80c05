// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** `moss-deb index`: a collection's index of everything that apt offers. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { aptOf } from "#cli/moss-deb/apt";
import { outputFolder } from "#cli/moss-deb/options";
import { watch } from "#cli/moss-deb/watch";
import type { Invocation } from "#cli/spec";
import { counted, formatDuration, printable } from "#cli/style";
import type { AptPackage } from "#deb/available";
import { machineName } from "#deb/machine";
import { offersOf } from "#deb/offers";
import { RelatedSet } from "#deb/set";
import { writeSortedIndex } from "#stone/repository";

export async function run({ options, ui }: Invocation): Promise<void> {
  const started = performance.now();
  const folder = outputFolder(options);
  using watcher = watch(ui);
  const apt = aptOf(options, ui.json ? () => undefined : watcher.on);
  const available = new RelatedSet<AptPackage>(await apt.available(), { keep: 0 });
  const count = available.all().length;
  mkdirSync(folder, { recursive: true });
  const path = join(folder, "stone.index");
  writeSortedIndex(path, count, offersOf(available, machineName()));
  if (ui.json) ui.value({ index: path, packages: count });
  const took = formatDuration(performance.now() - started);
  ui.say(`Indexed ${counted(count, "package")} in ${took}, in ${printable(path)}`);
}
