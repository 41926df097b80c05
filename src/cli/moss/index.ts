// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** `moss index`: makes a collection of a folder of stones. */
import { join } from "node:path";
import { Failure } from "#base/errors";
import type { Invocation } from "#cli/spec";
import { counted, formatBytes, formatDuration, printable } from "#cli/style";
import { indexFolder } from "#stone/repository";

/** More collisions than these are counted only, unless `--verbose`. */
const SHOWN = 10;

export async function run({ operands, options, ui }: Invocation): Promise<void> {
  const [folder] = operands;
  if (folder === undefined) throw new Failure("usage", "Cannot make an index: no folder, expected one");
  const started = performance.now();
  const out = join(options.text("output-dir") ?? folder, "stone.index");
  let stones = 0;
  let bytes = 0;
  let cached = 0;
  let older = 0;
  let collisions = 0;
  let done = 0;
  const progress = ui.progress("Indexing", "bytes");
  const bad: string[] = [];
  const offers = await indexFolder(folder, {
    out,
    collisions: !options.flag("no-collisions"),
    onEvent: (event) => {
      switch (event.type) {
        case "found":
          ({ stones, bytes } = event);
          break;
        case "read":
          done += event.bytes;
          if (event.cached) cached += 1;
          progress.update(done, bytes, printable(event.path));
          break;
        case "bad":
          ui.event({ type: "bad", path: event.path, problem: event.problem });
          bad.push(event.problem);
          break;
        case "older":
          older += 1;
          if (ui.verbose) ui.note(`${printable(event.path)} is left out: ${printable(event.newer)} is newer`);
          break;
        case "collision":
          collisions += 1;
          if (collisions <= SHOWN || ui.verbose) {
            ui.warn(`/usr/${printable(event.path)} is in ${event.packages.join(" and ")}, not the same`);
          }
      }
    },
  }).catch((error: unknown) => {
    progress.end();
    // One is told by the failure itself.
    if (bad.length > 1) for (const problem of bad.sort()) ui.problem(printable(problem));
    throw error;
  });
  progress.end();
  if (collisions > SHOWN && !ui.verbose) {
    ui.warn(`${collisions - SHOWN} more paths that several packages have; --verbose shows all`);
  }
  const milliseconds = performance.now() - started;
  ui.event({ type: "indexed", index: out, packages: offers.length, stones, bytes, cached, older, collisions });
  const left = older === 0 ? "" : `, ${counted(older, "older release")} left out`;
  ui.say(
    `${printable(out)}  ${counted(offers.length, "package")}, ${formatBytes(bytes)} of stones${left}, ${formatDuration(milliseconds)}`,
  );
}
