// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Names that several parts of a command line need: of the programs, their version, and the shells that complete them. */

/** The version of all programs, as in package.json: they are made and published together. */
export const VERSION = "0.1.0";

/** The programs of this package, as their links are named. */
export const PROGRAMS = ["boulder", "moss", "moss-container", "moss-deb"] as const;
export type ProgramName = (typeof PROGRAMS)[number];

export const SHELLS = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof SHELLS)[number];
