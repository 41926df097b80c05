// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** `moss-deb import`: packages and what they need to a collection of stones. */
import { resolve } from "node:path";
import { Failure } from "#base/errors";
import { cacheFolder, count, maxAge, type SharedOptions } from "#cli/moss-deb/options";
import { megabytes, Progress } from "#cli/moss-deb/progress";
import { importDebs } from "#deb/import";
import { reportOf } from "#deb/report";
import type { Profile } from "#stone/writer";
import { writeFileAtomic } from "#sys/sync";

export interface ImportFlags extends SharedOptions {
  readonly output: string;
  readonly jobs?: string;
  readonly profile: string;
  readonly report?: string;
  readonly allowMissing?: boolean;
  readonly index: boolean;
}

function profileOf(text: string): Profile {
  if (text === "fast" || text === "default" || text === "max") return text;
  throw new Failure("usage", `Cannot use "${text}" for --profile: expected fast, default or max`);
}

export async function importVerb(words: string[], flags: ImportFlags): Promise<void> {
  const progress = new Progress();
  const result = await importDebs({
    words,
    outDir: resolve(flags.output),
    cache: cacheFolder(flags.cache),
    profile: profileOf(flags.profile),
    maxAge: maxAge(flags),
    recommends: flags.recommends === true,
    allowMissing: flags.allowMissing === true,
    noIndex: !flags.index,
    ...(flags.essential === false ? { essential: false } : {}),
    ...(flags.jobs === undefined ? {} : { jobs: count(flags.jobs, "--jobs", 64) }),
    ...(flags.json === true ? {} : { onEvent: progress.show }),
  });
  const report = reportOf(result);
  const text = `${JSON.stringify(report, null, 2)}\n`;
  if (flags.report !== undefined) writeFileAtomic(resolve(flags.report), text);
  if (flags.json === true) {
    process.stdout.write(text);
    return;
  }
  const debs = `${result.packages.length} packages, ${megabytes(result.size)} of stones`;
  process.stdout.write(`Imported ${debs} in ${progress.seconds} s into ${flags.output}\n`);
  const losses = Object.entries(report.totals).map(([kind, number]) => `${kind} ${number}`);
  if (losses.length > 0)
    process.stdout.write(
      `Lost or changed: ${losses.join(", ")}${flags.report === undefined ? " (--report FILE says what)" : `; see ${flags.report}`}\n`,
    );
}
