// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** What is known of one package build. */
import type { Capability } from "#model/dependency";

/** Lower-case hexadecimal SHA-256 of the whole .stone file: the identity of one exact build. */
export type PackageId = string;

export interface PackageMeta {
  readonly name: string;
  readonly version: string;
  /** Number of the recipe's release; only this and `buildRelease` decide what is newer. */
  readonly release: number;
  readonly buildRelease: number;
  readonly architecture: string;
  readonly summary: string;
  readonly description: string;
  readonly homepage: string;
  /** Name of the recipe that several packages may come from. */
  readonly sourceId: string;
  readonly licenses: readonly string[];
  readonly depends: readonly Capability[];
  /** Without the implied `name(<name>)`. */
  readonly provides: readonly Capability[];
  readonly conflicts: readonly Capability[];
  /** Bytes of all unique file bodies, where known (our own tag; see docs/formats/stone.md). */
  readonly installedSize?: number;
  /** True where the system does not work without it: init, libc, shell, moss (our own tag). */
  readonly essential?: boolean;
  /** Names of packages that this one takes the place of (our own tag). */
  readonly replaces?: readonly string[];
}

/** A package as a collection offers it. */
export interface PackageOffer {
  readonly id: PackageId;
  readonly meta: PackageMeta;
  /** Where to get it, relative to the index that names it, or an absolute URL. */
  readonly uri: string;
  /** Bytes of the .stone file. */
  readonly size: number;
}

/** Newest first: release, then build release. */
export function compareRelease(
  a: Pick<PackageMeta, "release" | "buildRelease">,
  b: Pick<PackageMeta, "release" | "buildRelease">,
): number {
  return b.release - a.release || b.buildRelease - a.buildRelease;
}

/** `version-release`, as lists show it. */
export function formatVersion(meta: Pick<PackageMeta, "version" | "release">): string {
  return `${meta.version}-${meta.release}`;
}

/** The name a .stone file is given. */
export function stoneFileName(
  meta: Pick<PackageMeta, "name" | "version" | "release" | "buildRelease" | "architecture">,
): string {
  return `${meta.name}-${meta.version}-${meta.release}-${meta.buildRelease}-${meta.architecture}.stone`;
}
