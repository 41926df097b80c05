// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * What a handler sees of a file, and what it decides. Handlers are pure: they look at one file of a package, through
 * `readAt`, and at what lies around it, and say what the file gives and needs.
 */
import { fromUtf8 } from "#base/bytes";
import { Failure } from "#base/errors";
import { type ElfFile, parseElf } from "#formats/elf";
import type { ReadAt } from "#formats/read-at";
import { type Capability, capability, type Kind } from "#model/dependency";

export interface PackageFile {
  /** Absolute path in the installed system: `/usr/bin/nano`. */
  readonly path: string;
  readonly kind: "regular" | "symlink" | "directory" | "special";
  /** Permission bits, 0..0o7777. */
  readonly mode: number;
  /** Bytes of the body; 0 for what has none. */
  readonly size: number;
  /** Reads the body of a regular file; asked of no other kind. */
  readonly readAt: ReadAt;
}

/** What lies around the file. */
export interface Surroundings {
  /** True where the absolute path exists in the package set at hand or in the root that it was built in. */
  exists(path: string): boolean;
  /** Where the symlinks of an existing path lead, an absolute path; the path itself where this is left out. */
  realPath?(path: string): string;
  /** The body of another file of the package set, where it is there and at most `limit` bytes. */
  read(path: string, limit: number): Uint8Array | undefined;
  /**
   * Folders whose libraries the loader finds by bare soname, besides those directly below /usr
   * (`/usr/lib/x86_64-linux-gnu` in roots that came from Debian).
   */
  readonly libraryFolders: readonly string[];
  /** The machine that the package is for, as ELF names it: `x86_64`. */
  readonly machine: string;
}

export interface Decision {
  /** What the file gives. */
  readonly provides: readonly Capability[];
  /** What the file cannot work without: the file says so itself, in a form that programs obey. */
  readonly depends: readonly Capability[];
  /** What the file seems to need, by reading its text; worth keeping only where something provides it. */
  readonly wants: readonly Capability[];
  /** What is wrong with the file, a sentence each. */
  readonly problems: readonly string[];
}

export interface Handler {
  readonly name: string;
  /** Cheap test by path, kind and mode, before anything is read. */
  concerns(file: PackageFile): boolean;
  decide(file: PackageFile, around: Surroundings): Partial<Decision>;
}

export const NOTHING: Partial<Decision> = {};

/** Capabilities of one kind. */
export function all(kind: Kind, names: Iterable<string>): Capability[] {
  return [...new Set(names)].map((name) => capability(kind, name));
}

/** The last component of a path. */
export function baseName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** The path without its last component. */
export function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}

const elfs = new WeakMap<PackageFile, { readonly elf: ElfFile | undefined; readonly problem: string | undefined }>();

/** The file as ELF, read once however many handlers ask; a damaged one is a problem and no ELF file. */
export function elfOf(file: PackageFile): { readonly elf: ElfFile | undefined; readonly problem: string | undefined } {
  const known = elfs.get(file);
  if (known !== undefined) return known;
  let found: { elf: ElfFile | undefined; problem: string | undefined };
  try {
    found = { elf: file.kind === "regular" ? parseElf(file.readAt, file.size) : undefined, problem: undefined };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    found = { elf: undefined, problem: error.message };
  }
  elfs.set(file, found);
  return found;
}

/** The whole body where it is at most `limit` bytes. */
export function bodyOf(file: PackageFile, limit: number): Uint8Array | undefined {
  if (file.kind !== "regular" || file.size > limit) return undefined;
  const bytes = file.readAt(0, file.size);
  return bytes.byteLength === file.size ? bytes : undefined;
}

/** Largest text file that a handler reads whole: beyond it nobody writes these by hand or tool. */
export const TEXT_LIMIT = 4 * 1024 * 1024;

/** The whole body as UTF-8; undefined where it is not, or too large. */
export function textOf(file: PackageFile): string | undefined {
  const bytes = bodyOf(file, TEXT_LIMIT);
  return bytes === undefined ? undefined : fromUtf8(bytes);
}
