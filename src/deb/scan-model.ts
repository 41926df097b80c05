// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** What one reading of a .deb learns: plain data, sent between processes as JSON. */
import type { CapabilityText } from "#model/dependency";

/** One path of a package, where it is going to be. */
export interface ScannedFile {
  /** Relative to /usr. */
  readonly path: string;
  readonly kind: "regular" | "symlink" | "directory";
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Of symlinks: the text of the link, after the move. */
  readonly target?: string;
  /** Of regular files: XXH3-128 in hexadecimal, and the size in bytes. */
  readonly digest?: string;
  readonly size?: number;
}

/** An ELF file that takes part in dynamic linking. */
export interface ScannedElf {
  /** Relative to /usr. */
  readonly path: string;
  /** `x86_64`, `386`, `x32` ...: what stands in brackets behind a soname. */
  readonly isa: string;
  /** ET_DYN: a library, or a program that loads anywhere. */
  readonly shared: boolean;
  readonly soname?: string;
  readonly needed: readonly string[];
  /** Search paths of the file, `$ORIGIN` not yet replaced. RPATH where there is no RUNPATH. */
  readonly search: readonly string[];
  readonly interpreter?: string;
}

/** A line of tmpfiles.d(5): what to make outside /usr, and from what. */
export interface StateEntry {
  /** Absolute without its first slash: `etc/nanorc`. */
  readonly path: string;
  readonly kind: "copy" | "link" | "directory";
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Of links: where it leads. */
  readonly target?: string;
}

export interface Alternative {
  /** Absolute: `/usr/bin/editor`. */
  readonly link: string;
  readonly name: string;
  /** Absolute: `/bin/nano`. */
  readonly target: string;
  readonly priority: number;
  readonly slaves: readonly { readonly link: string; readonly name: string; readonly target: string }[];
}

export interface Diversion {
  /** Absolute paths: files of other packages at `from` go to `to`. */
  readonly from: string;
  readonly to: string;
}

export interface SystemUser {
  readonly name: string;
  readonly kind: "user" | "group";
  /** Numbers where the script says them. */
  readonly uid?: number;
  readonly gid?: number;
  /** Name of the primary group where it is not the user's own. */
  readonly group?: string;
  readonly gecos?: string;
  readonly home?: string;
  readonly shell?: string;
}

/** Something that the stone does not carry as the .deb had it. */
export interface Loss {
  readonly kind:
    | "script"
    | "device"
    | "outside"
    | "config-changed"
    | "moved"
    | "duplicate"
    | "licence"
    | "user"
    | "statoverride"
    | "diversion"
    | "alternative"
    | "file-taken"
    | "collision"
    | "directory-mode"
    | "soname"
    | "capability"
    | "relation"
    | "conflict-range"
    | "recommends";
  /** What it is about: a path, a name, a relation. */
  readonly subject: string;
  readonly detail: string;
}

/** Evidence for a capability: which file gives or needs it. */
export interface Evidence {
  readonly capability: CapabilityText;
  readonly path: string;
}

export interface PackageScan {
  /** The .deb: file name and lower-case hexadecimal SHA-256. */
  readonly file: string;
  readonly sha256: string;
  readonly name: string;
  readonly version: string;
  readonly architecture: string;
  readonly source: string;
  readonly summary: string;
  readonly description: string;
  readonly homepage: string;
  readonly essential: boolean;
  /** Relation fields as they stand, by lower-case name. */
  readonly relations: Readonly<Record<string, string>>;
  readonly licences: readonly string[];
  /** The package whose licences hold where this one's documentation is a link to that one's. */
  readonly licencesFrom?: string;
  readonly files: readonly ScannedFile[];
  readonly state: readonly StateEntry[];
  readonly elves: readonly ScannedElf[];
  readonly provides: readonly Evidence[];
  readonly needs: readonly Evidence[];
  /** What texts seem to need: kept only where the set provides it in the package's own closure. */
  readonly wants: readonly Evidence[];
  readonly alternatives: readonly Alternative[];
  readonly diversions: readonly Diversion[];
  readonly users: readonly SystemUser[];
  /** Units of the system that the package's scripts enable. */
  readonly units: readonly string[];
  /** The text of the package's own os-release. */
  readonly osRelease?: string;
  /** Folders that the package adds to the loader's path (`/etc/ld.so.conf.d`), relative to /usr. */
  readonly libraryFolders: readonly string[];
  readonly losses: readonly Loss[];
}

export interface ScanOptions {
  /** Folder for large bodies, which are removed again. */
  readonly folder: string;
  /** The machine of the set, as ELF names it. */
  readonly machine: string;
  /** Absolute paths that are known to exist in the set, for handlers that ask. */
  readonly present?: readonly string[];
}
