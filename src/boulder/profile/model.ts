// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Profiles: the layered collections that a build root is made of, and the family of their packages. */

import type { MemoryBound } from "./memory";

export interface ProfileCollection {
  readonly name: string;
  readonly description: string;
  /** An index's address, a folder, the name of a known collection, or a base with channel and version. */
  readonly uri: string;
  /** Higher wins. */
  readonly priority: number;
  readonly active: boolean;
}

export interface Profile {
  readonly id: string;
  /** Names of macro families, `serpent` or `debian`. */
  readonly family: string;
  readonly collections: readonly ProfileCollection[];
  /** What a phase may use; a share of the machine where absent. */
  readonly memory?: MemoryBound;
  /** The file that it is from; undefined for the built-in one. */
  readonly file: string | undefined;
}

/** Profile names have letters, digits and dashes; anything else becomes an underscore. */
export function profileId(name: string): string {
  return name.replaceAll(/[^A-Za-z0-9-]/g, "_");
}
