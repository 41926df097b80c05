// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** What the older moss has left in a root, once nobody needs it any more. */
import { existsSync, readdirSync, rmSync } from "node:fs";
import { Failure } from "#base/errors";
import { reservedPast } from "#transition/history";
import type { MossRoot } from "#transition/root";

/**
 * Removes trees, bodies, indexes and databases of the older moss from a root that was taken over; gives their paths. A
 * run that was cut off is run again. The lock must be held. Throws root.invalid where nothing was taken over.
 */
export function deleteLegacy(root: MossRoot): string[] {
  if (reservedPast(root) === 0 || root.active() === undefined) {
    throw new Failure("root.invalid", `Cannot remove the older moss of "${root.directory}": it was not imported yet`);
  }
  const trees = readdirSync(root.trees)
    .filter((name) => /^(\d+|staging|isolation)$/.test(name))
    .map((name) => `root/${name}`);
  // What says that there is something to import goes first, so that nobody finds half of it.
  const names = ["state", "install", "layout"].flatMap((name) =>
    ["", "-journal", "-wal", "-shm"].map((end) => `db/${name}${end}`),
  );
  const present = [...names, ...trees, "assets/v2", "repo"]
    .map((path) => `${root.private}/${path}`)
    .filter((path) => existsSync(path));
  for (const path of present) rmSync(path, { recursive: true, force: true });
  return present;
}
