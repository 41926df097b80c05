// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** `moss list available`: the preferred build of each package that the collections offer. */
import { openForAsking } from "#cli/moss/engine";
import { fittedTable, oneLine, versionText } from "#cli/moss/text";
import type { Invocation } from "#cli/spec";

export async function run(invocation: Invocation): Promise<void> {
  const { ui } = invocation;
  using moss = openForAsking(invocation);
  const installed = new Map(moss.root.packages(moss.root.active()).map((item) => [item.name, item.id]));
  const offers = [...(await moss.catalogue()).best()];
  if (ui.json) {
    ui.value(
      offers.map(({ id, meta, collection, size }) => ({
        id,
        name: meta.name,
        version: meta.version,
        release: meta.release,
        buildRelease: meta.buildRelease,
        summary: meta.summary,
        collection,
        size,
        installed: installed.has(meta.name),
      })),
    );
    return;
  }
  if (offers.length === 0) ui.note("The collections offer nothing. moss collection list shows them.");
  const { style } = ui;
  const rows = offers.map(({ meta, collection }) => [
    installed.has(meta.name) ? style.bold(meta.name) : meta.name,
    versionText(meta),
    collection,
    oneLine(meta.summary),
  ]);
  for (const line of fittedTable(rows)) ui.print(line);
}
