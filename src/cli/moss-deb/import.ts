// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** `moss-deb import`: packages and what they need to a collection of stones. */
import { resolve } from "node:path";
import { cacheFolder, maxAge, outputFolder } from "#cli/moss-deb/options";
import { watch } from "#cli/moss-deb/watch";
import type { Invocation, Options } from "#cli/spec";
import { counted, formatBytes, formatDuration, printable } from "#cli/style";
import { importDebs } from "#deb/import";
import { reportOf } from "#deb/report";
import type { Profile } from "#stone/writer";
import { writeFileAtomic } from "#sys/sync";

function profileOf(options: Options): Profile {
  const given = options.text("profile");
  return given === "fast" || given === "max" ? given : "default";
}

export async function run({ operands, options, ui }: Invocation): Promise<void> {
  const started = performance.now();
  const outDir = outputFolder(options);
  const jobs = options.number("jobs", 1);
  using watcher = watch(ui);
  const result = await importDebs({
    words: operands,
    outDir,
    cache: cacheFolder(options),
    profile: profileOf(options),
    maxAge: maxAge(options),
    recommends: options.flag("recommends"),
    allowMissing: options.flag("allow-missing"),
    noIndex: options.flag("no-index"),
    ...(options.flag("no-essential") ? { essential: false } : {}),
    ...(jobs === undefined ? {} : { jobs: Math.min(jobs, 64) }),
    onEvent: watcher.on,
  });
  const report = reportOf(result);
  const file = options.text("report");
  if (file !== undefined) writeFileAtomic(resolve(file), `${JSON.stringify(report, null, 2)}\n`);
  ui.event({ type: "report", ...report });
  const stones = `${counted(result.packages.length, "package")}, ${formatBytes(result.size)} of stones`;
  ui.say(`Imported ${stones}, in ${formatDuration(performance.now() - started)} into ${printable(outDir)}`);
  const losses = Object.entries(report.totals).map(([kind, number]) => `${kind} ${number}`);
  if (losses.length === 0) return;
  const where = file === undefined ? " (--report FILE says what)" : `; see ${printable(file)}`;
  ui.say(`Lost or changed: ${losses.join(", ")}${where}`);
}
