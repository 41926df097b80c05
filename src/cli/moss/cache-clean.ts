// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** `moss cache clean`: downloads, and what the store holds and no state needs. */
import { resolve } from "node:path";
import { openMade } from "#cli/moss/engine";
import { waitOf } from "#cli/moss/root";
import { givenBack } from "#cli/moss/text";
import { watch } from "#cli/moss/watch";
import type { Invocation } from "#cli/spec";
import { counted, printable } from "#cli/style";
import { clearDownloads } from "#moss/downloads";
import { forgetRoot } from "#transition/cache";
import { cleanStore } from "#transition/clean";

const NO_FILES = { files: 0, bytes: 0 };

export async function run(invocation: Invocation): Promise<void> {
  const { ui, command, options } = invocation;
  const wait = waitOf(invocation);
  using moss = await openMade(invocation);
  if (moss.root.readOnly) {
    ui.event({ type: "done", downloads: 0, assets: 0, packages: 0, bytes: 0, held: 0 });
    ui.say("There is nothing to clean.");
    return;
  }
  using _lock = moss.root.lock({ command, wait });
  const forgotten = options.text("forget");
  if (forgotten !== undefined) forgetRoot(moss.root.cache, resolve(forgotten));
  using watcher = watch(ui);
  const swept = await cleanStore(moss.root, { command }, watcher.on);
  const { root } = moss;
  // Another root may have fetched what it is about to unpack.
  const cleared = options.flag("keep-downloads") ? NO_FILES : root.aloneInCache(() => clearDownloads(root.cache));
  const downloads = cleared ?? NO_FILES;
  watcher[Symbol.dispose]();
  const bytes = swept.bytes + downloads.bytes;
  if (forgotten !== undefined) ui.say(`Forgot the root ${printable(resolve(forgotten))}.`);
  ui.event({
    type: "done",
    downloads: downloads.files,
    assets: swept.assets,
    packages: swept.packages,
    bytes,
    held: swept.held,
    unswept: swept.unswept,
  });
  const nothing = downloads.files + swept.packages + swept.assets === 0;
  ui.say(
    nothing
      ? "There is nothing to clean."
      : `${counted(downloads.files, "download")}, ${counted(swept.packages, "package")} and ${counted(swept.assets, "file")} of the store went, ${givenBack(bytes, swept.held)}.`,
  );
  if (swept.unswept !== undefined) ui.warn(`The store was not swept: ${swept.unswept}`);
  if (cleared === undefined) ui.warn("The downloads stay: another root is using the cache");
}
