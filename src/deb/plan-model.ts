// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** What is decided for one package of a set: plain data, sent between processes as JSON. */
import type { Loss } from "#deb/scan-model";
import type { CapabilityText } from "#model/dependency";

export interface PlannedLink {
  /** Relative to /usr. */
  readonly path: string;
  readonly target: string;
}

export interface PlannedText {
  /** Relative to /usr. */
  readonly path: string;
  readonly text: string;
}

export interface PackagePlan {
  readonly name: string;
  /** The Debian version, whole. */
  readonly version: string;
  readonly release: number;
  readonly architecture: string;
  readonly summary: string;
  readonly description: string;
  readonly homepage: string;
  readonly source: string;
  readonly licences: readonly string[];
  readonly essential: boolean;
  readonly depends: readonly CapabilityText[];
  readonly provides: readonly CapabilityText[];
  readonly conflicts: readonly CapabilityText[];
  readonly replaces: readonly string[];
  /** Paths of the package that its stone does not have. Relative to /usr, as all paths here. */
  readonly drop: readonly string[];
  /** Paths that are somewhere else in the stone. */
  readonly rename: Readonly<Record<string, string>>;
  /** New targets of symlinks. */
  readonly retarget: Readonly<Record<string, string>>;
  /** Folders that the stone records: those without content, and those of unusual mode or owner. */
  readonly folders: readonly string[];
  /** Links that the package gets on top. */
  readonly links: readonly PlannedLink[];
  /** Files that the package gets on top, 0644 root:root. */
  readonly texts: readonly PlannedText[];
  readonly losses: readonly Loss[];
}
