// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** What the journeys of moss share: the program itself, run as users run it, and collections of stones made for a test. */
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { parseCapability } from "#model/dependency";
import type { PackageMeta } from "#model/package";
import { type RunResult, run } from "#sys/process";
import { type Content, makeStone } from "#tests/crash/stones";

const repository = join(import.meta.dir, "../..");
export const BUN = process.execPath;
export const PROGRAM = join(repository, "bin/moss.ts");

export interface MossResult extends RunResult {
  /** Lines of stdout. */
  readonly lines: readonly string[];
  /** JSON values, one a line of stdout. */
  readonly events: readonly Record<string, unknown>[];
}

export interface MossOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Words before the program, such as those of setpriv. */
  readonly prefix?: readonly string[];
}

/** Runs moss, whatever its exit code. */
export async function moss(words: readonly string[], options: MossOptions = {}): Promise<MossResult> {
  const { prefix = [], cwd = "/", env = {} } = options;
  const result = await run([...prefix, BUN, PROGRAM, ...words], {
    cwd,
    // No home that a user without rights, or the runtime, could write to.
    env: { PATH: process.env["PATH"] ?? "", HOME: "/proc/none", TZ: "UTC", ...env },
  });
  const lines = result.stdout.split("\n").filter((line) => line !== "");
  const events = words.includes("--json") ? lines.map((line) => JSON.parse(line) as Record<string, unknown>) : [];
  return { ...result, lines, events };
}

/** Runs moss and throws with what it said where it fails. */
export async function must(words: readonly string[], options: MossOptions = {}): Promise<MossResult> {
  const result = await moss(words, options);
  if (result.code === 0) return result;
  throw new Error(`moss ${words.join(" ")} ended with ${result.code}:\n${result.stdout}${result.stderr}`);
}

/** The JSON value of a query. */
export async function ask<T>(words: readonly string[], options: MossOptions = {}): Promise<T> {
  return JSON.parse((await must([...words, "--json"], options)).stdout) as T;
}

export interface Sample {
  readonly name: string;
  readonly version?: string;
  readonly release?: number;
  readonly depends?: readonly string[];
  readonly provides?: readonly string[];
  readonly conflicts?: readonly string[];
  readonly essential?: boolean;
  readonly summary?: string;
  readonly files: Readonly<Record<string, Content>>;
}

/** Writes a stone into a folder; gives its path. */
export function stone(folder: string, sample: Sample): string {
  const { name, version = "1", release = 1, depends = [], provides = [], conflicts = [], files, ...rest } = sample;
  const meta: Partial<PackageMeta> = {
    release,
    depends: depends.map(parseCapability),
    provides: provides.map(parseCapability),
    conflicts: conflicts.map(parseCapability),
    ...rest,
  };
  return makeStone(folder, name, files, version, meta).path;
}

/** A folder of a test, with collections and roots in it; removed by `using`. */
export class Workshop implements Disposable {
  // Memory, where there is some: what the whole machine has to write to its disk is nothing to wait for here.
  readonly folder = mkdtempSync(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "moss-journey-"));
  #roots = 0;

  /** An empty root. */
  root(): string {
    const path = join(this.folder, `root-${++this.#roots}`);
    mkdirSync(path);
    return path;
  }

  /** A collection of these packages; more can be written into its folder later. */
  collection(name: string, samples: readonly Sample[]): string {
    const folder = join(this.folder, name);
    mkdirSync(folder, { recursive: true });
    for (const sample of samples) stone(folder, sample);
    return folder;
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** What `list` says of a package. */
export interface Listed {
  readonly name: string;
  readonly version: string;
  readonly explicit: boolean;
  readonly reason?: string;
}

/** `name version` of everything that is installed. */
export async function installed(root: string): Promise<string[]> {
  const list = await ask<readonly Listed[]>(["list", "installed", "-D", root]);
  return list.map(({ name, version }) => `${name} ${version}`);
}

export interface Prepared {
  readonly root: string;
  /** The folder of the collection `protosnek`. */
  readonly pool: string;
}

/** A root with a collection of some packages, and with some of them installed. */
export async function prepare(
  shop: Workshop,
  words: readonly string[] = [],
  samples: readonly Sample[] = SYSTEM,
): Promise<Prepared> {
  const root = shop.root();
  const pool = shop.collection(`pool of ${basename(root)}`, samples);
  await must(["remote", "add", "-D", root, "protosnek", pool]);
  if (words.length > 0) await must(["install", "-D", root, "-y", ...words]);
  return { root, pool };
}

/** The editor of the small system in some release. */
export function nanoOf(version: string, release: number): Sample {
  const body = `nano ${version}`;
  const old = SYSTEM.find(({ name }) => name === "nano");
  return {
    name: "nano",
    ...old,
    version,
    release,
    files: { "bin/nano": { body, mode: 0o755 }, "share/nano/c.nanorc": "c" },
  };
}

const LIBC = "soname(libc.so.6(x86_64))";

/** A small system: a C library, a shell, an editor with a library of its own, a program whose package has another name. */
export const SYSTEM: readonly Sample[] = [
  { name: "libc6", essential: true, provides: [LIBC], files: { "lib/libc.so.6": { body: "libc", mode: 0o755 } } },
  {
    name: "dash",
    essential: true,
    depends: [LIBC],
    provides: ["binary(sh)", "binary(dash)"],
    files: { "bin/dash": { body: "dash", mode: 0o755 }, "bin/sh": { link: "dash" } },
  },
  {
    name: "nano",
    version: "7.2",
    depends: [LIBC, "soname(libncurses.so.6(x86_64))"],
    provides: ["binary(nano)"],
    summary: "A small text editor",
    files: { "bin/nano": { body: "nano 7.2", mode: 0o755 }, "share/nano/c.nanorc": "syntax c" },
  },
  {
    name: "libncurses6",
    version: "6.4",
    depends: [LIBC],
    provides: ["soname(libncurses.so.6(x86_64))"],
    files: { "lib/libncurses.so.6": { body: "ncurses", mode: 0o755 } },
  },
  {
    name: "debianutils",
    depends: [LIBC],
    provides: ["binary(which)"],
    files: { "bin/which": { body: "which", mode: 0o755 } },
  },
];
