// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Parts of benches: a root with a synthetic system in it, changed by the compiled executable as a user would. */
import { lstatSync, mkdirSync, readdirSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Timings } from "#transition/events";
import { measured, must, type Ran } from "./_floor.ts";
import { syntheticSystem } from "./_synthetic.ts";

/** One change by the executable. */
export interface Change extends Ran {
  readonly timings: Timings;
  readonly state: number;
}

export interface BenchSystem {
  readonly root: string;
  /** Packages besides the probe. */
  readonly packages: number;
  /** How the fresh install went. */
  readonly installed: Change;
  /** Runs a verb that changes the root: words after `moss`. */
  change(...words: readonly string[]): Promise<Change>;
}

interface Done {
  readonly type: string;
  readonly state: number;
  readonly timings: Timings;
}

/** The event that ends a change in the JSON lines of `moss`. */
function doneOf(stdout: string): Done {
  for (const line of stdout.trimEnd().split("\n").reverse()) {
    if (!line.includes('"type":"done"')) continue;
    return JSON.parse(line) as Done; // our own program's
  }
  throw new Error(`moss told of no end: ${stdout.slice(-500)}`);
}

/** A fresh root in `folder` with about `entries` files and folders. */
export async function makeSystem(moss: string, folder: string, entries: number): Promise<BenchSystem> {
  const { stones, system, packages } = await syntheticSystem(entries);
  const root = join(folder, `root-${entries}`);
  mkdirSync(root);
  const change = async (...words: readonly string[]): Promise<Change> => {
    const ran = await measured([moss, ...words, "-D", root, "-y", "--json"]);
    const { state, timings } = doneOf(ran.stdout);
    return { ...ran, state, timings };
  };
  await must([moss, "collection", "add", "-D", root, "-y", "bench", stones]);
  return { root, packages, change, installed: await change("install", system) };
}

export interface TreeList {
  /** A list for the floor in blit.c. */
  readonly path: string;
  readonly entries: number;
  readonly folders: number;
}

/** Writes what a root's /usr consists of, with the assets that its files are links of. */
export function listTree(root: string, path: string): TreeList {
  const assets = new Map<number, string>();
  const store = join(root, ".moss/assets");
  for (const folder of readdirSync(store)) {
    if (!/^[0-9a-f]{2}$/.test(folder)) continue;
    for (const name of readdirSync(join(store, folder))) {
      assets.set(lstatSync(join(store, folder, name)).ino, `${folder}/${name}`);
    }
  }
  const lines: string[] = [];
  let folders = 0;
  const walk = (directory: string) => {
    for (const entry of readdirSync(directory, { withFileTypes: true })) {
      const full = join(directory, entry.name);
      if (entry.isDirectory()) {
        folders += 1;
        lines.push(`D ${entry.name}`);
        walk(full);
        lines.push("U");
      } else if (entry.isSymbolicLink()) lines.push(`S ${entry.name}\t${readlinkSync(full)}`);
      else {
        const asset = assets.get(lstatSync(full).ino);
        if (asset !== undefined) lines.push(`L ${entry.name}\t${asset}`);
      }
    }
  };
  walk(join(root, "usr"));
  writeFileSync(path, `${lines.join("\n")}\n`);
  return { path, entries: lines.length - folders, folders };
}

/** Milliseconds of a full blit by the floor, of its sync, and of processors. */
export async function floorBlit(program: string, list: TreeList, root: string, out: string) {
  const { stdout, cpu } = await measured([program, list.path, join(root, ".moss/assets"), out]);
  const [link = Number.NaN, sync = Number.NaN] = stdout.split(" ").map((word) => Number(word) * 1000);
  return { link, sync, total: link + sync, cpu };
}

/** Removes a tree and lets the disk settle, so that the next run does not pay for it. */
export async function clear(path: string): Promise<void> {
  rmSync(path, { recursive: true, force: true });
  await must(["sync"]);
}
