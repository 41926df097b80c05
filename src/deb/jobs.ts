// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** The two jobs that are worth a process of their own, and the messages that carry them. */
import { type EmitOptions, type EmittedStone, emitStone } from "#deb/emit";
import type { PackagePlan } from "#deb/plan-model";
import { scanDeb } from "#deb/scan";
import type { PackageScan, ScanOptions } from "#deb/scan-model";

export type Job =
  | { readonly kind: "scan"; readonly path: string; readonly sha256: string; readonly options: ScanOptions }
  | { readonly kind: "emit"; readonly path: string; readonly plan: PackagePlan; readonly options: EmitOptions };

export type JobResult = PackageScan | EmittedStone;

/** What a failed job says across a process boundary. */
export interface JobFailure {
  readonly code?: string;
  readonly message: string;
  readonly hint?: string;
}

export type Reply =
  | { readonly id: number; readonly result: JobResult }
  | { readonly id: number; readonly failure: JobFailure };

export interface Request {
  readonly id: number;
  readonly job: Job;
}

/** Does one job in this process. */
export async function runJob(job: Job): Promise<JobResult> {
  return job.kind === "scan" ? scanDeb(job.path, job.sha256, job.options) : emitStone(job.path, job.plan, job.options);
}
