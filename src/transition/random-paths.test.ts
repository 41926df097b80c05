// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * Packages at random whose files, links and directories stand in each other's way, in random orders of states: what comes of a change
 * is what comes of the same packages in an empty root, each file is where its package says, and every state can be gone back to.
 */
import { expect, setDefaultTimeout, test } from "bun:test";
import { lstatSync, readFileSync, readlinkSync, statSync } from "node:fs";
import { join } from "node:path";
import { Failure } from "#base/errors";
import { randomOf } from "#tests/crash/deaths";
import { install, snapshot, TestRoots } from "#tests/crash/roots";
import type { Content, MadeStone } from "#tests/crash/stones";
import { activate } from "#transition/activate";
import { removeStates } from "#transition/prune";
import { MossRoot } from "#transition/root";
import { verifyRoot } from "#transition/verify";

setDefaultTimeout(60_000);

const PATHS = ["a", "a/x", "a/y", "a/x/z", "b", "b/x", "b/x/z", "b/y", "c", "lib/q", "lib/q/r"];
const TARGETS = ["b", "../b", "a", "c", "x", "../c", "a/x", "/usr/b", "nowhere", "../a", "lib/q"];
const NAMES = ["p", "q", "s", "t"];
const STEPS = 14;
const SEEDS = Array.from({ length: 24 }, (_, i) => i + 1);

type Files = Readonly<Record<string, Content>>;

interface Build {
  readonly files: Files;
  readonly stone: MadeStone;
}

class Chance {
  readonly upTo: (limit: number) => number;

  constructor(seed: number) {
    this.upTo = randomOf(seed);
  }

  any<T>(list: readonly T[]): T {
    return list[this.upTo(list.length)] as T;
  }

  /** A build of a package: some paths, none of which stands in the way of another. */
  files(name: string, version: number): Files {
    const files: Record<string, Content> = { [`share/${name}`]: name };
    for (let left = this.upTo(4); left >= 0; left--) {
      const path = this.any(PATHS);
      const inTheWay = (other: string) =>
        other === path || other.startsWith(`${path}/`) || path.startsWith(`${other}/`);
      if (!Object.keys(files).some(inTheWay)) files[path] = this.content(`${name}${version}`);
    }
    return files;
  }

  content(own: string): Content {
    const kind = this.upTo(10);
    if (kind >= 8) return { directory: this.any([0o755, 0o700, 0o2755]) };
    if (kind >= 5) return { link: this.any(TARGETS) };
    return { body: this.any(["same", own, ""]), mode: this.any([0o644, 0o755, 0o4755]), uid: this.any([0, 0, 7]) };
  }
}

/** Where a path below a root leads, as for who has that root; the last name is not followed. */
function resolve(root: string, path: string): string | undefined {
  const at: string[] = [];
  const left = path.split("/");
  for (let links = 0; left.length > 0; ) {
    const name = left.shift() ?? "";
    if (name === "..") at.pop();
    if (["", ".", ".."].includes(name)) continue;
    const here = join(root, ...at, name);
    const stat = lstatSync(here, { throwIfNoEntry: false });
    if (stat === undefined) return undefined;
    if (left.length === 0) return here;
    if (!stat.isSymbolicLink()) {
      at.push(name);
      continue;
    }
    if (++links > 40) return undefined;
    const target = readlinkSync(here);
    if (target.startsWith("/")) at.length = 0;
    left.unshift(...target.split("/"));
  }
  return undefined;
}

function expectPlaced(directory: string, files: Files): void {
  for (const [path, content] of Object.entries(files)) {
    const here = resolve(directory, `usr/${path}`);
    if (typeof content === "string" || content instanceof Uint8Array || "body" in content) {
      const body = typeof content === "string" || content instanceof Uint8Array ? content : content.body;
      expect([path, here === undefined ? undefined : readFileSync(here, "utf8")]).toEqual([path, String(body)]);
    } else if ("directory" in content) {
      expect([path, here === undefined ? false : statSync(here).isDirectory()]).toEqual([path, true]);
    }
  }
}

/** True where the packages become a state; false where they are refused together. */
async function placed(root: MossRoot, builds: readonly Build[]): Promise<boolean> {
  try {
    await install(
      root,
      builds.map(({ stone }) => stone),
    );
    return true;
  } catch (error) {
    if (error instanceof Failure && (error.code === "tree.collision" || error.code === "tree.path")) return false;
    throw error;
  }
}

async function walk(base: TestRoots, seed: number): Promise<void> {
  const chance = new Chance(seed);
  const builds = NAMES.map((name) =>
    Array.from({ length: 4 }, (_, version): Build => {
      const files = chance.files(name, version);
      return { files, stone: base.stone(name, files, String(version)) };
    }),
  );
  using root = MossRoot.open(base.directory());
  const states = new Map<number, string[]>();
  const goTo = async (id: number) => {
    if (root.active()?.id !== id) await activate(root, id, { command: "moss state activate" });
    expect(snapshot(root.usr)).toEqual(states.get(id) ?? []);
  };
  for (let step = 0; step < STEPS; step++) {
    const kind = chance.upTo(10);
    const live = root.active()?.id;
    if (kind < 2 && states.size > 1) {
      await goTo(chance.any([...states.keys()]));
    } else if (kind === 2 && states.size > 2) {
      const gone = chance.any([...states.keys()].filter((id) => id !== live));
      await removeStates(root, [gone], { command: "moss state remove" });
      states.delete(gone);
    } else {
      const chosen = builds.flatMap((versions) => (chance.upTo(4) === 0 ? [] : [chance.any(versions)]));
      const before = live === undefined ? [] : snapshot(root.usr);
      const made = await placed(root, chosen);
      using fresh = MossRoot.open(base.directory());
      const shown = JSON.stringify(chosen.map(({ files }) => files));
      expect([shown, made]).toEqual([shown, await placed(fresh, chosen.toReversed())]);
      const after = made || live !== undefined ? snapshot(root.usr) : [];
      expect([shown, after]).toEqual([shown, made ? snapshot(fresh.usr) : before]);
      if (!made) continue;
      for (const { files } of chosen) expectPlaced(root.directory, files);
      states.set(root.active()?.id ?? 0, after);
    }
  }
  expect(verifyRoot(root).problems).toEqual([]);
  for (const id of states.keys()) await goTo(id);
}

test.each(SEEDS)("packages in each other's way, run %i", async (seed) => {
  const base = new TestRoots("paths");
  try {
    await walk(base, seed);
  } finally {
    base.remove();
  }
});
