// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** What earlier imports have left in the cache: used while it is right, never trusted, forgotten in the end. */
import { afterEach, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { KeptWork } from "#deb/kept";
import type { PackagePlan } from "#deb/plan-model";
import { scanDeb } from "#deb/scan";
import { sha256Hex } from "#sys/sha256";
import { hasDpkgDeb, makeDeb } from "#tests/support/debs";
import { removeTemporary, temporary } from "#tests/support/imported";

afterEach(removeTemporary);

const PLAN: PackagePlan = {
  name: "p",
  version: "1",
  release: 1,
  architecture: "x86_64",
  summary: "",
  description: "",
  homepage: "",
  source: "p",
  licences: [],
  essential: false,
  depends: [],
  provides: [],
  conflicts: [],
  replaces: [],
  drop: [],
  rename: {},
  retarget: {},
  folders: [],
  links: [],
  texts: [],
  losses: [],
};
const DEB = "a".repeat(64);

/** Every file that is kept. */
function keptFiles(cache: string): string[] {
  const all = readdirSync(join(cache, "kept"), { recursive: true, encoding: "utf8" });
  return all.filter((name) => name.endsWith(".json")).map((name) => join(cache, "kept", name));
}

test.skipIf(!hasDpkgDeb)("a scan is given back for the same package and the same questions only", () => {
  const folder = temporary();
  const path = makeDeb(folder, { name: "pp", files: { "/usr/bin/p": "x" } });
  const options = { folder, machine: "x86_64", present: [] };
  const scan = scanDeb(path, DEB, options);
  const kept = new KeptWork(folder);
  expect(kept.scan(DEB, options)).toBeUndefined();
  kept.keepScan(scan, options);
  // Where large bodies lie for a moment is no question.
  expect(new KeptWork(folder).scan(DEB, { ...options, folder: "/elsewhere" })).toEqual(scan);
  expect(kept.scan(DEB, { ...options, machine: "aarch64" })).toBeUndefined();
  expect(kept.scan(DEB, { ...options, present: ["/usr/bin/python3.11"] })).toBeUndefined();
  expect(kept.scan("b".repeat(64), options)).toBeUndefined();
  for (const file of keptFiles(folder)) writeFileSync(file, '{"sha256": "aaaa');
  expect(kept.scan(DEB, options)).toBeUndefined();
});

test("a stone is used again only where the file is the one that was written from this plan", () => {
  const folder = temporary();
  const kept = new KeptWork(folder);
  const path = join(folder, "p.stone");
  const written = { size: 5, sha256: sha256Hex("stone") };
  writeFileSync(path, "stone");
  expect(kept.stone(DEB, PLAN, "fast", path)).toBeUndefined();
  kept.keepStone(DEB, PLAN, "fast", written);
  expect(kept.stone(DEB, PLAN, "fast", path)).toEqual(written);
  // What was lost is no part of the stone.
  const losses = [{ kind: "script", subject: "postinst", detail: "never run" }] as const;
  expect(kept.stone(DEB, { ...PLAN, losses }, "fast", path)).toEqual(written);
  expect(kept.stone(DEB, PLAN, "max", path)).toBeUndefined();
  expect(kept.stone(DEB, { ...PLAN, release: 2 }, "fast", path)).toBeUndefined();
  expect(kept.stone(DEB, PLAN, "fast", join(folder, "other"))).toBeUndefined();
  writeFileSync(path, "stonE");
  expect(kept.stone(DEB, PLAN, "fast", path)).toBeUndefined();
  for (const file of keptFiles(folder)) writeFileSync(file, '{"size": "5", "sha256": 7}');
  expect(kept.stone(DEB, PLAN, "fast", path)).toBeUndefined();
});

test("the work of another program goes when it has not run for a week", () => {
  const folder = temporary();
  const old = join(folder, "kept/old");
  const young = join(folder, "kept/young");
  for (const path of [old, young]) mkdirSync(path, { recursive: true });
  const then = new Date(Date.now() - 8 * 24 * 3_600_000);
  utimesSync(old, then, then);
  new KeptWork(folder).keepStone(DEB, PLAN, "fast", { size: 1, sha256: DEB });
  expect([existsSync(old), existsSync(young), keptFiles(folder).length]).toEqual([false, true, 1]);
});
