// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** `moss collection list`. */
import { openForAsking } from "#cli/moss/engine";
import { fittedTable } from "#cli/moss/table";
import { formatTime, oneLine } from "#cli/moss/text";
import type { Invocation } from "#cli/spec";
import { counted } from "#cli/style";
import { describeSource } from "#collections/model";

export async function run(invocation: Invocation): Promise<void> {
  const { ui } = invocation;
  using moss = openForAsking(invocation);
  const all = (await moss.collections()).map((item) => ({ item, record: moss.store.record(item.name) }));
  if (ui.json) {
    ui.value(
      all.map(({ item, record }) => ({
        ...item,
        ...(record === undefined
          ? {}
          : { packages: record.packages, refreshed: new Date(record.refreshed).toISOString(), index: record.url }),
      })),
    );
    return;
  }
  if (all.length === 0) ui.note("There is no collection yet: moss collection add NAME PLACE");
  const { style } = ui;
  const rows = all.map(({ item, record }) => [
    item.active ? style.bold(item.name) : style.dim(item.name),
    `priority ${item.priority}`,
    item.active ? (record === undefined ? "never refreshed" : counted(record.packages, "package")) : "disabled",
    record === undefined ? "" : formatTime(record.refreshed),
    oneLine(describeSource(item.source)),
  ]);
  for (const line of fittedTable(rows, { right: [1, 2] })) ui.print(line);
}
