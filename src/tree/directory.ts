// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * One directory of a tree that is being changed. Its entries are decoded when first needed; a change forgets the hashes
 * of the directory and of those above it, and `sealed` makes them again.
 */
import { Failure } from "#base/errors";
import { compareText } from "#base/order";
import {
  type DirectoryNode,
  type FileNode,
  IMPLIED_MODE,
  type NodeSource,
  type Owners,
  type SymlinkNode,
} from "#tree/entry";
import { decodeNode, encodeNode } from "#tree/node";

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
  #entries: Map<string, MutableEntry> | undefined;

  constructor(name: string, parent: Directory | undefined, stored?: Pick<DirectoryNode, "key" | "content">) {
    this.name = name;
    this.parent = parent;
    if (stored === undefined) this.#entries = new Map();
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

  /** The entries by name. Only `set` and `delete` change them. */
  entries(source: NodeSource): Map<string, MutableEntry> {
    if (this.#entries !== undefined) return this.#entries;
    const entries = new Map<string, MutableEntry>();
    for (const entry of loadNode(source, this.#sealed?.key ?? "")) {
      entries.set(entry.name, entry.kind === "directory" ? Directory.fromNode(entry, this) : entry);
    }
    this.#entries = entries;
    return entries;
  }

  /** Says that the directory or something below it is about to change. */
  touch(): void {
    if (this.#sealed === undefined) return;
    this.#sealed = undefined;
    this.parent?.touch();
  }

  set(source: NodeSource, entry: MutableEntry): void {
    this.entries(source).set(entry.name, entry);
    this.touch();
  }

  delete(source: NodeSource, name: string): void {
    this.entries(source).delete(name);
    this.touch();
  }

  /** Gives key and content hash, encoding what changed into `nodes`. */
  seal(source: NodeSource, nodes: Map<string, Uint8Array>): { key: string; content: string } {
    if (this.#sealed !== undefined) return this.#sealed;
    const list = [...this.entries(source).values()]
      .sort((a, b) => compareText(a.name, b.name))
      .map((entry) => (entry instanceof Directory ? entry.#toNode(source, nodes) : entry));
    const { key, content, bytes } = encodeNode(list);
    nodes.set(key, bytes);
    this.#sealed = { key, content };
    return this.#sealed;
  }

  #toNode(source: NodeSource, nodes: Map<string, Uint8Array>): DirectoryNode {
    const { name, uid, gid, mode, owners, xattrs } = this;
    const node = { kind: "directory" as const, name, uid, gid, mode, owners, ...this.seal(source, nodes) };
    return xattrs === undefined ? node : { ...node, xattrs };
  }
}

/** The decoded node with this key. Throws db.corrupt where it is not there. */
export function loadNode(source: NodeSource, key: string) {
  const bytes = source.node(key);
  if (bytes === undefined) {
    throw new Failure("db.corrupt", `Cannot read the node "${key}" of a tree: nothing, expected an encoded directory`, {
      hint: "The database is damaged; see the guide on restoring it.",
    });
  }
  return decodeNode(bytes);
}
