// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** A tree being changed: packages' records are put in and taken out, clashes are told, the result is sealed. */
import { compareText } from "#base/order";
import { walk } from "#model/walk";
import { Directory, type MutableEntry } from "#tree/directory";
import {
  describeEntry,
  type FileNode,
  IMPLIED_MODE,
  type NodeSource,
  type Owners,
  type RootRef,
  type SymlinkNode,
  sameIdentity,
  type TreeRecord,
} from "#tree/entry";

/** Two packages want one path for different things. */
export interface Collision {
  /** Relative to /usr, where the record would really stand. */
  readonly path: string;
  /** The package and what it has, in words; the smaller name first. */
  readonly sides: readonly [
    { readonly owner: string; readonly what: string },
    { readonly owner: string; readonly what: string },
  ];
}

/** What became of a record: it stands; it clashes; or it moves what already stands, so merge from nothing. */
export type Placed = undefined | Collision | "moves";

export interface SealedTree extends RootRef {
  /** New nodes by key; those that the source already had are not among them. */
  readonly nodes: ReadonlyMap<string, Uint8Array>;
}

class Blocked extends Error {
  readonly entry: MutableEntry;
  readonly path: string;
  constructor(entry: MutableEntry, path: string) {
    super("a file stands where a directory is needed");
    this.entry = entry;
    this.path = path;
  }
}

export class Tree {
  readonly #source: NodeSource;
  readonly #top: Directory;
  /**
   * Paths on which the place of some record hangs: symlinks that led it elsewhere, and what stands before a \`..\` of
   * theirs. Where one of them becomes a symlink or ceases to be one, records may move.
   */
  readonly links = new Set<string>();
  #lastParent = "";
  #lastDirectory: Directory | undefined;

  constructor(source: NodeSource, root?: RootRef) {
    this.#source = source;
    this.#top = new Directory("", undefined, root);
    // /usr itself is always there, whoever records it.
    this.#top.owners = [];
  }

  /** The entry at a path, through the tree's symlinks except a last one; undefined where nothing is. */
  lookup(path: string): MutableEntry | undefined {
    const cut = path.lastIndexOf("/");
    const parent = this.#find(cut < 0 ? "" : path.slice(0, cut), path, false);
    return parent?.get(this.#source, path.slice(cut + 1));
  }

  /** Puts a record of a package in. Throws tree.path for a record that would leave /usr. */
  place(owner: string, record: TreeRecord): Placed {
    const cut = record.path.lastIndexOf("/");
    const name = record.path.slice(cut + 1);
    let parent: Directory | undefined;
    try {
      parent = this.#find(cut < 0 ? "" : record.path.slice(0, cut), record.path, true);
    } catch (error) {
      if (!(error instanceof Blocked)) throw error;
      return clash(error.path, owner, `directory (for usr/${record.path})`, error.entry, this.#source);
    }
    if (parent === undefined) throw new Error("a walk that creates found nothing");
    const present = parent.get(this.#source, name);
    if (present === undefined) {
      if (record.kind === "directory") this.#createDirectory(parent, name, owner, record);
      else parent.set(this.#source, withOwners(record, name, [owner]));
      this.#forget(record);
      return undefined;
    }
    if (present instanceof Directory) {
      if (record.kind === "directory") return this.#shareDirectory(present, owner, record);
      if (record.kind === "symlink" && present.owners.length === 0) return "moves";
      return clash(present.path, owner, describeEntry(record), present, this.#source);
    }
    if (!sameIdentity(present, record)) {
      return clash(joined(parent.path, name), owner, describeEntry(record), present, this.#source);
    }
    if (!present.owners.includes(owner)) {
      parent.set(this.#source, { ...present, owners: [...present.owners, owner].sort(compareText) });
    }
    return undefined;
  }

  /**
   * Takes records of one package out again. All are looked up before the first goes, so that a symlink among them still leads.
   * Gives the paths of the symlinks that are gone altogether.
   */
  remove(owner: string, records: readonly TreeRecord[]): string[] {
    const found: { parent: Directory; name: string }[] = [];
    for (const { path } of records) {
      const cut = path.lastIndexOf("/");
      const parent = this.#find(cut < 0 ? "" : path.slice(0, cut), path, false);
      if (parent !== undefined) found.push({ parent, name: path.slice(cut + 1) });
    }
    const gone: string[] = [];
    for (const { parent, name } of found) {
      const entry = parent.get(this.#source, name);
      if (entry === undefined || !entry.owners.includes(owner)) continue;
      const owners = entry.owners.filter((other) => other !== owner);
      if (entry instanceof Directory) this.#disown(entry, owners);
      else if (owners.length > 0) parent.set(this.#source, { ...entry, owners });
      else {
        parent.delete(this.#source, name);
        if (entry.kind === "symlink") gone.push(joined(parent.path, name));
        this.#prune(parent);
      }
    }
    this.#lastDirectory = undefined;
    return gone;
  }

  seal(): SealedTree {
    const nodes = new Map<string, Uint8Array>();
    return { ...this.#top.seal(this.#source, nodes), nodes };
  }

  #createDirectory(parent: Directory, name: string, owner: string, record: TreeRecord & { kind: "directory" }): void {
    const made = new Directory(name, parent);
    parent.set(this.#source, made);
    this.#shareDirectory(made, owner, record);
  }

  #shareDirectory(present: Directory, owner: string, record: TreeRecord & { kind: "directory" }): Placed {
    if (present.owners.length === 0) {
      present.mode = record.mode;
      present.uid = record.uid;
      present.gid = record.gid;
      present.xattrs = record.xattrs;
      present.owners = [owner];
      present.parent?.touch(present.name);
      return undefined;
    }
    if (!sameIdentity(asIdentity(present), record)) {
      return clash(present.path, owner, describeEntry(record), present, this.#source);
    }
    if (!present.owners.includes(owner)) {
      present.owners = [...present.owners, owner].sort(compareText);
      present.parent?.touch(present.name);
    }
    return undefined;
  }

  #disown(directory: Directory, owners: Owners): void {
    directory.owners = owners;
    directory.parent?.touch(directory.name);
    if (owners.length > 0) return;
    directory.mode = IMPLIED_MODE;
    directory.uid = 0;
    directory.gid = 0;
    directory.xattrs = undefined;
    this.#prune(directory);
  }

  /** Drops directories that nobody records and that hold nothing, from this one upwards. */
  #prune(from: Directory): void {
    let at = from;
    while (at.parent !== undefined && at.owners.length === 0 && at.isEmpty(this.#source)) {
      at.parent.delete(this.#source, at.name);
      at = at.parent;
    }
  }

  /** A new symlink may change where a remembered path leads. */
  #forget(record: TreeRecord): void {
    if (record.kind === "symlink") this.#lastDirectory = undefined;
  }

  #find(parent: string, path: string, create: boolean): Directory | undefined {
    // Records come sorted by path, so most share the parent of the one before.
    if (parent === "") return this.#top;
    if (this.#lastDirectory !== undefined && this.#lastParent === parent) return this.#lastDirectory;
    // Directories that are not there, with what is there instead. They matter only where the walk ends in or below them,
    // not where a `..` leaves them again.
    const absent = new Map<Directory, Blocked | undefined>();
    const found = walk<Directory>(parent.split("/"), path, {
      top: this.#top,
      enter: (directory, name) => {
        const entry = directory.get(this.#source, name);
        if (entry instanceof Directory) return entry;
        if (entry?.kind === "symlink") return { link: entry.target };
        const made = new Directory(name, directory);
        absent.set(made, entry === undefined ? undefined : new Blocked(entry, joined(directory.path, name)));
        return made;
      },
      parent: (directory) => {
        if (create) this.links.add(directory.path);
        return directory.parent;
      },
      followed: (directory, name) => {
        if (create) this.links.add(joined(directory.path, name));
      },
    });
    for (let at: Directory | undefined = found; absent.size > 0 && at !== undefined; at = at.parent) {
      if (!absent.has(at)) continue;
      const block = absent.get(at);
      if (!create) return undefined;
      if (block !== undefined) throw block;
    }
    for (let at = found; at.parent !== undefined && absent.has(at); at = at.parent) at.parent.set(this.#source, at);
    this.#lastParent = parent;
    this.#lastDirectory = found;
    return found;
  }
}

function joined(parent: string, name: string): string {
  return parent === "" ? name : `${parent}/${name}`;
}

function withOwners(
  record: Exclude<TreeRecord, { kind: "directory" }>,
  name: string,
  owners: Owners,
): FileNode | SymlinkNode {
  const { uid, gid } = record;
  const attributes = record.xattrs === undefined ? {} : { xattrs: record.xattrs };
  if (record.kind === "symlink")
    return { kind: "symlink", name, uid, gid, ...attributes, target: record.target, owners };
  const { mode, sha256, size } = record;
  return { kind: "file", name, uid, gid, ...attributes, mode, sha256, size, owners };
}

function asIdentity(directory: Directory) {
  const { kind, mode, uid, gid, xattrs } = directory;
  return { kind, mode, uid, gid, ...(xattrs === undefined ? {} : { xattrs }) } as const;
}

/** Any package that has something at or below an entry. */
function someOwner(entry: MutableEntry, source: NodeSource): string {
  const own = entry.owners[0];
  if (own !== undefined || !(entry instanceof Directory)) return own ?? "";
  const below = entry.values(source).map((child) => someOwner(child, source));
  return below.sort(compareText)[0] ?? "";
}

function clash(path: string, owner: string, what: string, present: MutableEntry, source: NodeSource): Collision {
  const other = {
    owner: someOwner(present, source),
    what: describeEntry(present instanceof Directory ? asIdentity(present) : present),
  };
  const mine = { owner, what };
  return { path, sides: mine.owner < other.owner ? [mine, other] : [other, mine] };
}
