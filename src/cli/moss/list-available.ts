// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** `moss list available`: the preferred build of each package that the collections offer. */
import { openForAsking } from "#cli/moss/engine";
import { fittedTable } from "#cli/moss/table";
import { oneLine, versionText } from "#cli/moss/text";
import type { Invocation } from "#cli/spec";

export async function run(invocation: Invocation): Promise<void> {
  const { ui } = invocation;
  using moss = openForAsking(invocation);
  const installed = new Map(moss.root.packages(moss.root.active()).map((item) => [item.name, item.id]));
  const offers = (await moss.catalogue()).bestAs(({ id, meta, collection, size }) => ({
    id,
    name: meta.name,
    version: meta.version,
    release: meta.release,
    buildRelease: meta.buildRelease,
    summary: meta.summary,
    collection,
    size,
    installed: installed.has(meta.name),
  }));
  if (ui.json) {
    ui.value(offers);
    return;
  }
  if (offers.length === 0) ui.note("The collections offer nothing. moss collection list shows them.");
  const { style } = ui;
  const rows = offers.map((offer) => [
    offer.installed ? style.bold(offer.name) : offer.name,
    versionText(offer),
    offer.collection,
    oneLine(offer.summary),
  ]);
  for (const line of fittedTable(rows, { least: { 1: 12 } })) ui.print(line);
}
