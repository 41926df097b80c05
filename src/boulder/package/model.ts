// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Values that pass between the steps of packaging. */
import type { Rule } from "#boulder/package/collect";
import type { InstalledFile } from "#boulder/package/walk";

/** A file and the rule that gave it to its package. */
export interface CollectedFile extends InstalledFile {
  readonly rule: Rule;
}

/** What packaging reports while it works. */
export type PackagingEvent =
  | { readonly type: "step"; readonly name: "collect" | "strip" | "analyse" | "emit"; readonly files: number }
  /** Something to look at that does not stop the build. */
  | { readonly type: "warning"; readonly path: string; readonly text: string }
  | { readonly type: "package"; readonly name: string; readonly file: string; readonly size: number };

export type OnEvent = (event: PackagingEvent) => void;
