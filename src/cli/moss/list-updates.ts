// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** `moss list updates`: what an upgrade would change, by what is known of the collections. */
import { openForAsking } from "#cli/moss/engine";
import { showPlan } from "#cli/moss/show-plan";
import { fittedTable } from "#cli/moss/table";
import { oneLine, versionText } from "#cli/moss/text";
import type { Invocation } from "#cli/spec";
import { planValue } from "#moss/plan";
import { planUpgrade } from "#moss/plans";

export async function run(invocation: Invocation): Promise<void> {
  const { ui, options } = invocation;
  using moss = openForAsking(invocation);
  const plan = await planUpgrade(moss, [], { newerOnly: options.flag("upgrade-only") });
  if (ui.json) {
    ui.value(planValue(plan));
    return;
  }
  if (ui.verbose) {
    showPlan(ui, plan);
    return;
  }
  const { style } = ui;
  const changed = plan.incoming.filter(({ before, kind }) => before !== undefined && kind !== "mark");
  if (changed.length === 0) ui.note("Everything is up to date, by what was last known of the collections.");
  const rows = changed.map(({ name, before, meta }) => [
    style.bold(name),
    before === undefined ? "" : versionText(before),
    "->",
    style.green(versionText(meta)),
    oneLine(meta.summary),
  ]);
  for (const line of fittedTable(rows)) ui.print(line);
}
