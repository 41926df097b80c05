// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * boulder over a collection of two small packages: a root of static bash and busybox, and one with what recipes can be
 * missing. Builds in it take tenths of a second and need no network, but everything about them is real.
 */
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { capability } from "#model/dependency";
import { indexFolder } from "#stone/repository";
import { type RunOptions, type RunResult, run } from "#sys/process";
import { type Content, makeStone } from "../crash/stones.ts";

const BASH = Bun.which("bash-static");
const BUSYBOX = Bun.which("busybox");
/** Whether bash-static and busybox-static are installed. */
export const HAVE_TINY = BASH !== null && BUSYBOX !== null;

const PROGRAMS =
  "awk cat chmod chown cp date dd env false find grep head id ln ls mkdir mv nc ps rm sed seq sleep sort stat tail test touch true wc yes".split(
    " ",
  );

const repository = resolve(import.meta.dir, "../..");

export interface BoulderFailure {
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
}

export class TinyBoulder implements Disposable {
  readonly base: string;
  readonly cache: string;
  readonly out: string;
  readonly #collection: string;

  constructor() {
    this.base = mkdtempSync(join(tmpdir(), "boulder-tiny-"));
    this.cache = join(this.base, "cache");
    this.out = join(this.base, "out");
    this.#collection = join(this.base, "collection");
    for (const folder of ["config", "out", "recipe", "mirror"]) mkdirSync(join(this.base, folder));
    const shipped = join(repository, "data/macros");
    cpSync(shipped, join(this.base, "data/macros"), { recursive: true });
    const family =
      "description: Static bash and busybox\nbase: [tiny]\ntoolchains:\n  - gnu: []\n  - llvm: []\nemul32:\n  - all: []\nmold: []\ncache: []\nlibc: [tiny]\ndefinitions:\n  - locale: C\n";
    writeFileSync(join(this.base, "data/macros/families/tiny.yaml"), family);
    const profile = `"local-x86_64" {\n    family "tiny"\n    repositories {\n        "tiny" {\n            uri "${this.#collection}"\n        }\n    }\n}\n`;
    writeFileSync(join(this.base, "config/profile.kdl"), profile);
  }

  /** Makes the packages. To be awaited before the first build. */
  async begin(): Promise<this> {
    await this.publish(1);
    return this;
  }

  /** Makes the packages as a release, always with the same files. */
  async publish(release: number): Promise<void> {
    const program = (path: string | null): Content => ({ body: readFileSync(path ?? ""), mode: 0o755 });
    const links = PROGRAMS.map((name): [string, Content] => [`bin/${name}`, { link: "busybox" }]);
    const files = { "bin/bash": program(BASH), "bin/sh": { link: "bash" }, "bin/busybox": program(BUSYBOX) };
    const shells = ["bash", "sh"].map((name) => capability("binary", name));
    makeStone(this.#collection, "tiny", { ...files, ...Object.fromEntries(links) }, "1", { provides: shells, release });
    const marker = { body: "#!/bin/sh\necho extra\n", mode: 0o755 };
    const extra = { "bin/extra": marker, "include/extra.h": "#define EXTRA 1\n" };
    const provides = [capability("binary", "extra"), capability("pkgconfig", "extra")];
    makeStone(this.#collection, "extra", extra, "1", { provides, release });
    await indexFolder(this.#collection);
  }

  /** Writes a recipe: what every one has, and the keys given. */
  recipe(keys: string, head = 'name: sample\nversion: "1"\nrelease: 1\n'): string {
    const path = join(this.base, "recipe/stone.yaml");
    const common =
      "homepage: https://example.org\nsummary: Sample\ndescription: Made for a test.\nlicense: MIT\ntoolchain: gnu\n";
    writeFileSync(path, `${head}${common}${keys}`);
    return path;
  }

  get command(): string[] {
    const options = ["--config-dir", "config", "--cache-dir", "cache", "--data-dir", "data"];
    const paths = options.map((word) => (word.startsWith("--") ? word : join(this.base, word)));
    return [process.execPath, join(repository, "bin/boulder.ts"), ...paths];
  }

  buildCommand(args: readonly string[] = []): string[] {
    const places = ["-o", this.out, "--mirror", join(this.base, "mirror"), "--offline"];
    return [...this.command, "bi", join(this.base, "recipe"), ...places, ...args];
  }

  build(args: readonly string[] = [], options: RunOptions = {}): Promise<RunResult> {
    return run(this.buildCommand(args), options);
  }

  /** A build that has to fail: how it did. */
  async failure(args: readonly string[] = [], options: RunOptions = {}): Promise<BoulderFailure & { exit: number }> {
    const result = await this.build([...args, "--json"], options);
    const last = result.stdout.trimEnd().split("\n").at(-1) ?? "";
    const error = JSON.parse(last) as BoulderFailure & { type?: string };
    if (error.type !== "error") throw new Error(`the build did not fail: ${last} ${result.stderr}`);
    return { ...error, exit: result.code };
  }

  /** Puts a file where upstreams are looked for by hash; its hash comes back. */
  mirror(bytes: Uint8Array, hash = new Bun.CryptoHasher("sha256").update(bytes).digest("hex")): string {
    writeFileSync(join(this.base, "mirror", hash), bytes);
    return hash;
  }

  /** Every file below the cache that outlives builds, with size and time: roots, store and sources. */
  cacheState(): string[] {
    const folders = ["roots", "moss", "upstreams", "collections"].map((name) => join(this.cache, name));
    return folders.flatMap((folder) => {
      try {
        return readdirSync(folder, { recursive: true, encoding: "utf8" })
          .filter((name) => !/\.(?:lock|use)$|lock\.mdb$/.test(name))
          .map((name) => `${folder}/${name}`)
          .sort()
          .flatMap((path) => {
            const stat = statSync(path, { throwIfNoEntry: false });
            if (stat?.isDirectory() === true) return [];
            return `${path} ${stat?.isFile() === true ? `${stat.size} ${stat.mtimeMs}` : ""}`;
          });
      } catch {
        return [];
      }
    });
  }

  [Symbol.dispose](): void {
    rmSync(this.base, { recursive: true, force: true });
  }
}
