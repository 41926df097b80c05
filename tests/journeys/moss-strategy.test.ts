// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Journeys with the moss program: stores that a tree cannot link from. What happens then is told first, with what it costs. */
import { afterAll, expect, setDefaultTimeout, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, statfsSync, statSync } from "node:fs";
import { join } from "node:path";
import { strategyBetween } from "#store/strategy";
import { run } from "#sys/process";
import { type DiskKind, mountDisk, SMALLEST, whyNoDisk } from "#tests/support/disks";
import { moss, must, prepare, type Sample, Workshop } from "./moss.ts";

setDefaultTimeout(60_000);
const shop = new Workshop();
afterAll(() => shop[Symbol.dispose]());

const missing = new Set<DiskKind>();
for (const kind of ["btrfs", "tmpfs"] as const) {
  if ((await whyNoDisk(kind, shop.folder)) !== undefined) missing.add(kind);
}

const MIB = 1 << 20;
const BODY = randomBytes(3 * MIB).toString("hex");
const LARGE: Sample = { name: "large", files: { "share/large": BODY, "bin/large": { body: "l", mode: 0o755 } } };
const SMALL: Sample = { name: "small", files: { "share/small": "s" } };

/** A root in a folder, with the large package installed. */
async function rootAt(root: string): Promise<void> {
  mkdirSync(root);
  await must(["repo", "add", "-D", root, "pool", shop.collection("pool", [LARGE, SMALL])]);
  await must(["install", "-D", root, "-y", "large"]);
}

const free = (path: string) => statfsSync(path).bavail * statfsSync(path).bsize;

test.skipIf(missing.has("btrfs"))("between subvolumes files are cloned, which takes no room", async () => {
  await using disk = await mountDisk("btrfs", SMALLEST.btrfs + 64, shop.folder);
  const root = join(disk.path, "root");
  const volume = join(disk.path, "volume");
  await rootAt(root);
  expect((await run(["btrfs", "subvolume", "create", volume])).code).toBe(0);
  await run(["sync", "-f", disk.path]);
  const before = free(disk.path);
  const made = await must(["install", "large", "-D", root, "-y", "--to", join(volume, "tree")]);
  await run(["sync", "-f", disk.path]);
  expect(made.stderr).toContain("files are cloned: they share their blocks with it");
  expect(before - free(disk.path)).toBeLessThan(3 * MIB);
  const [asset, copy] = [join(root, "usr/share/large"), join(volume, "tree/usr/share/large")];
  expect(readFileSync(copy).equals(readFileSync(asset))).toBe(true);
  expect(statSync(copy).nlink).toBe(1);
  expect(strategyBetween(join(root, ".moss/assets"), root)).toBe("link");
});

test.skipIf(missing.has("tmpfs"))(
  "on another file system files are copied, and too little room for that is told first",
  async () => {
    const { root } = await prepare(shop, ["large"], [LARGE, SMALL]);
    await using disk = await mountDisk("tmpfs", 16, shop.folder);
    const tree = join(disk.path, "tree");
    const words = ["install", "large", "-D", root, "-y", "--to", tree];
    expect((await must([...words, "--dry-run"])).stderr).toMatch(/so files are copied: about 6\.0 MiB/);
    const made = await must([...words, "--json"]);
    expect(made.events.find(({ type }) => type === "placing")).toMatchObject({ strategy: "copy", bytes: 6 * MIB + 1 });
    expect(statSync(join(tree, "usr/share/large")).nlink).toBe(1);
    // The store has all of it already, so that only the copies need room.
    await using tiny = await mountDisk("tmpfs", 4, shop.folder);
    const refused = await moss(["install", "large", "-D", root, "-y", "--to", join(tiny.path, "tree")]);
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining(`${tiny.path} has 4.0 MiB left`)]);
    expect(existsSync(join(tiny.path, "tree"))).toBe(false);
  },
);

test.skipIf(missing.has("tmpfs"))(
  "one file system mounted at two places takes no links between them: files are copied",
  async () => {
    await using disk = await mountDisk("tmpfs", 64, shop.folder);
    const root = join(disk.path, "root");
    const [behind, place] = [join(disk.path, "behind"), join(shop.folder, "bound")];
    await rootAt(root);
    mkdirSync(behind);
    mkdirSync(place);
    expect((await run(["mount", "--bind", behind, place])).code).toBe(0);
    try {
      expect(statSync(root).dev).toBe(statSync(place).dev);
      const made = await must(["install", "large", "-D", root, "-y", "--to", join(place, "tree")]);
      expect(made.stderr).toContain("so files are copied: about 6.0 MiB");
      expect(statSync(join(behind, "tree/usr/share/large")).nlink).toBe(1);
      const linked = await must(["install", "large", "-D", root, "-y", "--to", join(behind, "linked")]);
      expect(linked.stderr).not.toContain("copied");
      expect(statSync(join(behind, "linked/usr/share/large")).nlink).toBeGreaterThan(1);
    } finally {
      await run(["umount", place]);
    }
  },
);

test.skipIf(missing.has("tmpfs"))(
  "a store elsewhere is told of before a change, with what the copies of it take",
  async () => {
    await using disk = await mountDisk("tmpfs", 64, shop.folder);
    const root = shop.root();
    const pool = shop.collection("for a store elsewhere", [LARGE, SMALL]);
    await must(["repo", "add", "-D", root, "--cache", disk.path, "pool", pool]);
    const first = await must(["install", "-D", root, "-y", "large"]);
    expect(first.stderr).toContain(`cannot be linked from ${root}, so files are copied: about 6.0 MiB`);
    // The first change writes a tree in full; later ones only what they change.
    const second = await must(["install", "-D", root, "-y", "small"]);
    expect(second.stderr).toContain("so files are copied: about 6.0 MiB");
    await must(["remove", "-D", root, "-y", "small"]);
    expect((await must(["install", "-D", root, "-y", "small"])).stderr).toContain("about 1 B");
    expect((await must(["verify", "-D", root])).stdout).toContain("no difference found");
  },
);
