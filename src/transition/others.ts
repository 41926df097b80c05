// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Asking the databases of the other roots that share a store. */
import { databaseUri, openDatabase, type ReadTransaction } from "#moss-db/index";
import { registeredRoots } from "#transition/cache";
import type { MossRoot } from "#transition/root";
import { SCHEMA } from "#transition/schema";

/** Roots that are asked, at most: each is a database to open. */
const ASKED = 8;

/**
 * Asks one root after the other until one gives something. One that cannot be asked, or whose database is no good, is passed
 * over: what it knew is made again. What is given must be of use without its database.
 */
export function askOthers<T>(root: MossRoot, ask: (tx: ReadTransaction) => T | undefined): T | undefined {
  if (!root.shared) return undefined;
  const others = registeredRoots(root.cache).present.filter((directory) => directory !== root.directory);
  for (const directory of others.slice(0, ASKED)) {
    try {
      using database = openDatabase(databaseUri(`${directory}/.moss/db`), { schema: SCHEMA, readOnly: true });
      const given = database.view<{ readonly value: T | undefined }>((tx) => ({ value: ask(tx) }));
      if (given.value !== undefined) return given.value;
    } catch {
      // Another root's trouble is not ours.
    }
  }
  return undefined;
}
