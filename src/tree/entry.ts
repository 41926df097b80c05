// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** What stands at one name of a directory of a tree, and when two of them are the same. */

/** Names of the packages that record an entry, sorted, without repeats. */
export type Owners = readonly string[];

interface Common {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  /** SHA-256, in hexadecimal, of the encoded extended attributes, where there are any. */
  readonly xattrs?: string;
  readonly owners: Owners;
}

export interface FileNode extends Common {
  readonly kind: "file";
  /** Permission bits as recorded, set-id and sticky included: 0..0o7777. */
  readonly mode: number;
  /** Lower-case hexadecimal SHA-256 of the body. */
  readonly sha256: string;
  /** Bytes of the body. */
  readonly size: number;
}

export interface SymlinkNode extends Common {
  readonly kind: "symlink";
  readonly target: string;
}

export interface DirectoryNode extends Common {
  readonly kind: "directory";
  readonly mode: number;
  /** Hash of the directory's entries with their owners: where its node is stored. Hexadecimal. */
  readonly key: string;
  /** Hash of the directory's entries without owners: what it holds. Hexadecimal. */
  readonly content: string;
}

export type TreeEntry = FileNode | SymlinkNode | DirectoryNode;

/** A tree: where its top node is stored, and the identity of what it holds. */
export interface RootRef {
  readonly key: string;
  readonly content: string;
}

/** Where encoded nodes come from; undefined for a key that is not there. */
export interface NodeSource {
  node(key: string): Uint8Array | undefined;
}

/** One path that a package puts into a tree. `path` is relative to /usr. */
export type TreeRecord =
  | (Omit<FileNode, "owners" | "name"> & { readonly path: string })
  | (Omit<SymlinkNode, "owners" | "name"> & { readonly path: string })
  | (Omit<DirectoryNode, "owners" | "name" | "key" | "content"> & { readonly path: string });

/** The records of one package. A name occurs once in a tree. */
export interface PackageFiles {
  readonly name: string;
  readonly records: readonly TreeRecord[];
}

/** Mode of a directory that exists only because something is below it. */
export const IMPLIED_MODE = 0o755;

type Identity =
  | Omit<FileNode, "owners" | "name">
  | Omit<SymlinkNode, "owners" | "name">
  | Omit<DirectoryNode, "owners" | "name" | "key" | "content">;

/** True where two things are the same thing; of directories only their own mode and owner count. */
export function sameIdentity(a: Identity, b: Identity): boolean {
  if (a.uid !== b.uid || a.gid !== b.gid || a.xattrs !== b.xattrs) return false;
  if (a.kind === "file") return b.kind === "file" && a.sha256 === b.sha256 && a.mode === b.mode && a.size === b.size;
  if (a.kind === "symlink") return b.kind === "symlink" && a.target === b.target;
  return b.kind === "directory" && a.mode === b.mode;
}

/** A few words that tell a person what an entry is, for messages about collisions. */
export function describeEntry(entry: Identity): string {
  const owner = entry.uid === 0 && entry.gid === 0 ? "" : ` of ${entry.uid}:${entry.gid}`;
  const xattrs = entry.xattrs === undefined ? "" : ` with attributes ${entry.xattrs.slice(0, 8)}`;
  if (entry.kind === "symlink") return `symlink to ${entry.target}${owner}`;
  const mode = entry.mode.toString(8).padStart(4, "0");
  if (entry.kind === "directory") return `directory ${mode}${owner}${xattrs}`;
  return `file ${entry.sha256.slice(0, 12)} ${mode}${owner}${xattrs}`;
}
