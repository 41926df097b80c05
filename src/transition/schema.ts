// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** What the database of a root holds: its buckets and their records. Collections keep theirs in the same database. */
import type { PackageId, PackageMeta } from "#model/package";
import { bucket, bytes, hexText, json, type Schema, text, u32 } from "#moss-db/index";
import type { RootRef } from "#tree/entry";

export const SCHEMA: Schema = { name: "moss", version: 1 };

/** A package whose files are in the store. */
export interface PackageRecord {
  readonly meta: PackageMeta;
  /** Files, symlinks and directories that it records. */
  readonly entries: number;
  /** Bytes of its files. */
  readonly size: number;
}

/** One package of a state, with what lists show of it. */
export interface StatePackage {
  readonly id: PackageId;
  readonly name: string;
  readonly version: string;
  readonly release: number;
  readonly buildRelease: number;
  readonly summary: string;
  /** True where the user asked for it, false where something else needs it. */
  readonly explicit: boolean;
  readonly reason?: string;
}

export interface StateRecord {
  readonly id: number;
  /** Milliseconds since 1970. Only for people: states are ordered by their ids. */
  readonly created: number;
  readonly summary: string;
  /** The command line that made it. */
  readonly command: string;
  /** Who ran it, where that is known. */
  readonly user?: string;
  /** What somebody calls it. */
  readonly label?: string;
  readonly tree: RootRef;
  /** Paths on which redirected records hang; see #tree/merge. */
  readonly links: readonly string[];
  readonly packages: number;
  /** Where its list of packages is stored, by part; see #transition/selections. */
  readonly selections: Readonly<Record<string, string>>;
  /** Key of the text of usr/lib/system-model.kdl. */
  readonly systemModel: string;
  /** What usr/lib/os-release was made from; see #transition/os-release. */
  readonly osRelease: string;
}

/** A tree on disk. Its key is its place: LIVE, or the name of a folder in .moss/root. */
export interface TreeRecord {
  readonly state: number;
  readonly tree: RootRef;
  /** Inode of its `usr`. */
  readonly inode: string;
  /** When moss wrote to it: pairs of times in nanoseconds by the file system's clock; see #transition/drift. */
  readonly windows: readonly (readonly [string, string])[];
  /** Number of the transition that put it where it is: the higher, the younger. */
  readonly since: number;
}

/** Key of the tree that is /usr. */
export const LIVE = "live";

/** What has begun and not ended; see docs/decisions/0003. */
export interface JournalRecord {
  readonly kind: "apply" | "activate" | "prune";
  readonly phase: "staging" | "exchange" | "after" | "prune";
  readonly transition: number;
  /** The state that becomes live, and whether this transition made it. */
  readonly state: number;
  readonly created: boolean;
  /** The state that was live before; 0 where there was none. */
  readonly before: number;
  readonly place: string;
  /** The tree that was staged, once it is whole. */
  readonly staged?: TreeRecord;
  /** States that are being removed. */
  readonly removing?: readonly number[];
  readonly started: number;
  readonly command: string;
}

function record<T>() {
  return json((value) => value as T);
}

export const PACKAGES = bucket("packages", { key: hexText(32), value: record<PackageRecord>() });
/** Encoded files of packages; see #store/files. */
export const FILES = bucket("files", { key: hexText(32), value: bytes });
/** Encoded extended attributes by their digest. */
export const ATTRIBUTES = bucket("attributes", { key: hexText(32), value: bytes });
export const NODES = bucket("nodes", { key: hexText(32), value: bytes });
/** Parts of states' lists of packages. */
export const SELECTIONS = bucket("selections", { key: hexText(32), value: record<readonly StatePackage[]>() });
/** Texts by their SHA-256. */
export const TEXTS = bucket("texts", { key: hexText(32), value: text });
export const STATES = bucket("states", { key: u32, value: record<StateRecord>() });
export const TREES = bucket("trees", { key: text, value: record<TreeRecord>() });
export const JOURNAL = bucket("journal", { key: text, value: record<JournalRecord>() });
export const COUNTERS = bucket("counters", { key: text, value: u32 });

/** Key of the one record in the journal. */
export const CURRENT = "current";
