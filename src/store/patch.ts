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

/** `also` are further directories that will be written to, such as `lib`, where it holds a generated file. */
export function planPatch(
  source: NodeSource & AttributeSource,
  before: RootRef,
  after: RootRef,
  also: readonly string[] = [],
): Patch {
  const program = new Program();
  const touched = new Set<string>([""]);
  for (const path of also) addWithParents(touched, path);
  let here: string[] = [];
  for (const diff of diffTrees(source, before, after)) {
    addWithParents(touched, diff.path);
    here = move(program, here, diff.path === "" ? [] : diff.path.split("/"));
    change(program, source, diff);
  }
  move(program, here, []);
  const steps = program.steps;
  return { unit: program.take(), touched, steps };
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
    if (entry.kind === "directory") program.discard(diff.path === "" ? entry.name : `${diff.path}/${entry.name}`);
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
