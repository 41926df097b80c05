// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** `moss owns`: whose a path is. */
import { resolve } from "node:path";
import { Failure } from "#base/errors";
import { uniqueSorted } from "#base/order";
import { openForAsking } from "#cli/moss/engine";
import type { Invocation } from "#cli/spec";
import { printable } from "#cli/style";
import { type ListedFile, listedAt } from "#moss/files";
import { GENERATED } from "#transition/os-release";
import type { MossRoot } from "#transition/root";

/** A path as the root sees it: absolute ones may be written with the root's folder before them. */
function insideRoot(root: MossRoot, typed: string): string {
  const path = resolve("/", typed);
  const before = `${root.directory}/`;
  return root.directory !== "/" && path.startsWith(before) ? path.slice(before.length - 1) : path;
}

export async function run(invocation: Invocation): Promise<void> {
  const { ui, operands } = invocation;
  using moss = openForAsking(invocation);
  const { root } = moss;
  const active = root.active();
  const places = operands.map((typed) => ({ typed, path: insideRoot(root, typed) }));
  const owned = places.map((place) => ({ ...place, found: root.owner(place.path, active) }));
  // All at once: each look reads all lists.
  const absent = owned.filter((place) => place.found === undefined).map(({ path }) => path);
  const listed = absent.length === 0 ? new Map<string, ListedFile[]>() : listedAt(await moss.catalogue(), absent);
  const found = owned.map(({ typed, path, found: item }) => {
    const names = (listed.get(path) ?? []).map(({ offer }) => offer.meta.name);
    return { typed, found: item, offered: uniqueSorted(names) };
  });
  const unowned = found.filter((item) => item.found === undefined && item.offered.length === 0);
  if (ui.json) {
    ui.value(
      found.map(({ typed, found: item, offered }) => ({
        path: typed,
        ...(item === undefined ? { owners: [] } : { place: `/usr/${item.path}`, kind: item.kind, owners: item.owners }),
        ...(offered.length === 0 ? {} : { offered }),
      })),
    );
  } else {
    for (const { typed, found: item, offered } of found) {
      if (offered.length > 0) ui.print(`${printable(typed)}: not installed, ${offered.join(", ")} would bring it`);
      if (item === undefined) continue;
      const owners = item.owners.map((name) => (name === GENERATED ? "moss itself" : name));
      ui.print(`${printable(typed)}: ${owners.length === 0 ? "a directory that no package names" : owners.join(", ")}`);
    }
  }
  if (unowned.length > 0) {
    const paths = unowned.map(({ typed }) => typed).join('", "');
    throw new Failure(
      "package.unknown",
      `Cannot find the owner of "${paths}": no package that is installed or listed has such a path`,
      {
        hint: 'Packages own paths below /usr. "moss search /usr/..." looks in the collections.',
      },
    );
  }
}
