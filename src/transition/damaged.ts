// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * Files of a tree that is about to be live that have another length than they must: cut off by a disk, or written to where they
 * stood. Their bytes are not read, as going back must stay quick; and it is told, not refused, as going back must stay possible.
 */
import { lstatSync } from "node:fs";
import { type DirectoryDiff, listTree } from "#tree/diff";
import type { FileNode, NodeSource, TreeEntry } from "#tree/entry";

export interface DamagedFile {
  /** Relative to /usr. */
  readonly path: string;
  readonly owners: readonly string[];
  /** Bytes that are there; undefined where there is no such file. */
  readonly found: number | undefined;
  readonly expected: number;
}

/** Looks at those files of a tree on disk in which it differs from another: the time is that of the differences. */
export function* damagedFiles(
  usr: string,
  source: NodeSource,
  differences: Iterable<DirectoryDiff>,
): Generator<DamagedFile, undefined> {
  for (const { path, file } of filesThatCome(source, differences)) {
    const stat = lstatSync(`${usr}/${path}`, { throwIfNoEntry: false });
    const found = stat?.isFile() === true ? stat.size : undefined;
    if (found !== file.size) yield { path, owners: file.owners, found, expected: file.size };
  }
}

function* filesThatCome(
  source: NodeSource,
  differences: Iterable<DirectoryDiff>,
): Generator<{ readonly path: string; readonly file: FileNode }, undefined> {
  for (const { path, added, replaced } of differences) {
    const at = (entry: TreeEntry) => (path === "" ? entry.name : `${path}/${entry.name}`);
    for (const { after: entry } of replaced) if (entry.kind === "file") yield { path: at(entry), file: entry };
    for (const entry of added) {
      if (entry.kind === "file") yield { path: at(entry), file: entry };
      if (entry.kind !== "directory") continue;
      for (const { path: below, entry: file } of listTree(source, entry, at(entry))) {
        if (file.kind === "file") yield { path: below, file };
      }
    }
  }
}
