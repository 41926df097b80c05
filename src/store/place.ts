// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Where a unit of steps is carried out. */

export interface Place {
  /** The store's folder, open, and its path. */
  readonly store: number;
  readonly storePath: string;
  /** What is on its way into the store, where anything is: looked for there first. */
  readonly arrival?: { readonly folder: number; readonly path: string };
  /** The tree's `usr`, open, and its path. */
  readonly top: number;
  readonly topPath: string;
  /** False where store and tree are on different file systems: bodies are copied. */
  readonly hardlinks: boolean;
}
