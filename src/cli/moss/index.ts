// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** `moss index`: makes a collection of a folder of stones. */
import { join } from "node:path";
import { Failure } from "#base/errors";
import type { Progress } from "#cli/progress";
import type { Invocation } from "#cli/spec";
import { counted, formatBytes, formatDuration, printable } from "#cli/style";
import type { Ui } from "#cli/ui";
import { type IndexEvent, indexFolder } from "#stone/repository";

/** More collisions than these are counted only, unless `--verbose`. */
const SHOWN = 10;

export async function run({ operands, options, ui }: Invocation): Promise<void> {
  const [folder] = operands;
  if (folder === undefined) throw new Failure("usage", "Cannot make an index: no folder, expected one");
  const started = performance.now();
  const out = join(options.text("output-dir") ?? folder, "stone.index");
  const account = new Account(ui);
  const offers = await indexFolder(folder, {
    out,
    collisions: !options.flag("no-collisions"),
    onEvent: (event) => account.take(event),
  }).catch((error: unknown) => {
    account.tellBad();
    throw error;
  });
  account.end();
  const { stones, bytes, cached, older, collisions } = account;
  ui.event({ type: "indexed", index: out, packages: offers.length, stones, bytes, cached, older, collisions });
  const left = older === 0 ? "" : `, ${counted(older, "older release")} left out`;
  const took = formatDuration(performance.now() - started);
  ui.say(`${printable(out)}  ${counted(offers.length, "package")}, ${formatBytes(bytes)} of stones${left}, ${took}`);
}

/** What has been found in a folder so far, told as it comes. */
class Account {
  readonly #ui: Ui;
  readonly #progress: Progress;
  readonly #bad: string[] = [];
  #done = 0;
  stones = 0;
  bytes = 0;
  cached = 0;
  older = 0;
  collisions = 0;

  constructor(ui: Ui) {
    this.#ui = ui;
    this.#progress = ui.progress("Indexing", "bytes");
  }

  take(event: IndexEvent): void {
    switch (event.type) {
      case "found":
        this.stones = event.stones;
        this.bytes = event.bytes;
        return;
      case "read":
        this.#done += event.bytes;
        if (event.cached) this.cached += 1;
        return this.#progress.update(this.#done, this.bytes, printable(event.path));
      case "bad":
        this.#ui.event({ type: "bad", path: event.path, problem: event.problem });
        this.#bad.push(event.problem);
        return;
      case "older":
        this.older += 1;
        if (!this.#ui.verbose) return;
        return this.#ui.note(`${printable(event.path)} is left out: ${printable(event.newer)} is newer`);
      case "collision":
        this.collisions += 1;
        if (this.collisions > SHOWN && !this.#ui.verbose) return;
        return this.#ui.warn(`/usr/${printable(event.path)} is in ${event.packages.join(" and ")}, not the same`);
      default:
        return event satisfies never;
    }
  }

  /** Tells which stones are no good. One is told by the failure itself. */
  tellBad(): void {
    this.#progress.end();
    if (this.#bad.length > 1) for (const problem of this.#bad.sort()) this.#ui.problem(printable(problem));
  }

  end(): void {
    this.#progress.end();
    if (this.collisions <= SHOWN || this.#ui.verbose) return;
    this.#ui.warn(`${this.collisions - SHOWN} more paths that several packages have; --verbose shows all`);
  }
}
