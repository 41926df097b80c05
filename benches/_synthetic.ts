// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * Parts of benches: a collection of stones that is like a system of any size. A package has 100 files in 9 folders of its
 * own and in the folders that all share; a quarter of its files have bodies that others have too. Kept in the cache.
 */
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { indexFolder } from "#stone/repository";
import { type Content, makeStone } from "#tests/crash/stones";
import { CACHE } from "./_packages.ts";

/** Files and folders of one package. */
const ENTRIES = 109;
/** Raise it when the stones change. */
const VERSION = 1;

export interface Synthetic {
  /** Folder of the collection. */
  readonly stones: string;
  /** A package that needs all others, and the package of ten files. */
  readonly system: string;
  readonly probe: string;
  readonly packages: number;
}

function filesOf(i: number): Record<string, Content> {
  const name = packageName(i);
  const files: Record<string, Content> = {
    [`bin/${name}`]: { body: `#!/bin/sh\necho ${name}\n`, mode: 0o755 },
    [`lib/lib${name}.so.${i % 9}`]: { body: `library ${name}\n`.repeat(20), mode: 0o755 },
    [`share/man/man1/${name}.1`]: `manual of ${name}\n`.repeat(10),
  };
  for (let n = 3; n < 100; n++) {
    // A quarter of the bodies is the same in twenty packages.
    const body = n % 4 === 0 ? `shared ${Math.floor(i / 20)} ${n}\n` : `own ${i} ${n}\n`.repeat(1 + (n % 16));
    files[`share/${name}/part-${n % 8}/file-${n}`] = body;
  }
  return files;
}

function packageName(i: number): string {
  return `synthetic-${String(i).padStart(5, "0")}`;
}

/** A package of ten files, as `dpkg` gets it too. */
export function probeFiles(version: string): Record<string, string> {
  const files: Record<string, string> = {
    "bin/probe": `#!/bin/sh\necho probe ${version}\n`,
    "lib/libprobe.so.1": `library ${version}\n`.repeat(100),
    "share/man/man1/probe.1": `manual ${version}\n`.repeat(100),
  };
  for (let i = 0; i < 7; i++) files[`share/probe/data/file-${i}`] = `data ${i} ${version}\n`.repeat(50);
  return files;
}

/** The collection for a system of about `entries` files and folders. */
export async function syntheticSystem(entries: number): Promise<Synthetic> {
  const packages = Math.ceil(entries / ENTRIES);
  const folder = join(CACHE, `synthetic-${entries}-v${VERSION}`);
  const stones = join(folder, "stones");
  const stamp = join(folder, "done");
  const found = { stones, system: "synthetic-system", probe: "probe", packages };
  if (existsSync(stamp)) return found;
  process.stderr.write(`Writing ${packages} stones into ${folder}; this is done once\n`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(stones, { recursive: true });
  for (let i = 0; i < packages; i++) makeStone(stones, packageName(i), filesOf(i));
  makeStone(stones, "probe", probeFiles("1"));
  const depends = Array.from({ length: packages }, (_, i) => ({ kind: "name" as const, name: packageName(i) }));
  makeStone(stones, "synthetic-system", { "share/synthetic-system/list": "all\n" }, "1", { depends });
  await indexFolder(stones);
  writeFileSync(stamp, "");
  return found;
}
