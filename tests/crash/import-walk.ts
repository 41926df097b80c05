// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * `moss-deb import` of a few packages made here, killed somewhere: whatever stone lies there under its own name must be
 * whole, and the next import must give exactly what one that was not disturbed gives.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "#sys/process";
import { type Death, randomOf, recordedCalls, strace } from "#tests/crash/deaths";
import type { Outcome } from "#tests/crash/walk";
import { makeDeb } from "#tests/support/debs";

const IMPORT = join(import.meta.dir, "../../bin/moss-deb.ts");

export class ImportWalk implements Disposable {
  readonly base = mkdtempSync(join(tmpdir(), "crash-import-"));
  readonly #random: (below: number) => number;
  readonly #debs: readonly string[];
  #expected = "";
  #deaths: readonly Death[] = [];

  private constructor(seed: number) {
    this.#random = randomOf(seed);
    const folder = join(this.base, "debs");
    mkdirSync(folder);
    this.#debs = Array.from({ length: 4 }, (_, i) => {
      const name = `crash-${i}`;
      const files = Object.fromEntries(
        Array.from({ length: 30 }, (_unused, n) => [`/usr/share/${name}/${n}`, `text ${n} of ${i}\n`.repeat(n * 40)]),
      );
      return makeDeb(folder, { name, files, fields: i === 0 ? {} : { Depends: "crash-0" } });
    });
  }

  static async start(seed: number): Promise<ImportWalk> {
    const walk = new ImportWalk(seed);
    const trace = join(walk.base, "trace");
    await walk.#succeed(["strace", "-f", "-o", trace], "expected");
    walk.#expected = await walk.#sums("expected");
    walk.#deaths = recordedCalls(readFileSync(trace, "latin1"), "/expected");
    return walk;
  }

  [Symbol.dispose](): void {
    rmSync(this.base, { recursive: true, force: true });
  }

  #command(folder: string): string[] {
    const options = ["--allow-missing", "--no-essential", "--offline", "--cache", join(this.base, "cache")];
    return [process.execPath, IMPORT, "import", ...options, "-o", join(this.base, folder), ...this.#debs];
  }

  async #succeed(wrap: readonly string[], folder: string): Promise<void> {
    const { code, stdout, stderr } = await run([...wrap, ...this.#command(folder)]);
    if (code !== 0) throw new Error(`import failed with ${code}: ${stdout}${stderr}`);
  }

  async #sums(folder: string): Promise<string> {
    const path = join(this.base, folder);
    if (!existsSync(path)) return "";
    const { stdout } = await run([
      "bash",
      "-c",
      // What the index remembers of files, with their times, is a cache and never twice the same.
      'cd "$1" && find . -type f -not -path "*/.*" -not -name "*.tmp" -not -name "*.hashes" -print0 | sort -z | xargs -0 -r sha256sum',
      "-",
      path,
    ]);
    return stdout;
  }

  /** One import that dies and one that does not, into the same folder. `was` says whether the first had ended its work. */
  async step(): Promise<Outcome> {
    const death = this.#deaths[this.#random(this.#deaths.length)];
    if (death === undefined || !("call" in death)) throw new Error("no call was recorded");
    rmSync(join(this.base, "out"), { recursive: true, force: true });
    const { code, stdout, stderr } = await run([...strace(death), ...this.#command("out")]);
    // Where it is a worker that dies, the importer says so and fails.
    const worker = code === 1 && stderr.includes("a worker ended with SIGKILL");
    if (code !== 0 && code !== 137 && !worker) throw new Error(`import ended with ${code}: ${stdout}${stderr}`);
    const expected = new Set(this.#expected.trim().split("\n"));
    const left = (await this.#sums("out")).trim();
    const bad = left.split("\n").filter((line) => /\.(stone|index)$/.test(line) && !expected.has(line));
    if (bad.length > 0) throw new Error(`a killed import left ${bad[0]}`);
    await this.#succeed([], "out");
    const after = await this.#sums("out");
    if (after !== this.#expected)
      throw new Error(`an import after a killed one gave\n${after}expected\n${this.#expected}`);
    return { killed: code !== 0, was: left === this.#expected.trim() ? "new" : "old" };
  }
}
