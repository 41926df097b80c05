// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** `moss owns`: whose a path is. */
import { resolve } from "node:path";
import { Failure } from "#base/errors";
import { openReader } from "#cli/moss/root";
import type { Invocation } from "#cli/spec";
import { printable } from "#cli/style";
import { GENERATED } from "#transition/os-release";
import type { MossRoot } from "#transition/root";

/** A path as the root sees it: absolute ones may be written with the root's folder before them. */
function insideRoot(root: MossRoot, typed: string): string {
  const path = resolve("/", typed);
  const before = `${root.directory}/`;
  return root.directory !== "/" && path.startsWith(before) ? path.slice(before.length - 1) : path;
}

export function run(invocation: Invocation): void {
  const { ui, operands } = invocation;
  using root = openReader(invocation);
  const active = root.active();
  const found = operands.map((typed) => ({ typed, found: root.owner(insideRoot(root, typed), active) }));
  const unowned = found.filter((item) => item.found === undefined).map(({ typed }) => typed);
  if (ui.json) {
    ui.value(
      found.map(({ typed, found: item }) => ({
        path: typed,
        ...(item === undefined ? { owners: [] } : { place: `/usr/${item.path}`, kind: item.kind, owners: item.owners }),
      })),
    );
  } else {
    for (const { typed, found: item } of found) {
      if (item === undefined) continue;
      const owners = item.owners.map((name) => (name === GENERATED ? "moss itself" : name));
      ui.print(`${printable(typed)}: ${owners.length === 0 ? "a directory that no package names" : owners.join(", ")}`);
    }
  }
  if (unowned.length > 0) {
    throw new Failure(
      "package.unknown",
      `Cannot find the owner of "${unowned.join('", "')}": no installed package has such a path`,
      { hint: 'Packages own paths below /usr. "moss search /usr/..." looks in the collections.' },
    );
  }
}
