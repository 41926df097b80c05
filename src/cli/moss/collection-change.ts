// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** `moss collection remove`, `enable`, `disable`, `set-priority`. */
import { Failure } from "#base/errors";
import { openForAsking, openForChange } from "#cli/moss/engine";
import { watch } from "#cli/moss/watch";
import type { Invocation } from "#cli/spec";
import { findCollection } from "#collections/config";
import { changeCollection, dropCollection, refreshCollections } from "#moss/collections";

function priorityOf(text: string): number {
  const number = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(number)) return number;
  throw new Failure("usage", `Cannot use "${text}" as a priority: expected a whole number from 0 up`);
}

export async function run(invocation: Invocation): Promise<void> {
  const { ui, operands, verb, options } = invocation;
  const names = verb.name === "set-priority" ? operands.slice(0, 1) : [...new Set(operands)];
  const priority = verb.name === "set-priority" ? priorityOf(operands[1] ?? "") : undefined;
  {
    // A wrong name changes nothing, wherever it stands, and nothing is made for it.
    using reader = openForAsking(invocation);
    const all = await reader.collections();
    for (const name of names) findCollection(all, name);
  }
  using moss = await openForChange(invocation);
  for (const name of names) {
    if (verb.name === "remove") {
      using watcher = watch(ui);
      const orphans = await dropCollection(moss, name, watcher.on);
      watcher[Symbol.dispose]();
      ui.event({ type: "removed", collection: name, orphans });
      ui.say(`Removed ${name}.`);
      if (orphans.length > 0) {
        ui.warn(`No collection offers these installed packages any more: ${orphans.join(", ")}`);
      }
      continue;
    }
    const changed = await changeCollection(
      moss,
      name,
      priority === undefined ? { active: verb.name === "enable" } : { priority },
    );
    ui.event({ type: "changed", collection: name, active: changed.active, priority: changed.priority });
    ui.say(
      priority === undefined
        ? `${changed.active ? "Enabled" : "Disabled"} ${name}.`
        : `The priority of ${name} is ${priority}.`,
    );
  }
  // One that was disabled may be out of date, or never have been refreshed.
  if (verb.name === "enable" && !options.flag("no-refresh")) {
    using watcher = watch(ui);
    await refreshCollections(moss, { names, onEvent: watcher.on });
  }
}
