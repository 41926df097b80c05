// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** `moss collection update`. */
import { openForAsking, openForChange, openMade } from "#cli/moss/engine";
import { watch } from "#cli/moss/watch";
import type { Invocation } from "#cli/spec";
import { counted } from "#cli/style";
import { findCollection } from "#collections/config";
import { refreshCollections } from "#moss/collections";

/** Are there no collections to refresh? Throws `collection.unknown` for a wrong name, before anything is made for it. */
async function namesNone(invocation: Invocation): Promise<boolean> {
  using reader = openForAsking(invocation);
  const all = await reader.collections();
  for (const name of invocation.operands) findCollection(all, name);
  return all.length === 0;
}

export async function run(invocation: Invocation): Promise<void> {
  const { ui, operands, options } = invocation;
  const none = await namesNone(invocation);
  using moss = await (none ? openMade : openForChange)(invocation);
  using watcher = watch(ui);
  const { refreshed } = await refreshCollections(moss, {
    names: operands,
    must: true,
    force: options.flag("force"),
    onEvent: watcher.on,
  });
  watcher[Symbol.dispose]();
  const packages = refreshed.reduce((sum, item) => sum + item.packages, 0);
  ui.event({ type: "done", collections: refreshed });
  const changed = refreshed.filter((item) => item.changed).length;
  ui.say(
    `${counted(refreshed.length, "collection")} with ${counted(packages, "package")}; ${changed === 0 ? "nothing" : changed} new.`,
  );
}
