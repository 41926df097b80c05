// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** `moss-deb fetch`: the packages of a set as .deb files, in the cache and, where asked, under their own names in a folder. */
import { copyFileSync, linkSync, mkdirSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { aptOf, closureOfNames } from "#cli/moss-deb/apt";
import { watch } from "#cli/moss-deb/watch";
import type { Invocation } from "#cli/spec";

function place(from: string, to: string): void {
  rmSync(to, { force: true });
  try {
    linkSync(from, to);
  } catch {
    copyFileSync(from, to); // another file system
  }
}

export async function run({ operands, options, ui }: Invocation): Promise<void> {
  using watcher = watch(ui);
  const apt = aptOf(options, watcher.on);
  const { set } = await closureOfNames(apt, operands, options);
  const paths = await apt.fetch(set.all());
  const given = options.text("output");
  const folder = given === undefined ? undefined : resolve(given);
  if (folder !== undefined) mkdirSync(folder, { recursive: true });
  for (const { name, version, architecture } of set.all()) {
    let path = paths.get(name) ?? "";
    if (folder !== undefined) {
      const to = join(folder, `${name}_${version.replaceAll(":", "%3a")}_${architecture}.deb`);
      place(path, to);
      path = to;
    }
    if (ui.json) ui.event({ type: "fetched", name, version, path });
    else ui.print(path);
  }
}
