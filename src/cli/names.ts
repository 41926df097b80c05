// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Names that several parts of a command line need: of the programs, and of the shells that complete them. */

/** The programs of this package, as their links are named. */
export const PROGRAMS = ["boulder", "moss", "moss-container", "moss-deb"] as const;
export type ProgramName = (typeof PROGRAMS)[number];

export const SHELLS = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof SHELLS)[number];
