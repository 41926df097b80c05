// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** The files of a package. Paths are relative to /usr, without a leading slash: `bin/nano`. */

/** Extended attributes of one entry, name to value (`security.capability`, `user.x`). */
export type Xattrs = ReadonlyMap<string, Uint8Array>;

interface Common {
  /** Relative to /usr; checked: no empty, `.` or `..` component, no NUL, components of at most 255 bytes. */
  readonly path: string;
  readonly uid: number;
  readonly gid: number;
  /** Permission bits with set-id and sticky, without the file type: 0..0o7777. */
  readonly mode: number;
  readonly xattrs?: Xattrs;
}

export interface RegularEntry extends Common {
  readonly kind: "regular";
  /** XXH3-128 of the body, canonical, 16 bytes: the key of the body within its package. Not an identity elsewhere. */
  readonly digest: Uint8Array;
}

export interface SymlinkEntry extends Common {
  readonly kind: "symlink";
  readonly target: string;
}

export interface DirectoryEntry extends Common {
  readonly kind: "directory";
}

/** Recorded in stones, never installed. */
export interface SpecialEntry extends Common {
  readonly kind: "character-device" | "block-device" | "fifo" | "socket";
}

export type LayoutEntry = RegularEntry | SymlinkEntry | DirectoryEntry | SpecialEntry;
