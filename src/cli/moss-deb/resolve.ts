// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** `moss-deb resolve`: the set that an import of these names would take, with the reason of each. */
import { aptOf, closureOfNames } from "#cli/moss-deb/apt";
import { watch } from "#cli/moss-deb/watch";
import type { Invocation } from "#cli/spec";
import { formatTable } from "#cli/style";

export async function run({ operands, options, ui }: Invocation): Promise<void> {
  using watcher = watch(ui);
  const apt = aptOf(options, ui.json ? () => undefined : watcher.on);
  const { set, reasons } = await closureOfNames(apt, operands, options);
  const rows = set.all().map(({ name, version, size }) => {
    const reason = reasons.get(name);
    return { name, version, size, reason: reason?.kind === "needed" ? `needed by ${reason.by}` : (reason?.kind ?? "") };
  });
  if (ui.json) ui.value(rows);
  else for (const line of formatTable(rows.map(({ name, version, reason }) => [name, version, reason]))) ui.print(line);
}
