// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * One directory of a tree that is being changed. Its entries are decoded when first needed; a change forgets the hashes
 * of the directory and of those above it, and `sealed` makes them again.
 */
import { compareText } from "#base/order";
import { type Entries, FlatEntries, SplitEntries } from "#tree/entries";
import {
  type DirectoryNode,
  type FileNode,
  IMPLIED_MODE,
  type NodeSource,
  type Owners,
  type SymlinkNode,
  type TreeEntry,
} from "#tree/entry";
import { loadRaw, remember } from "#tree/load";
import { type EncodedNode, encodeIndex, encodeNode, isIndex, type NodeIndex, SPLIT } from "#tree/node";

export type MutableEntry = FileNode | SymlinkNode | Directory;

const NOBODY: Owners = [];

export class Directory {
  readonly kind = "directory";
  readonly name: string;
  readonly parent: Directory | undefined;
  mode = IMPLIED_MODE;
  uid = 0;
  gid = 0;
  xattrs: string | undefined;
  /** Packages that record the directory itself; empty where it only is above something. */
  owners: Owners = NOBODY;
  #sealed: { key: string; content: string } | undefined;
  #entries: Entries<MutableEntry> | undefined;

  constructor(name: string, parent: Directory | undefined, stored?: Pick<DirectoryNode, "key" | "content">) {
    this.name = name;
    this.parent = parent;
    if (stored === undefined) this.#entries = new FlatEntries<MutableEntry>([]);
    else this.#sealed = { key: stored.key, content: stored.content };
  }

  static fromNode(node: DirectoryNode, parent: Directory): Directory {
    const directory = new Directory(node.name, parent, node);
    directory.mode = node.mode;
    directory.uid = node.uid;
    directory.gid = node.gid;
    directory.xattrs = node.xattrs;
    directory.owners = node.owners;
    return directory;
  }

  get path(): string {
    const above = this.parent?.path ?? "";
    return above === "" ? this.name : `${above}/${this.name}`;
  }

  #load(source: NodeSource): Entries<MutableEntry> {
    if (this.#entries !== undefined) return this.#entries;
    const node = loadRaw(source, this.#sealed?.key ?? "");
    this.#entries = isIndex(node)
      ? new SplitEntries(source, node, (entry) => this.#take(entry))
      : new FlatEntries(node.map((entry) => this.#take(entry)));
    return this.#entries;
  }

  #take(entry: TreeEntry): MutableEntry {
    return entry.kind === "directory" ? Directory.fromNode(entry, this) : entry;
  }

  get(source: NodeSource, name: string): MutableEntry | undefined {
    return this.#load(source).get(name);
  }

  isEmpty(source: NodeSource): boolean {
    return this.#load(source).size === 0;
  }

  /** All entries, in no order. */
  values(source: NodeSource): MutableEntry[] {
    return this.#load(source).values();
  }

  /** Says that the directory, or what stands at one of its names, is about to change. */
  touch(name?: string): void {
    if (name !== undefined) this.#entries?.touch(name);
    if (this.#sealed === undefined) return;
    this.#sealed = undefined;
    this.parent?.touch(this.name);
  }

  set(source: NodeSource, entry: MutableEntry): void {
    this.#load(source).set(entry);
    this.touch(entry.name);
  }

  delete(source: NodeSource, name: string): void {
    this.#load(source).delete(name);
    this.touch(name);
  }

  /** Gives key and content hash, encoding what changed into `nodes`. */
  seal(source: NodeSource, nodes: Map<string, Uint8Array>): { key: string; content: string } {
    if (this.#sealed !== undefined) return this.#sealed;
    const encode = (entries: readonly MutableEntry[]) => {
      const list = [...entries]
        .sort((a, b) => compareText(a.name, b.name))
        .map((entry) => (entry instanceof Directory ? entry.#toNode(source, nodes) : entry));
      return keep(encodeNode(list), list);
    };
    const keep = ({ key, content, bytes }: EncodedNode, node: TreeEntry[] | NodeIndex) => {
      nodes.set(key, bytes);
      remember(source, key, node);
      return { key, content };
    };
    const entries = this.#load(source);
    if (entries.size <= SPLIT) this.#sealed = encode(entries.values());
    else {
      const index = { count: entries.size, parts: entries.encodeParts(encode) };
      this.#sealed = keep(encodeIndex(index), index);
    }
    return this.#sealed;
  }

  #toNode(source: NodeSource, nodes: Map<string, Uint8Array>): DirectoryNode {
    const { name, uid, gid, mode, owners, xattrs } = this;
    const node = { kind: "directory" as const, name, uid, gid, mode, owners, ...this.seal(source, nodes) };
    return xattrs === undefined ? node : { ...node, xattrs };
  }
}
