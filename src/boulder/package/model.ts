// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Values that pass between the steps of packaging. */
import type { Unresolved } from "#boulder/package/closure";
import type { Rule } from "#boulder/package/collect";
import type { EmittedPackage } from "#boulder/package/emit";
import type { InstalledFile } from "#boulder/package/walk";
import type { Settled } from "#capabilities/settle";

/** A file and the rule that gave it to its package. */
export interface CollectedFile extends InstalledFile {
  readonly rule: Rule;
}

export interface PackagedFile {
  readonly path: string;
  readonly package: string;
  /** The rule that won, as written, and where. */
  readonly rule: CollectedFile["rule"];
}

export interface PackagingResult {
  /** By name. */
  readonly packages: readonly EmittedPackage[];
  readonly files: readonly PackagedFile[];
  readonly settled: ReadonlyMap<string, Settled>;
  /** Dependencies that nothing known gives; empty where `known` was left out. */
  readonly unresolved: readonly Unresolved[];
}

/** What packaging reports while it works. */
export type PackagingEvent =
  | { readonly type: "step"; readonly name: "collect" | "strip" | "analyse" | "emit"; readonly files: number }
  /** Something to look at that does not stop the build. */
  | { readonly type: "warning"; readonly path: string; readonly text: string }
  | { readonly type: "package"; readonly name: string; readonly file: string; readonly size: number };

export type OnEvent = (event: PackagingEvent) => void;
