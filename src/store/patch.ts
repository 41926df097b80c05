// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** The steps that turn one tree on disk into another, and the directories that they touch. */
import { type AttributeSource, addEntry } from "#store/blit";
import { Program } from "#store/program";
import { type DirectoryDiff, diffTrees } from "#tree/diff";
import type { NodeSource, RootRef } from "#tree/entry";

export interface Patch {
  readonly unit: Uint8Array<SharedArrayBuffer>;
  /** Existing directories that the steps change, and all above them: paths below the top, which is "". */
  readonly touched: ReadonlySet<string>;
  readonly steps: number;
}

/**
 * `also` are further directories of the tree after the steps that count as touched, such as `lib`, where it holds a generated file; those
 * that the steps make themselves do not.
 */
export function planPatch(
  source: NodeSource & AttributeSource,
  before: RootRef,
  after: RootRef,
  also: readonly string[] = [],
): Patch {
  const program = new Program();
  const touched = new Set<string>([""]);
  const made = new Set<string>();
  let here: string[] = [];
  for (const diff of diffTrees(source, before, after)) {
    addWithParents(touched, diff.path);
    here = move(program, here, diff.path === "" ? [] : diff.path.split("/"));
    change(program, source, diff);
    for (const { kind, name } of diff.added) if (kind === "directory") made.add(below(diff.path, name));
  }
  move(program, here, []);
  for (const path of also) if (!isMade(made, path)) addWithParents(touched, path);
  const steps = program.steps;
  return { unit: program.take(), touched, steps };
}

function below(path: string, name: string): string {
  return path === "" ? name : `${path}/${name}`;
}

/** Is a path one of these directories, or below one? */
function isMade(made: ReadonlySet<string>, path: string): boolean {
  for (let at = path; at !== ""; at = at.slice(0, Math.max(0, at.lastIndexOf("/")))) if (made.has(at)) return true;
  return false;
}

function addWithParents(paths: Set<string>, path: string): void {
  for (let at = path; !paths.has(at); at = at.slice(0, Math.max(0, at.lastIndexOf("/")))) paths.add(at);
}

function move(program: Program, from: readonly string[], to: string[]): string[] {
  let shared = 0;
  while (shared < from.length && from[shared] === to[shared]) shared += 1;
  for (let i = shared; i < from.length; i++) program.up();
  for (const name of to.slice(shared)) program.enter(name);
  return to;
}

function change(program: Program, source: NodeSource & AttributeSource, diff: DirectoryDiff): void {
  for (const entry of diff.removed) {
    if (entry.kind === "directory") program.discard(below(diff.path, entry.name));
    else program.unlink(entry.name);
  }
  for (const { before, after } of diff.replaced) {
    program.unlink(before.name);
    addEntry(program, source, after);
  }
  for (const { after } of diff.altered) {
    program.alter(after.name, after.mode, after.uid, after.gid);
    const encoded = after.xattrs === undefined ? undefined : source.attributes(after.xattrs);
    if (encoded === undefined) continue;
    program.enter(after.name);
    program.attributes(encoded);
    program.up();
  }
  for (const entry of diff.added) addEntry(program, source, entry);
}
