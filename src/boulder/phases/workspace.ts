// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** The folders of one build on the host, and the lock that keeps a second build of the same recipe out. */
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { Failure } from "#base/errors";
import type { Bind } from "#container/run";
import { FileLock, lockOwner } from "#sys/lock";
import { writeFileAtomic } from "#sys/sync";
import { useCache } from "../cache/hold";
import { GUEST } from "../plan/guest";
import type { Plan } from "../plan/plan";
import type { Recipe } from "../recipe/model";
import { placeBelow } from "../upstreams/place";

/** What a later `--from` or `chroot` has to know of a build. */
export interface WorkspaceRecord {
  /** Folder of the root that the build ran in. */
  readonly root: string;
  readonly recipe: string;
  /** The stage that the build had come to; absent before the first one. */
  readonly reached?: { readonly target: string; readonly stage: string };
}

export class Workspace implements Disposable {
  readonly folder: string;
  readonly #lock: FileLock;
  readonly #use: Disposable;

  private constructor(folder: string, lock: FileLock, use: Disposable) {
    this.folder = folder;
    this.#lock = lock;
    this.#use = use;
  }

  /** Takes the workspace of a recipe. Throws `build.busy` where another build has it. */
  static open(cache: string, recipe: Recipe): Workspace {
    const id = `${recipe.name}-${recipe.version}-${recipe.release}`;
    const folder = join(cache, "builds", id);
    mkdirSync(dirname(folder), { recursive: true });
    const path = `${folder}.lock`;
    const lock = FileLock.tryAcquire(path, "exclusive", `${process.pid}`);
    if (lock === undefined) {
      throw new Failure("build.busy", `Cannot build "${id}": process ${lockOwner(path)} is building it`, {
        hint: "Wait for it, or use another --cache-dir.",
      });
    }
    return new Workspace(folder, lock, useCache(cache));
  }

  get build(): string {
    return join(this.folder, "build");
  }

  get install(): string {
    return join(this.folder, "install");
  }

  get sources(): string {
    return join(this.folder, "sources");
  }

  get scripts(): string {
    return join(this.folder, "scripts");
  }

  get logs(): string {
    return join(this.folder, "logs");
  }

  get status(): string {
    return join(this.folder, "status");
  }

  get compilers(): string {
    return join(this.folder, "compilers");
  }

  /** For what packaging makes. */
  get scratch(): string {
    return join(this.folder, "scratch");
  }

  /** The path on the host of a folder that scripts see below /mason/build; made where it is missing. */
  place(guest: string): string {
    return placeBelow(this.build, guest.slice(GUEST.build.length));
  }

  /** Empties all of it for a build from the beginning. */
  reset(): void {
    rmSync(this.folder, { recursive: true, force: true });
    this.prepare();
  }

  prepare(): void {
    // Nobody else's: what a recipe makes here as root, set-user-id programs too, lies on the host's disk.
    mkdirSync(this.folder, { recursive: true, mode: 0o700 });
    for (const folder of [this.build, this.install, this.sources, this.scripts, this.logs, this.status]) {
      mkdirSync(folder, { recursive: true, mode: 0o755 });
    }
  }

  /** Is there an earlier build to go on with? */
  get begun(): boolean {
    return existsSync(join(this.folder, "record.json"));
  }

  writeRecord(record: WorkspaceRecord): void {
    writeFileAtomic(join(this.folder, "record.json"), JSON.stringify(record));
  }

  /** Throws `build.failed` where nothing was begun. */
  readRecord(recipe: Recipe): WorkspaceRecord {
    try {
      return JSON.parse(readFileSync(join(this.folder, "record.json"), "utf8")) as WorkspaceRecord;
    } catch (cause) {
      throw new Failure("build.failed", `Cannot go on with "${recipe.name}": no build of it was begun`, {
        hint: "Build it once; a failed build keeps its folders.",
        cause,
      });
    }
  }

  /** Removes everything but the logs. */
  clean(): void {
    const used = [this.build, this.install, this.sources, this.scripts, this.status, this.scratch, this.compilers];
    for (const folder of used) {
      rmSync(folder, { recursive: true, force: true });
    }
    rmSync(join(this.folder, "record.json"), { force: true });
  }

  [Symbol.dispose](): void {
    this.#use[Symbol.dispose]();
    this.#lock[Symbol.dispose]();
  }
}

/** What a build sees besides its root. Caches are shared by all recipes, and only there where they are asked for. */
export function bindsOf(workspace: Workspace, plan: Plan, recipeFolder: string, caches: string | undefined): Bind[] {
  const binds: Bind[] = [
    { source: workspace.build, target: GUEST.build },
    { source: workspace.install, target: GUEST.install },
    { source: workspace.status, target: STATUS },
    { source: workspace.sources, target: GUEST.sources, readOnly: true },
    { source: workspace.scripts, target: GUEST.scripts, readOnly: true },
    { source: recipeFolder, target: GUEST.recipe, readOnly: true },
  ];
  if (caches === undefined) return binds;
  binds.push({ source: compilerLinks(workspace), target: GUEST.compilers, readOnly: true });
  const names = ["ccache", "sccache", "gocache", "gomodcache", "cargocache", "zigcache"] as const;
  for (const name of names) {
    // Compilers of different toolchains and targets keep apart by their own keys.
    const source = join(caches, plan.architecture, name);
    mkdirSync(source, { recursive: true });
    binds.push({ source, target: GUEST[name] });
  }
  return binds;
}

/** Compilers that ccache stands in for, whether or not the root's package of ccache brings links of its own. */
const CACHED = ["cc", "c++", "gcc", "g++", "clang", "clang++"];

function compilerLinks(workspace: Workspace): string {
  const folder = workspace.compilers;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  for (const name of CACHED) symlinkSync("/usr/bin/ccache", join(folder, name));
  return folder;
}

/** Where a script leaves word of its failure. */
export const STATUS = `${GUEST.base}/status`;
