// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** `moss fetch`: the stones of packages themselves, without what they need. */
import { resolve } from "node:path";
import { Failure } from "#base/errors";
import { openForAsking } from "#cli/moss/engine";
import { watch } from "#cli/moss/watch";
import type { Invocation } from "#cli/spec";
import { printable } from "#cli/style";
import type { CollectionOffer } from "#collections/model";
import { fetchInto } from "#moss/stones";
import { capabilityOf } from "#moss/words";

export async function run(invocation: Invocation): Promise<void> {
  const { ui, operands, options } = invocation;
  const folder = resolve(options.text("output-dir") ?? ".");
  using moss = openForAsking(invocation);
  const catalogue = await moss.catalogue();
  const offers = operands.map((word): CollectionOffer => {
    const wanted = capabilityOf(word, {
      hasName: (name) => catalogue.byName(name).length > 0,
      gives: (text) => catalogue.providing(text).length > 0,
      names: () => catalogue.names(),
    });
    const [offer] = catalogue.providing(wanted);
    if (offer !== undefined) return offer;
    throw new Failure("package.unknown", `Cannot fetch "${word}": no collection offers it`);
  });
  if (ui.verbose) for (const { meta, url } of offers) ui.note(`${meta.name}  ${url}`);
  using watcher = watch(ui);
  const paths = await fetchInto([...new Set(offers)], folder, watcher.on);
  watcher[Symbol.dispose]();
  [...new Set(offers)].forEach(({ meta, id }, i) => {
    const path = paths[i] ?? "";
    ui.event({ type: "stone", name: meta.name, id, path });
    ui.say(`Fetched ${meta.name} ${printable(path)}`);
  });
}
