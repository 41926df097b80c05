// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * A whole tree as units of steps. Each unit starts at the top and makes the directories on its way (or takes them as
 * they are), so any two can run side by side.
 */
import { assetName, assetPath } from "#store/names";
import { Program } from "#store/program";
import type { DirectoryNode, NodeSource, RootRef, SymlinkNode, TreeEntry } from "#tree/entry";
import { loadNode } from "#tree/load";

/** Steps in a unit, about: large enough to cost little, small enough to share the work evenly. */
const UNIT = 200;

/** Encoded attributes by their digest, for directories that have some. */
export interface AttributeSource {
  attributes(digest: string): Uint8Array | undefined;
}

/** Calls `sink` with the units that write all of a tree below an empty top directory, in an order that is good for one thread. */
export function blitUnits(
  source: NodeSource & AttributeSource,
  root: Pick<RootRef, "key">,
  sink: (unit: Uint8Array<SharedArrayBuffer>) => void,
): void {
  const writer = new UnitWriter(source, sink);
  writer.fill(root.key);
  writer.finish();
}

/** Steps that put one new entry into the directory where the program stands. */
export function addEntry(program: Program, source: NodeSource & AttributeSource, entry: TreeEntry): void {
  if (entry.kind === "file") program.link(entry.name, assetPath(assetName(entry)));
  else if (entry.kind === "symlink") makeSymlink(program, source, entry);
  else {
    makeDirectory(program, source, entry);
    for (const child of loadNode(source, entry.key)) addEntry(program, source, child);
    program.up();
  }
}

function makeSymlink(program: Program, source: AttributeSource, entry: SymlinkNode): void {
  program.symlink(entry.name, entry.target, entry.uid, entry.gid);
  const encoded = entry.xattrs === undefined ? undefined : source.attributes(entry.xattrs);
  if (encoded !== undefined) program.linkAttributes(entry.name, encoded);
}

function makeDirectory(program: Program, source: AttributeSource, entry: DirectoryNode): void {
  program.make(entry.name, entry.mode, entry.uid, entry.gid);
  if (entry.xattrs === undefined) return;
  const encoded = source.attributes(entry.xattrs);
  if (encoded !== undefined) program.attributes(encoded);
}

class UnitWriter {
  readonly #source: NodeSource & AttributeSource;
  readonly #sink: (unit: Uint8Array<SharedArrayBuffer>) => void;
  readonly #program = new Program(512 * 1024);
  readonly #chain: DirectoryNode[] = [];
  /** Steps of this unit that only lead to where it begins: a deep tree has more of them than a unit has steps. */
  #leading = 0;

  constructor(source: NodeSource & AttributeSource, sink: (unit: Uint8Array<SharedArrayBuffer>) => void) {
    this.#source = source;
    this.#sink = sink;
  }

  fill(key: string): void {
    for (const entry of loadNode(this.#source, key)) {
      // Where the way there is longer than a unit, units grow with it: the ways would take more than the work.
      if (this.#program.steps - this.#leading >= Math.max(UNIT, this.#leading)) this.#cut();
      if (entry.kind !== "directory") {
        addEntry(this.#program, this.#source, entry);
        continue;
      }
      makeDirectory(this.#program, this.#source, entry);
      this.#chain.push(entry);
      this.fill(entry.key);
      this.#chain.pop();
      this.#program.up();
    }
  }

  finish(): void {
    if (this.#program.steps > 0) this.#sink(this.#program.take());
  }

  #cut(): void {
    for (let i = 0; i < this.#chain.length; i++) this.#program.up();
    this.finish();
    for (const entry of this.#chain) makeDirectory(this.#program, this.#source, entry);
    this.#leading = this.#program.steps;
  }
}
