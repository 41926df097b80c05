// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Gives back what the store holds and no package of any root needs. */
import { existsSync, lstatSync, readdirSync, rmSync } from "node:fs";
import { describeError } from "#base/errors";
import { databaseUri, openDatabase, type ReadTransaction } from "#moss-db/index";
import { discardArrivals } from "#store/arrival";
import { decodeFiles } from "#store/files";
import { assetName } from "#store/names";
import { registeredRoots } from "#transition/cache";
import type { Listener } from "#transition/events";
import { fault } from "#transition/fault";
import { GENERATED_FILE } from "#transition/os-release";
import type { MossRoot } from "#transition/root";
import { FILES, SCHEMA, STATES } from "#transition/schema";

export interface Swept {
  readonly assets: number;
  /** Bytes given back. */
  readonly bytes: number;
  /** Bytes that left the store and that a link to the file elsewhere, such as in a tree made with `--to`, still holds. */
  readonly held: number;
  /** Why nothing was swept, where nothing was. */
  readonly unswept?: string;
}

/** Removes assets that no package needs, and temporary files. The root's lock must be held. */
export function sweep(root: MossRoot, onEvent: Listener): Swept {
  return (
    root.aloneInCache(() => sweepAlone(root, onEvent)) ?? {
      assets: 0,
      bytes: 0,
      held: 0,
      unswept: "another root is using the cache",
    }
  );
}

function sweepAlone(root: MossRoot, onEvent: Listener): Swept {
  // Nobody is unpacking now, so what lies there is from runs that did not end.
  discardArrivals(root.store, () => false);
  for (const name of readdirSync(root.store))
    if (name.endsWith(".tmp")) rmSync(`${root.store}/${name}`, { force: true });
  const needed = new Set<string>();
  const missing = collectAll(root, needed);
  if (missing !== undefined) return { assets: 0, bytes: 0, held: 0, unswept: missing };
  let assets = 0;
  let bytes = 0;
  let held = 0;
  const folders = readdirSync(root.store).filter((name) => /^[0-9a-f]{2}$/.test(name));
  folders.forEach((folder, i) => {
    for (const name of readdirSync(`${root.store}/${folder}`)) {
      if (needed.has(name.replace(/~\d+$/, "")) && !name.endsWith(".tmp")) continue;
      const path = `${root.store}/${folder}/${name}`;
      const stat = lstatSync(path);
      rmSync(path, { force: true });
      fault("swept");
      assets += 1;
      // Bytes come back with the last link: a tree on disk may still hold the file.
      if (stat.nlink === 1) bytes += stat.blocks * 512;
      else held += stat.blocks * 512;
    }
    onEvent({ kind: "removed", what: "asset", name: folder, bytes, done: i + 1, total: folders.length });
  });
  return { assets, bytes, held };
}

/** Adds the assets that every root of the store needs. Gives the reason where one of them cannot be asked. */
function collectAll(root: MossRoot, needed: Set<string>): string | undefined {
  root.view((tx) => collect(tx, needed));
  if (!root.shared) return undefined;
  const { present, gone } = registeredRoots(root.cache);
  if (gone.length > 0) {
    return `the root ${gone[0]} uses the cache and is not there to be asked what it needs (moss cache clean --forget ${gone[0]}, if it is gone for good)`;
  }
  for (const directory of present) {
    if (directory === root.directory) continue;
    const folder = `${directory}/.moss/db`;
    if (!existsSync(folder)) continue;
    try {
      using database = openDatabase(databaseUri(folder), { schema: SCHEMA, readOnly: true });
      database.view((tx) => collect(tx, needed));
    } catch (error) {
      return `the root ${directory} uses the cache and cannot be asked what it needs (${describeError(error)})`;
    }
  }
  return undefined;
}

function collect(tx: ReadTransaction, needed: Set<string>): void {
  for (const encoded of tx.bucket(FILES).values()) {
    for (const record of decodeFiles(encoded)) if (record.kind === "file") needed.add(assetName(record));
  }
  for (const { osRelease } of tx.bucket(STATES).values()) {
    const [sha256, size] = osRelease.split(":");
    if (sha256 !== undefined && size !== undefined) needed.add(assetName({ ...GENERATED_FILE, sha256 }));
  }
}
