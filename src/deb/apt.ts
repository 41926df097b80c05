// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * apt, with the machine's own sources and keys but a state of its own: nothing of the system's apt is changed, and apt
 * itself checks every signature and digest (apt-secure(8)).
 */
import { existsSync, mkdirSync, readdirSync, renameSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Failure } from "#base/errors";
import { getOrInsert } from "#base/order";
import { type AptPackage, AvailableReader, parseAvailable } from "#deb/available";
import { compareDebianVersions } from "#formats/debian-version";
import { FileLock, waitForLock } from "#sys/lock";
import { run } from "#sys/process";
import { hashFile } from "#sys/sha256";

export type AptEvent =
  | { readonly type: "apt-update" }
  | { readonly type: "apt-lists"; readonly packages: number }
  | { readonly type: "apt-warning"; readonly text: string }
  | { readonly type: "download"; readonly packages: number; readonly bytes: number }
  | { readonly type: "downloading"; readonly percent: number };

export interface AptOptions {
  /** Folder for apt's private state and for downloads; made where it is missing. */
  readonly cache: string;
  /** Age in hours after which the lists are fetched again; 0: always, Infinity: never. */
  readonly maxAge?: number;
  readonly onEvent?: (event: AptEvent) => void;
}

const HOUR = 3_600_000;
/** Names on one command line. */
const BATCH = 400;

/** apt in its private state. */
export class Apt {
  readonly #folder: string;
  readonly #debs: string;
  readonly #config: string;
  readonly #maxAge: number;
  readonly #emit: (event: AptEvent) => void;

  constructor(options: AptOptions) {
    this.#folder = join(options.cache, "apt");
    this.#debs = join(options.cache, "debs");
    this.#config = join(this.#folder, "apt.conf");
    this.#maxAge = options.maxAge ?? 24;
    this.#emit = options.onEvent ?? (() => undefined);
    if (/["\\\n;]/.test(this.#folder)) {
      throw new Failure("usage", `Cannot use "${options.cache}" as the cache: it has a quote, expected a plain path`);
    }
    for (const folder of ["state/lists/partial", "cache/archives/partial", "log"]) {
      mkdirSync(join(this.#folder, folder), { recursive: true });
    }
    mkdirSync(this.#debs, { recursive: true });
    writeFileSync(join(this.#folder, "status"), "");
    writeFileSync(this.#config, this.#configuration());
  }

  /** Hooks of the machine's configuration would touch the machine's own state, so they are taken out. */
  #configuration(): string {
    const hooks = ["Update::Pre-Invoke", "Update::Post-Invoke", "Update::Post-Invoke-Success"];
    return [
      ...hooks.map((hook) => `#clear APT::${hook};`),
      `Dir::State "${this.#folder}/state";`,
      `Dir::State::status "${this.#folder}/status";`,
      `Dir::State::extended_states "${this.#folder}/extended_states";`,
      `Dir::Cache "${this.#folder}/cache";`,
      `Dir::Log "${this.#folder}/log";`,
      'APT::Sandbox::User "root";',
      'Acquire::Languages "none";',
      'Acquire::GzipIndexes "false";',
      "",
    ].join("\n");
  }

  /** Gives stdout, or passes it on to `onOutput` and gives nothing. */
  async #apt(program: string, args: readonly string[], onOutput?: (chunk: Uint8Array) => void, cwd?: string) {
    let result: Awaited<ReturnType<typeof run>>;
    try {
      result = await run([program, "-c", this.#config, ...args], {
        ...(cwd === undefined ? {} : { cwd }),
        env: { PATH: process.env["PATH"] ?? "/usr/bin:/bin", LC_ALL: "C.UTF-8", ...aptEnvironment() },
        ...(onOutput === undefined
          ? {}
          : { keepOutput: false, onOutput: (chunk, stream) => stream === "stdout" && onOutput(chunk) }),
      });
    } catch (cause) {
      throw new Failure("deb.apt", `Cannot run "${program}": it is not there, expected a Debian system`, { cause });
    }
    for (const line of result.stderr.split("\n")) {
      if (line.startsWith("W:")) this.#emit({ type: "apt-warning", text: line.slice(2).trim() });
    }
    if (result.code !== 0) {
      const errors = result.stderr.split("\n").filter((line) => line.startsWith("E:"));
      const found = errors.slice(0, 5).join(" ") || `it ended with ${result.code}`;
      throw new Failure("deb.apt", `Cannot run "${program} ${args[0] ?? ""}": ${found}`, {
        hint: "Check the machine's own apt sources and the network.",
      });
    }
    return result.stdout;
  }

  /** Runs what changes the private state while no other process does: apt itself would fail at its own locks. */
  async #alone<T>(work: () => Promise<T>): Promise<T> {
    const path = join(this.#folder, "lock");
    using _lock = await waitForLock(() => FileLock.tryAcquire(path, "exclusive", `process ${process.pid}`));
    return await work();
  }

  /** Fetches the lists where they are missing or old. A source that cannot be reached leaves its old list. */
  async update(): Promise<void> {
    if (this.#areYoung()) return;
    await this.#alone(async () => {
      // Another process may have fetched them meanwhile.
      if (this.#areYoung()) return;
      this.#emit({ type: "apt-update" });
      await this.#apt("apt-get", ["update", "-qq"]);
      writeFileSync(this.#stamp, "");
    });
  }

  get #stamp(): string {
    return join(this.#folder, "updated");
  }

  #areYoung(): boolean {
    const age = existsSync(this.#stamp)
      ? (Date.now() - statSync(this.#stamp).mtimeMs) / HOUR
      : Number.POSITIVE_INFINITY;
    // A clock that went backwards makes no list young.
    if (age >= 0 && age < this.#maxAge) return true;
    if (this.#maxAge !== Number.POSITIVE_INFINITY) return false;
    return readdirSync(join(this.#folder, "state/lists")).some((name) => name.endsWith("_Packages"));
  }

  async #architecture(): Promise<string> {
    const text = await this.#apt("apt-config", ["shell", "A", "APT::Architecture"]);
    return /'([^']*)'/.exec(text)?.[1] ?? "amd64";
  }

  /** Every package that apt would install, by its own preferences. */
  async available(): Promise<AptPackage[]> {
    await this.update();
    const reader = new AvailableReader(await this.#architecture());
    await this.#apt("apt-cache", ["dumpavail"], (chunk) => reader.write(chunk));
    const packages = reader.end();
    if (packages.length === 0) {
      throw new Failure("deb.apt", "Cannot list packages: apt knows none, expected lists of its sources");
    }
    this.#emit({ type: "apt-lists", packages: packages.length });
    return packages;
  }

  /** The named versions (`NAME=VERSION`) of packages, whatever apt would install; those that it does not know are left out. */
  async exactly(words: readonly string[]): Promise<AptPackage[]> {
    const found: AptPackage[] = [];
    for (const word of words) {
      const [name, version] = word.split("=");
      const text = await this.#apt("apt-cache", ["show", "--", word]).catch(() => "");
      const item = parseAvailable(text, await this.#architecture()).find(
        (candidate) => candidate.name === name && candidate.version === version,
      );
      if (item !== undefined) found.push(item);
    }
    return found;
  }

  /** The versions of packages that apt's sources have, newest first, by name. */
  async versions(names: readonly string[]): Promise<Map<string, string[]>> {
    const versions = new Map<string, string[]>();
    if (names.length === 0) return versions;
    for (const line of (await this.#apt("apt-cache", ["madison", "--", ...names])).split("\n")) {
      const [name = "", version = "", source = ""] = line.split("|").map((part) => part.trim());
      if (version === "" || !source.endsWith(" Packages")) continue;
      const list = getOrInsert(versions, name, () => []);
      if (!list.includes(version)) list.push(version);
    }
    for (const list of versions.values()) list.sort((a, b) => compareDebianVersions(b, a));
    return versions;
  }

  /** Fetches packages that are not in the cache yet. Gives the path of each .deb, checked by its SHA-256, by name. */
  async fetch(packages: readonly AptPackage[]): Promise<Map<string, string>> {
    const pathOf = (item: AptPackage) => join(this.#debs, `${item.sha256}.deb`);
    if (packages.some((item) => !existsSync(pathOf(item)))) {
      await this.#alone(async () => {
        await this.#download(
          packages.filter((item) => !existsSync(pathOf(item))),
          pathOf,
        );
      });
    }
    return new Map(packages.map((item) => [item.name, pathOf(item)]));
  }

  async #download(missing: readonly AptPackage[], pathOf: (item: AptPackage) => string): Promise<void> {
    if (missing.length > 0) {
      const bytes = missing.reduce((sum, item) => sum + item.size, 0);
      this.#emit({ type: "download", packages: missing.length, bytes });
    }
    const partial = join(this.#folder, "cache/archives");
    for (let at = 0; at < missing.length; at += BATCH) {
      const batch = missing.slice(at, at + BATCH);
      const words = batch.map((item) => `${item.name}:${item.architecture}=${item.version}`);
      const report = (chunk: Uint8Array) => {
        const last = Buffer.from(chunk)
          .toString("utf8")
          .match(/dlstatus:\d+:([\d.]+):/g)
          ?.at(-1)
          ?.split(":")[2];
        if (last === undefined) return;
        this.#emit({
          type: "downloading",
          percent: ((at + (batch.length * Number(last)) / 100) / missing.length) * 100,
        });
      };
      await this.#apt("apt-get", ["download", "-qq", "-o", "APT::Status-Fd=1", ...words], report, partial);
      for (const item of batch) this.#keep(item, partial, pathOf(item));
    }
  }

  #keep(item: AptPackage, folder: string, path: string): void {
    const name = `${item.name}_${item.version.replaceAll(":", "%3a")}_${item.architecture}.deb`;
    const from = join(folder, name);
    const sha256 = existsSync(from) ? hashFile(from) : "nothing";
    if (sha256 !== item.sha256) {
      throw new Failure("deb.apt", `Cannot fetch "${name}": SHA-256 ${sha256}, expected ${item.sha256}`);
    }
    renameSync(from, path);
  }
}

/** What apt honours of the caller's environment. */
function aptEnvironment(): Record<string, string> {
  const out: Record<string, string> = {};
  for (const name of ["http_proxy", "https_proxy", "no_proxy", "HOME", "APT_CONFIG"]) {
    const value = process.env[name];
    if (value !== undefined) out[name] = value;
  }
  return out;
}
