// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Getting a tree onto the disk at a place: by changing a spare one, or in full. */
import { closeSync, lstatSync, openSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { Failure } from "#base/errors";
import type { Arrival } from "#store/arrival";
import { blitUnits } from "#store/blit";
import { Builders } from "#store/builders";
import { diskFailure } from "#store/disk";
import { execute } from "#store/execute";
import { makePlainDirectory } from "#store/owner";
import { planPatch } from "#store/patch";
import type { Place } from "#store/place";
import { threadWaits } from "#store/thread";
import { addWindow, clockWentBack, fileSystemTime, findDrift, type Windows } from "#transition/drift";
import type { Listener, Stopwatch } from "#transition/events";
import type { MossRoot } from "#transition/root";
import { type JournalRecord, LIVE, type TreeRecord } from "#transition/schema";
import type { TreeSource } from "#transition/source";
import type { RootRef } from "#tree/entry";
import { loadNode } from "#tree/load";

/** What is in a tree beside what its packages put there. */
export interface Generated {
  readonly state: number;
  readonly systemModel: string;
}

export interface Target {
  readonly tree: RootRef;
  readonly generated: Generated;
  readonly transition: number;
  /** Where files lie that are not in the store yet. */
  readonly arrival?: Arrival;
}

/** Names of the places in use, the oldest tree first. */
export interface Candidate {
  readonly place: string;
  readonly record: TreeRecord;
}

/** A transition that has begun. */
export interface Begun {
  readonly journal: JournalRecord;
  /** The tree to start from; in doubt from now on, should this process die. */
  readonly spare: Candidate | undefined;
  /** Set before the first change of the spare: until then it can be put back as it was. */
  touched: boolean;
}

/** A tree that may be changed into another. */
export function candidates(trees: readonly (readonly [string, TreeRecord])[]): Candidate[] {
  return trees
    .filter(([place]) => place !== LIVE)
    .map(([place, record]) => ({ place, record }))
    .sort((a, b) => a.record.since - b.record.since);
}

/**
 * The tree to start from: one that already is the target, else the spare. The last good state's tree, the youngest of those
 * that were live, stays as it is. A spare that was never live has `since` 0.
 */
export function chooseSpare(list: readonly Candidate[], target?: RootRef): Candidate | undefined {
  const exact = target === undefined ? undefined : list.find(({ record }) => record.tree.content === target.content);
  const oldest = list[0];
  return exact ?? (list.length > 1 || oldest?.record.since === 0 ? oldest : undefined);
}

/** A place that is free: nothing is recorded there, nothing lies there. */
export function freePlace(root: MossRoot, used: readonly string[]): string {
  for (let number = 1; ; number++) {
    const place = `tree-${number}`;
    if (!used.includes(place)) {
      rmSync(`${root.trees}/${place}`, { recursive: true, force: true });
      return place;
    }
  }
}

/**
 * Removes trees of ours that are not recorded: they are from a run that did not end. What has another name stays: the older
 * moss keeps its states' trees in the same folder.
 */
export function discardUnknownTrees(root: MossRoot, used: readonly string[]): string[] {
  const unknown = readdirSync(root.trees).filter((name) => /^tree-\d+$/.test(name) && !used.includes(name));
  for (const name of unknown) rmSync(`${root.trees}/${name}`, { recursive: true, force: true });
  return unknown;
}

/** Puts the generated files of a tree in it, on a fresh inode each. */
function writeGenerated(usr: string, { state, systemModel }: Generated): void {
  for (const [path, text] of [
    [".stateID", String(state)],
    ["lib/system-model.kdl", systemModel],
  ] as const) {
    rmSync(`${usr}/${path}`, { force: true });
    writeFileSync(`${usr}/${path}`, text, { mode: 0o444, flag: "wx" });
  }
}

/** `lib` must be a plain directory, since generated files are written into it. */
export function checkTop(source: TreeSource, tree: RootRef): void {
  const lib = loadNode(source, tree.key).find(({ name }) => name === "lib");
  if (lib?.kind === "directory") return;
  throw new Failure(
    "tree.collision",
    `Cannot place "usr/lib": "${lib?.owners[0] ?? "a package"}" has something else there, expected a directory`,
  );
}

/** Opens store, arrival folder and tree for executing steps. */
function withPlace<T>(root: MossRoot, arrival: Arrival | undefined, topPath: string, work: (place: Place) => T): T {
  const opened: number[] = [];
  const open = (path: string) => {
    const fd = openSync(path, "r");
    opened.push(fd);
    return fd;
  };
  try {
    const place: Place = {
      store: open(root.store),
      storePath: root.store,
      ...(arrival?.opened === true ? { arrival: { folder: open(arrival.directory), path: arrival.directory } } : {}),
      top: open(topPath),
      topPath,
      hardlinks: statSync(root.store).dev === statSync(topPath).dev,
    };
    return work(place);
  } finally {
    for (const fd of opened) closeSync(fd);
  }
}

/**
 * Changes a tree into the target, unless a directory that it would touch (or one of `alsoCheck`) was changed by others.
 */
export function patchTree(
  root: MossRoot,
  source: TreeSource,
  from: Candidate,
  target: Target,
  watch: Stopwatch,
  alsoCheck: readonly string[] = [],
): { readonly tree: TreeRecord } | { readonly doubt: string } {
  const top = root.treePath(from.place);
  const patch = planPatch(source, from.record.tree, target.tree, ["lib", ...alsoCheck]);
  watch.lap("merge");
  const drift = findDrift(top, from.record, patch.touched);
  if (drift !== undefined) return { doubt: `usr/${drift} of the spare tree was changed by others` };
  watch.lap("check");
  const begin = fileSystemTime(`${root.trees}/${from.place}`);
  if (clockWentBack(from.record.windows, begin)) return { doubt: "the clock went backwards since it was written" };
  withPlace(root, target.arrival, top, (place) => execute(patch.unit, place));
  const result = finishTree(root, from.place, target, from.record.windows, begin);
  watch.lap("link");
  return result;
}

/** Writes a whole tree at a place, in place of what may lie there. */
export function buildTree(
  root: MossRoot,
  source: TreeSource,
  place: string,
  target: Target,
  onEvent: Listener,
): TreeRecord {
  const folder = `${root.trees}/${place}`;
  try {
    // A tree in doubt may lie here.
    rmSync(folder, { recursive: true, force: true });
    makePlainDirectory(folder, 0o755);
    makePlainDirectory(`${folder}/usr`, 0o755);
    const begin = fileSystemTime(folder);
    blitTo(root, source, `${folder}/usr`, target.tree, onEvent, target.arrival);
    const result = finishTree(root, place, target, [], begin);
    // A clock that ran backwards while the tree was written: nothing can be told of it later, so it is never a spare.
    return "tree" in result ? result.tree : { ...record(root, place, target), windows: [] };
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw diskFailure(error, "write the tree");
  }
}

/**
 * The tree that a transition stages, at its place: by changing the spare, where there is one and nobody else has touched it
 * (nor one of `alsoCheck`), else in full.
 */
export function writeTree(
  root: MossRoot,
  source: TreeSource,
  begun: Begun,
  target: Target,
  watch: Stopwatch,
  onEvent: Listener,
  alsoCheck: readonly string[] = [],
): TreeRecord {
  begun.touched = true;
  let reason = "there is no spare tree";
  if (begun.spare !== undefined) {
    const patched = patchTree(root, source, begun.spare, target, watch, alsoCheck);
    if ("tree" in patched) return patched.tree;
    reason = patched.doubt;
  }
  onEvent({ kind: "full-build", reason });
  const tree = buildTree(root, source, begun.journal.place, target, onEvent);
  watch.lap("link");
  return tree;
}

/** Units after which more threads than this one are worth their start. */
const ALONE = 2;

/** Writes the entries of a tree below an empty directory. */
export function blitTo(
  root: MossRoot,
  source: TreeSource,
  usr: string,
  tree: RootRef,
  onEvent: Listener,
  arrival?: Arrival,
): void {
  withPlace(root, arrival, usr, (place) => {
    // The first units are carried out here: a small tree is done before a thread would have begun that does not wait already.
    const alone = threadWaits() ? 0 : ALONE;
    let units = 0;
    let builders: Builders | undefined;
    try {
      blitUnits(source, tree, (unit) => {
        if (units++ < alone) execute(unit, place);
        else {
          builders ??= new Builders(place);
          builders.give(unit);
        }
        onEvent({ kind: "blit", done: units });
      });
      builders?.finish();
    } finally {
      builders?.[Symbol.dispose]();
    }
  });
}

function finishTree(root: MossRoot, place: string, target: Target, windows: Windows, begin: bigint) {
  writeGenerated(root.treePath(place), target.generated);
  const end = fileSystemTime(`${root.trees}/${place}`);
  const all = addWindow(windows, begin, end);
  if (all === undefined) return { doubt: "the clock went backwards" } as const;
  return { tree: { ...record(root, place, target), windows: all } } as const;
}

function record(root: MossRoot, place: string, target: Target): Omit<TreeRecord, "windows"> {
  const inode = String(lstatSync(root.treePath(place), { bigint: true }).ino);
  return { state: target.generated.state, tree: target.tree, inode, since: target.transition };
}
