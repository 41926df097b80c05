// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * Control groups of a container, version 2 or 1: bounds for all its processes together, and accounting. Where the caller
 * may not make groups (an ordinary user without delegation) there are none, and the bounds fall to rlimits.
 */
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { errnoCode } from "#base/errors";
import type { Limits } from "#container/options";

type Controller = "memory" | "pids";

/** A folder in which groups can be made, for one controller. */
interface Place {
  readonly controller: Controller;
  readonly version: 1 | 2;
  readonly folder: string;
}

/** What a group has counted. */
export interface GroupUsage {
  readonly memoryPeak?: number;
  readonly outOfMemory?: number;
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8").trim();
  } catch {
    return undefined;
  }
}

/** Undoes the octal escapes of /proc/self/mountinfo. */
function unescapeMount(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}

/** Mount points of cgroup hierarchies: `2` and the names of version 1's controllers, with the group mounted there. */
export function hierarchies(mountinfo: string): Map<string, { mount: string; from: string }> {
  const found = new Map<string, { mount: string; from: string }>();
  for (const line of mountinfo.split("\n")) {
    const [left = "", right = ""] = line.split(" - ");
    const [, , , from, mount] = left.split(" ");
    const [type, , options = ""] = right.split(" ");
    if (from === undefined || mount === undefined) continue;
    const place = { mount: unescapeMount(mount), from: unescapeMount(from) };
    if (type === "cgroup2") found.set("2", place);
    if (type === "cgroup") for (const name of options.split(",")) found.set(name, place);
  }
  return found;
}

/** The caller's own group in each hierarchy: `2` or the controller's name, to its path. */
export function ownGroups(text: string): Map<string, string> {
  const groups = new Map<string, string>();
  for (const line of text.split("\n")) {
    const match = /^(\d+):([^:]*):(.*)$/.exec(line);
    if (match === null) continue;
    const [, , controllers = "", path = ""] = match;
    if (controllers === "") groups.set("2", path);
    for (const name of controllers.split(",")) if (name !== "") groups.set(name, path);
  }
  return groups;
}

/** The caller's own group in a hierarchy, as a folder; undefined where it is not mounted. */
type Finder = (hierarchy: string) => string | undefined;

function ownFolders(): Finder {
  const mounts = hierarchies(read("/proc/self/mountinfo") ?? "");
  const own = ownGroups(read("/proc/self/cgroup") ?? "");
  return (hierarchy) => {
    const mount = mounts.get(hierarchy);
    const group = own.get(hierarchy);
    if (mount === undefined || group === undefined) return undefined;
    const below = group.startsWith(mount.from) ? group.slice(mount.from === "/" ? 0 : mount.from.length) : "/";
    return join(mount.mount, below);
  };
}

function places(find: Finder): Place[] {
  const list: Place[] = [];
  for (const controller of ["memory", "pids"] as const) {
    for (const version of [2, 1] as const) {
      const folder = find(version === 2 ? "2" : controller);
      if (folder === undefined) continue;
      if (version === 2 && !usableV2(folder, controller)) continue;
      try {
        accessSync(folder, constants.W_OK);
      } catch {
        continue;
      }
      list.push({ controller, version, folder });
      break;
    }
  }
  return list;
}

/** In version 2 a group's children have a controller only where the group hands it on. */
function usableV2(folder: string, controller: Controller): boolean {
  return (read(join(folder, "cgroup.subtree_control")) ?? "").split(" ").includes(controller);
}

let counter = 0;

/** The groups of one container; removed at the end of `using`. */
export class Groups implements Disposable {
  /** The bounds that hold for the container as a whole. */
  readonly enforced: Controller[] = [];
  /** `cgroup.procs` files that the first process writes itself into. */
  readonly procs: string[] = [];
  readonly #folders: { place: Place; folder: string }[] = [];
  #own: string | undefined;

  /** Whether the container has a group of version 2 for itself, in which it may make others. */
  get delegated(): boolean {
    return this.#own !== undefined;
  }

  /** Makes groups for those bounds that are asked for, and one that an init can manage. What cannot be made is left out. */
  static create(limits: Limits, init: boolean): Groups {
    const groups = new Groups();
    if (limits.memory === undefined && limits.pids === undefined && !init) return groups;
    const name = `moss-container-${process.pid}-${counter++}`;
    const find = ownFolders();
    if (init) groups.#delegate(find("2"), name);
    for (const place of places(find)) {
      const value = limits[place.controller];
      if (value === undefined) continue;
      sweep(place.folder);
      const folder = join(place.folder, name);
      try {
        mkdirSync(folder, { recursive: true });
        groups.#folders.push({ place, folder });
        groups.#bound(place, folder, value);
      } catch {
        continue;
      }
      groups.enforced.push(place.controller);
      const procs = join(folder, "cgroup.procs");
      if (!groups.procs.includes(procs)) groups.procs.push(procs);
    }
    return groups;
  }

  #delegate(parent: string | undefined, name: string): void {
    if (parent === undefined) return;
    try {
      mkdirSync(join(parent, name), { recursive: true });
    } catch {
      return;
    }
    this.#own = join(parent, name);
    this.procs.push(join(this.#own, "cgroup.procs"));
  }

  #bound(place: Place, folder: string, value: number): void {
    if (place.controller === "pids") {
      writeFileSync(join(folder, "pids.max"), String(value));
    } else if (place.version === 2) {
      writeFileSync(join(folder, "memory.max"), String(value));
      optional(() => writeFileSync(join(folder, "memory.swap.max"), "0"));
    } else {
      writeFileSync(join(folder, "memory.limit_in_bytes"), String(value));
      optional(() => writeFileSync(join(folder, "memory.memsw.limit_in_bytes"), String(value)));
    }
  }

  usage(): GroupUsage {
    const memory = this.#folders.find(({ place }) => place.controller === "memory");
    if (memory === undefined) return {};
    const { folder, place } = memory;
    const peak = read(join(folder, place.version === 2 ? "memory.peak" : "memory.max_usage_in_bytes"));
    const events = read(join(folder, place.version === 2 ? "memory.events" : "memory.oom_control")) ?? "";
    const kills = /^oom_kill (\d+)$/m.exec(events)?.[1];
    return {
      ...(peak === undefined ? {} : { memoryPeak: Number(peak) }),
      ...(kills === undefined ? {} : { outOfMemory: Number(kills) }),
    };
  }

  [Symbol.dispose](): void {
    for (const folder of new Set(this.#folders.map((entry) => entry.folder))) removeGroup(folder);
    if (this.#own !== undefined) removeTree(this.#own);
  }
}

function optional(action: () => void): void {
  try {
    action();
  } catch (error) {
    // No swap accounting in this kernel: the bound on memory itself stands.
    if (errnoCode(error) === undefined) throw error;
  }
}

/** Removes empty groups of callers that were killed before they could. */
function sweep(parent: string): void {
  for (const name of readdirSync(parent)) {
    const pid = /^moss-container-(\d+)-\d+$/.exec(name)?.[1];
    if (pid === undefined || existsSync(join("/proc", pid))) continue;
    try {
      rmdirSync(join(parent, name));
    } catch (error) {
      // Something still runs in it, or another process was faster.
      if (errnoCode(error) === undefined) throw error;
    }
  }
}

/** A group with those that an init made in it. */
function removeTree(folder: string): void {
  let names: string[] = [];
  try {
    names = readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name);
  } catch {
    // It has gone already.
  }
  for (const name of names) removeTree(join(folder, name));
  removeGroup(folder);
}

/** The kernel lets go of a group a moment after its last process has ended. */
function removeGroup(folder: string): void {
  for (let attempt = 0; attempt < 2000; attempt++) {
    try {
      rmdirSync(folder);
      return;
    } catch (error) {
      if (errnoCode(error) !== "EBUSY") return;
      Bun.sleepSync(1);
    }
  }
}
