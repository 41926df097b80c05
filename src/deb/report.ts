// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** What an import lost or changed, for programs. The same import gives the same text: no times, no paths of this machine. */
import type { ImportResult } from "#deb/import";
import type { Loss } from "#deb/scan-model";

export interface ReportedPackage {
  readonly name: string;
  readonly version: string;
  readonly release: number;
  readonly deb: { readonly file: string; readonly sha256: string };
  readonly stone: { readonly file: string; readonly size: number; readonly sha256: string };
  /** `asked`, `essential`, or `needed by NAME`. */
  readonly reason: string;
  readonly losses: readonly Loss[];
}

export interface ImportReport {
  readonly format: 1;
  readonly packages: readonly ReportedPackage[];
  /** How many losses there are of each kind. */
  readonly totals: Readonly<Record<string, number>>;
}

/** The report of an import; docs/deb.md explains each kind of loss. */
export function reportOf(result: ImportResult): ImportReport {
  const totals: Record<string, number> = {};
  const packages = result.packages.map(({ plan, scan, stone, reason }): ReportedPackage => {
    for (const loss of plan.losses) totals[loss.kind] = (totals[loss.kind] ?? 0) + 1;
    return {
      name: plan.name,
      version: plan.version,
      release: plan.release,
      deb: scan,
      stone: { file: stone.file, size: stone.size, sha256: stone.sha256 },
      reason: reason.kind === "needed" ? `needed by ${reason.by}` : reason.kind,
      losses: plan.losses,
    };
  });
  return { format: 1, packages, totals };
}
