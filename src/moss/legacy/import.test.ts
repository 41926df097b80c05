// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Roots of the older moss, made by its published layout, become ours; whatever is wrong in them is named and harms nothing. */
import { afterAll, expect, test } from "bun:test";
import { existsSync, lstatSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { deleteLegacy } from "#moss/legacy/delete";
import { importLegacy, lockOlder, planImport } from "#moss/legacy/import";
import { LegacyRoot } from "#moss/legacy/root";
import { Moss } from "#moss/moss";
import { FileLock } from "#sys/lock";
import { run } from "#sys/process";
import { problemsOf, refusal, snapshot, TestRoots } from "#tests/crash/roots";
import {
  type LegacyPackage,
  type LegacyStateMade,
  legacyBody,
  legacyDatabase,
  legacyId,
  makeLegacyRoot,
} from "#tests/support/legacy-root";
import { activate } from "#transition/activate";
import { recover } from "#transition/recover";
import { MossRoot } from "#transition/root";

const base = new TestRoots("legacy");
afterAll(() => base.remove());

const BIG = "0123456789abcdef".repeat(200_000);
const glibc: LegacyPackage = {
  name: "glibc",
  version: "2.40",
  files: { "lib/libc.so.6": { body: "libc", mode: 0o755 }, lib64: { link: "lib" }, "share/empty": { body: "" } },
};
const nano = (version: string): LegacyPackage => ({
  name: "nano",
  version,
  depends: ["soname(libc.so.6(x86_64))", "name(glibc)"],
  files: {
    "bin/nano": { body: `nano ${version}`, mode: 0o4755 },
    // The same bytes with another mode: one inode there, two here.
    "share/nano/copy": { body: `nano ${version}` },
    "share/nano/big": { body: BIG },
    "bin/rnano": { link: "nano" },
    "share/nano/spool": { directory: 0o1777 },
  },
});
const which: LegacyPackage = { name: "which", version: "2.21", files: { "bin/which": { body: "which", mode: 0o755 } } };
const history = (): LegacyStateMade[] => [
  { id: 1, created: 1_700_000_000, summary: "Install", packages: [[glibc, false]] },
  {
    id: 3,
    created: 1_710_000_000,
    summary: "Install",
    packages: [
      [glibc, false],
      [nano("7"), true],
    ],
  }, // prettier
  {
    id: 4,
    created: 1_720_000_000,
    summary: "Sync",
    packages: [
      [glibc, false],
      [nano("8"), true],
    ],
  },
  {
    id: 7,
    created: 1_730_000_000,
    summary: "Remove",
    packages: [
      [glibc, true],
      [which, true],
    ],
  },
];

function legacyRoot(live = 4): string {
  const directory = base.directory();
  makeLegacyRoot(directory, history(), live);
  return directory;
}

async function take(directory: string) {
  using moss = Moss.open(directory);
  const command = "moss state import";
  using _lock = moss.root.lock({ command });
  await recover(moss.root, {}, () => {});
  using legacy = new LegacyRoot(moss.root.private);
  return await importLegacy(moss, legacy, planImport(moss.root, legacy), { command });
}

async function plan(directory: string) {
  using root = MossRoot.open(directory, { readOnly: true });
  using legacy = new LegacyRoot(root.private);
  return await Promise.resolve(planImport(root, legacy));
}

test("a root is taken over with its live state, its history, and what somebody asked for", async () => {
  const directory = legacyRoot();
  const result = await take(directory);
  expect(result.incomplete).toEqual([]);
  expect(result.states).toEqual([7, 4, 3, 1]);
  expect(result.live?.state.id).toBe(8);
  using root = MossRoot.open(directory);
  expect(root.states().map(({ id, summary, created }) => [id, summary, id === 8 ? 0 : created / 1000])).toEqual([
    [8, "Import of state 4 of the older moss", 0],
    [7, "Remove", 1_730_000_000],
    [4, "Sync", 1_720_000_000],
    [3, "Install", 1_710_000_000],
    [1, "Install", 1_700_000_000],
  ]);
  expect(root.active()?.id).toBe(8);
  const list = (id: number) => root.packages(root.state(id)).map((item) => [item.name, item.version, item.explicit]);
  expect(list(8)).toEqual([
    ["glibc", "2.40", false],
    ["nano", "8", true],
  ]); // prettier
  expect(list(4)).toEqual(list(8));
  expect(list(7)).toEqual([
    ["glibc", "2.40", true],
    ["which", "2.21", true],
  ]); // prettier
  const meta = root.package(legacyId(nano("8")))?.meta;
  expect(meta?.depends).toEqual([
    { kind: "name", name: "glibc" },
    { kind: "soname", name: "libc.so.6(x86_64)" },
  ]);
  expect(meta?.provides).toEqual([{ kind: "binary", name: "nano" }]);
  expect([meta?.release, meta?.buildRelease, meta?.licenses]).toEqual([3, 1, ["MPL-2.0"]]);
  expect(readFileSync(`${directory}/usr/bin/rnano`, "utf8")).toBe("nano 8");
  expect(readFileSync(`${directory}/usr/share/nano/big`, "utf8")).toBe(BIG);
  const mode = (path: string) => lstatSync(`${directory}/usr/${path}`).mode & 0o7777;
  expect([mode("bin/nano"), mode("share/nano/copy"), mode("share/nano/spool")]).toEqual([0o4555, 0o444, 0o1777]);
  expect(statSync(`${directory}/usr/share/empty`).size).toBe(0);
  expect(readFileSync(`${directory}/usr/lib/system-model.kdl`, "utf8")).toContain("nano");
  expect(problemsOf(root)).toEqual([]);
  // What the older moss has stays, whatever changes here.
  const old = ["root/1/usr/lib/libc.so.6", "root/7/usr/bin/which", "db/state", "assets/v2"];
  const before = snapshot(`${directory}/usr`);
  for (const id of [7, 3, 1, 4]) await activate(root, id, { command: "activate" });
  expect(snapshot(`${directory}/usr`)).toEqual(before);
  expect(old.filter((path) => !existsSync(`${directory}/.moss/${path}`))).toEqual([]);
  {
    using _lock = root.lock({ command: "delete" });
    deleteLegacy(root);
  }
  expect(old.filter((path) => existsSync(`${directory}/.moss/${path}`))).toEqual([]);
  await activate(root, 7, { command: "activate" });
  expect(readFileSync(`${directory}/usr/bin/which`, "utf8")).toBe("which");
  expect(problemsOf(root)).toEqual([]);
}, 60_000);

test("a state whose bodies are gone or wrong is named and left out; the others come", async () => {
  const directory = legacyRoot();
  rmSync(legacyBody(directory, "nano 7"));
  writeFileSync(legacyBody(directory, "which"), "witch");
  const { states, incomplete } = await take(directory);
  expect(states).toEqual([4, 1]);
  const told = new Map(incomplete.map(({ id, reason }) => [id, [reason.code, reason.message]]));
  expect(told.get(3)?.[0]).toBe("store.missing");
  expect(told.get(3)?.[1]).toContain('"nano"');
  expect(told.get(7)?.[0]).toBe("store.corrupt");
  expect(told.get(7)?.[1]).toContain('"which"');
  using root = MossRoot.open(directory);
  expect(problemsOf(root)).toEqual([]);
  // Mended, it comes with the next run.
  writeFileSync(legacyBody(directory, "which"), "which");
  expect((await take(directory)).states).toEqual([7]);
}, 60_000);

test("a look changes nothing, and says what would come", async () => {
  const directory = legacyRoot();
  const before = snapshot(directory);
  const { live, complete, incomplete, packages, bytes, last } = await plan(directory);
  expect([live?.id, complete.map(({ id }) => id), incomplete, packages, last]).toEqual([4, [1, 3, 4, 7], [], 4, 7]);
  expect(bytes).toBe(BIG.length + 4 * "nano 7".length + "libc".length + "which".length);
  expect(snapshot(directory)).toEqual(before);
});

test("while the older moss is at work, nobody imports", () => {
  const directory = legacyRoot();
  using root = MossRoot.open(directory);
  const older = FileLock.tryAcquire(`${root.private}/.moss-lockfile`, "exclusive", "");
  expect(() => lockOlder(root, "moss state import")).toThrow("the older moss is at work in it");
  older?.[Symbol.dispose]();
  using _lock = lockOlder(root, "moss state import");
  expect(FileLock.tryAcquire(`${root.private}/.moss-lockfile`, "exclusive", "")).toBeUndefined();
});

test("a live state that cannot come is refused, and nothing is changed", async () => {
  for (const [spoil, code] of [
    [(directory: string) => rmSync(legacyBody(directory, "libc")), "store.missing"],
    [(directory: string) => writeFileSync(legacyBody(directory, BIG), BIG.replace("f0", "0f")), "store.corrupt"],
    [(directory: string) => writeFileSync(`${directory}/usr/.stateID`, "99"), "state.unknown"],
    [(directory: string) => writeFileSync(`${directory}/.moss/db/layout`, "no database".repeat(999)), "db.corrupt"],
    [(directory: string) => rmSync(`${directory}/.moss/db/install`), "root.invalid"],
  ] as const) {
    const directory = legacyRoot();
    spoil(directory);
    const before = snapshot(`${directory}/usr`);
    expect((await refusal(take(directory))).code).toBe(code);
    expect(snapshot(`${directory}/usr`)).toEqual(before);
    expect(readFileSync(`${directory}/.moss/root/7/usr/bin/which`, "utf8")).toBe("which");
  }
}, 60_000);

test("rows that are no rows of the older moss are told by table and row", async () => {
  for (const [name, sql, told] of [
    ["layout", "UPDATE layout SET entry_value2 = '../../etc/shadow' WHERE id = 1", "stone.path"],
    ["layout", "UPDATE layout SET entry_value1 = '-1' WHERE id = 1", 'row 1 of the table "layout"'],
    ["layout", "UPDATE layout SET uid = 'root' WHERE id = 1", 'row 1 of the table "layout"'],
    ["layout", "UPDATE layout SET mode = -5 WHERE id = 2", 'row 2 of the table "layout"'],
    ["layout", "UPDATE layout SET entry_value2 = zeroblob(5000000) WHERE id = 1", 'row 1 of the table "layout"'],
    ["layout", "UPDATE layout SET entry_value2 = hex(zeroblob(5000000)) WHERE id = 1", 'row 1 of the table "layout"'],
    ["install", "UPDATE meta SET name = '../x' WHERE name = 'glibc'", 'of the table "meta"'],
    ["install", "UPDATE meta_providers SET provider = 'magic(x)' WHERE provider = 'binary(glibc)'", "meta_providers"],
    ["install", "PRAGMA user_version = 9", "db.schema"],
    ["state", "UPDATE state SET created = NULL WHERE id = 3", 'row 3 of the table "state"'],
    [
      "state",
      "UPDATE state_selections SET package_id = 'x' WHERE state_id = 4 AND explicit",
      'row 4, x of the table "state_sel',
    ],
    ["state", "DROP TABLE state_selections", "db.corrupt"],
  ] as const) {
    const directory = legacyRoot();
    {
      using database = legacyDatabase(directory, name);
      database.run(sql);
    }
    const { code, message } = await refusal(plan(directory));
    expect(`${code} ${message}`).toContain(told);
    expect(readFileSync(`${directory}/usr/.stateID`, "utf8")).toBe("4");
  }
}, 60_000);

test("killed at any step, the older root works until the new one does, and the next run goes on", async () => {
  const steps = ["begun", "arrived", "admitted", "staged", "committed", "before-exchange", "exchanged", "settled"];
  const further = ["committed:2", "arrived:2", "committed:4"];
  const program = join(import.meta.dir, "../../../bin/moss.ts");
  const moss = async (directory: string, words: readonly string[], fault?: string) =>
    await run([process.execPath, program, "-D", directory, "-y", ...words], {
      env: { PATH: process.env["PATH"] ?? "", ...(fault === undefined ? {} : { MOSS_FAULT: fault }) },
    });
  const whole = legacyRoot();
  expect((await moss(whole, ["state", "import"])).code).toBe(0);
  const wanted = snapshot(`${whole}/usr`);
  for (const step of [...steps, ...further]) {
    const directory = legacyRoot();
    const before = snapshot(`${directory}/usr`);
    expect([step, (await moss(directory, ["state", "import"], step)).code]).toEqual([step, 128 + 9]);
    const now = readFileSync(`${directory}/usr/.stateID`, "utf8");
    expect(snapshot(`${directory}/usr`)).toEqual(now === "4" ? before : wanted);
    expect(existsSync(`${directory}/.moss/root/7/usr/bin/which`)).toBe(true);
    const again = await moss(directory, ["state", "import", "--delete-old"]);
    expect([step, again.code]).toEqual([step, 0]);
    expect(snapshot(`${directory}/usr`)).toEqual(wanted);
    using root = MossRoot.open(directory);
    expect(
      root
        .states()
        .map(({ id }) => id)
        .filter((id) => id < 8),
    ).toEqual([7, 4, 3, 1]); // prettier
    expect(problemsOf(root)).toEqual([]);
    expect(existsSync(`${directory}/.moss/assets/v2`)).toBe(false);
    // Once more there is nothing to do, and nothing fails.
    for (const more of ["--dry-run", "--delete-old"]) {
      const { code, stdout } = await moss(directory, ["state", "import", more]);
      expect([code, stdout.split("\n")[0]]).toEqual([0, "There is nothing left to import."]);
    }
  }
}, 120_000);
