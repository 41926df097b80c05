// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Imports of packages that dpkg-deb made: from the .deb to the stone that is read back. */
import { afterEach, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Failure } from "#base/errors";
import { importDebs } from "#deb/import";
import { FileLock } from "#sys/lock";
import { sha256Hex } from "#sys/sha256";
import { type DebSpec, hasDpkgDeb, makeDeb } from "#tests/support/debs";
import { importAll, importOne, importSpecs, removeTemporary, temporary } from "#tests/support/imported";

afterEach(removeTemporary);

const it = test.skipIf(!hasDpkgDeb);

it("the root folders are merged into /usr, lib64 into lib, links follow", async () => {
  const { entries, text } = await importOne({
    name: "tool",
    files: {
      "/bin/tool": { text: "tool", mode: 0o755 },
      "/sbin/admin": { text: "admin", mode: 0o755 },
      "/lib/x86_64-linux-gnu/libt.so.1": "lib",
      "/lib64/ld.so.1": { link: "/lib/x86_64-linux-gnu/libt.so.1" },
      "/bin/up": { link: "../sbin/admin" },
      "/bin/far": { link: "../usr/share/t/x" },
      "/usr/share/t/x": "x",
      "/usr/bin/away": { link: "../../bin/tool" },
      "/usr/lib64/y": "y",
    },
  });
  expect([...entries.keys()].sort()).toEqual([
    "bin/away",
    "bin/far",
    "bin/tool",
    "bin/up",
    "lib/ld.so.1",
    "lib/x86_64-linux-gnu/libt.so.1",
    "lib/y",
    "sbin/admin",
    "share/t/x",
  ]);
  expect(text("lib/ld.so.1")).toBe("-> /usr/lib/x86_64-linux-gnu/libt.so.1");
  expect(text("bin/up")).toBe("-> ../sbin/admin");
  expect(text("bin/far")).toBe("-> ../share/t/x");
  expect(text("bin/away")).toBe("-> tool");
});

it("what the merge makes double is kept once and reported", async () => {
  const { text, losses } = await importOne({
    name: "twice",
    files: { "/bin/x": "body", "/usr/bin/x": { link: "/bin/x" } },
  });
  expect(text("bin/x")).toBe("body");
  expect(losses.filter((loss) => loss.kind === "duplicate").map((loss) => loss.subject)).toEqual(["/usr/bin/x"]);
});

it("set-id modes, hardlinks, empty files and folders are kept", async () => {
  const { entries, text } = await importOne({
    name: "modes",
    files: {
      "/usr/bin/su": { text: "su", mode: 0o4755 },
      "/usr/bin/zsu": { hard: "/usr/bin/su" },
      "/usr/share/modes/empty": "",
      "/usr/share/modes/folder": { folder: 0o755 },
      "/usr/share/private": { folder: 0o1777 },
      "/usr/share/private/x": "x",
    },
  });
  expect(entries.get("bin/su")).toEqual({ mode: "4755", shown: "su" });
  expect(entries.get("bin/zsu")).toEqual({ mode: "4755", shown: "su" });
  expect(text("share/modes/empty")).toBe("");
  expect(entries.get("share/modes/folder")).toEqual({ mode: "755", shown: "dir" });
  expect(entries.get("share/private")).toEqual({ mode: "1777", shown: "dir" });
  expect(entries.has("share/modes")).toBe(false);
});

for (const compression of ["xz", "zstd", "gzip", "none"] as const) {
  it(`a package compressed as ${compression} is read`, async () => {
    const body = "line\n".repeat(200_000);
    const { text } = await importOne({ name: "packed", compression, files: { "/usr/share/packed/body": body } });
    expect(text("share/packed/body") === body).toBe(true);
  });
}

it("metadata comes from control and copyright", async () => {
  const copyright =
    "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n\nFiles: *\nCopyright: x\nLicense: GPL-2+ and Expat\n Text.\n\nFiles: y\nCopyright: y\nLicense: Odd-1\n";
  const { meta, file, losses } = await importOne({
    name: "meta",
    version: "2:1.5-3",
    fields: { Homepage: "https://example.invalid/", Source: "meta-src (2:1.5-2)", Essential: "yes" },
    files: { "/usr/share/doc/meta/copyright": copyright },
  });
  expect(meta).toMatchObject({
    name: "meta",
    version: "2:1.5-3",
    release: 1,
    summary: "test package meta",
    description: "Made for a test.",
    homepage: "https://example.invalid/",
    sourceId: "meta-src",
    licenses: ["GPL-2.0-or-later AND MIT", "LicenseRef-Odd-1"],
    essential: true,
  });
  expect(file).toMatch(/^meta-2_1\.5-3-1-1-\w+\.stone$/);
  expect(losses).toContainEqual({ kind: "licence", subject: "Odd-1", detail: "no SPDX name: kept as LicenseRef" });
});

it("relations become names; ranges that hold and alternatives that are there are settled", async () => {
  const stones = await importAll([
    {
      name: "app",
      fields: {
        Depends: "lib (>= 1.0), absent | second | lib, mta",
        Conflicts: "mta, old, rival (<< 2), gone (<< 1)",
        Provides: "mta",
      },
    },
    { name: "lib", version: "1.0-1" },
    { name: "second" },
    { name: "rival", version: "1.5" },
    { name: "postfix", fields: { Provides: "mta (= 3)" } },
  ]);
  const app = stones.get("app");
  expect(app?.depends).toEqual(["name(lib)", "name(second)"]);
  expect(app?.provides).toEqual(["name(mta)"]);
  // `mta` itself would shut app out of its own system: the other provider is named.
  expect(app?.conflicts).toEqual(["name(old)", "name(postfix)", "name(rival)"]);
  expect(app?.losses.filter((loss) => loss.kind === "conflict-range").map((loss) => loss.subject)).toEqual([
    "gone (<< 1)",
  ]);
});

it("a range that the set does not satisfy fails, naming it; --allow-missing reports it", async () => {
  const specs: DebSpec[] = [{ name: "app", fields: { Depends: "lib (>= 2), nowhere" } }, { name: "lib" }];
  const folder = temporary();
  // No apt sources: what is missing cannot be looked for elsewhere.
  const words = specs.map((spec) => makeDeb(folder, spec));
  const options = {
    words,
    outDir: join(folder, "out"),
    cache: join(folder, "cache"),
    jobs: 1,
    maxAge: Number.POSITIVE_INFINITY,
  };
  const { packages } = await importDebs({ ...options, allowMissing: true });
  const losses = packages.find((item) => item.plan.name === "app")?.plan.losses ?? [];
  expect(losses.filter((loss) => loss.kind === "relation").map((loss) => loss.detail)).toEqual([
    "app 1.0-1 needs lib (>= 2): the set has lib 1.0-1",
    "app 1.0-1 needs nowhere: nothing in the set gives it",
  ]);
});

it("a file that one package takes from another goes to the one that Debian says", async () => {
  const stones = await importAll([
    {
      name: "old",
      version: "1",
      files: { "/usr/bin/moved": "old", "/usr/share/same": "same", "/usr/bin/kept": "kept" },
    },
    {
      name: "new",
      version: "2",
      fields: { Replaces: "old (<< 2)" },
      files: { "/usr/bin/moved": "new", "/usr/share/same": "same" },
    },
  ]);
  expect([...(stones.get("old")?.entries.keys() ?? [])]).toEqual(["bin/kept", "share/same"]);
  expect(stones.get("new")?.text("bin/moved")).toBe("new");
  expect(stones.get("old")?.provides).toEqual(["binary(kept)"]);
  expect(stones.get("old")?.losses).toContainEqual({
    kind: "file-taken",
    subject: "/usr/bin/moved",
    detail: "new replaces it",
  });
});

it("packages that conflict may both have a path; others that do are reported", async () => {
  const stones = await importAll([
    { name: "aa", fields: { Conflicts: "bb", Replaces: "bb" }, files: { "/usr/bin/x": "aa" } },
    { name: "bb", files: { "/usr/bin/x": "bb" } },
    { name: "cc", files: { "/usr/bin/x": "cc" } },
  ]);
  for (const name of ["aa", "bb", "cc"]) expect(stones.get(name)?.text("bin/x")).toBe(name);
  expect(stones.get("cc")?.losses.filter((loss) => loss.kind === "collision").length).toBe(2);
});

it("a diverted file is moved aside", async () => {
  const stones = await importAll([
    { name: "plain", files: { "/usr/bin/x": "plain" } },
    {
      name: "better",
      files: { "/usr/bin/x": "better" },
      scripts: {
        preinst:
          "#!/bin/sh\nset -e\ndpkg-divert --package better --add --rename --divert /usr/bin/x.plain /usr/bin/x\n",
      },
    },
  ]);
  expect([...(stones.get("plain")?.entries.keys() ?? [])]).toEqual(["bin/x.plain"]);
  expect(stones.get("better")?.text("bin/x")).toBe("better");
});

const alternative = (target: string, priority: number) =>
  `#!/bin/sh\nif [ "$1" = configure ]; then\n  update-alternatives --install /usr/bin/editor editor ${target} ${priority} \\\n    --slave /usr/share/man/e.1 e.1 /usr/share/man/${target.split("/").at(-1)}.1\nfi\n`;

it("the alternative of the highest priority carries the link, straight to its file", async () => {
  const stones = await importAll([
    { name: "ed", files: { "/bin/ed": "ed" }, scripts: { postinst: alternative("/bin/ed", 10) } },
    {
      name: "vim",
      files: { "/usr/bin/vim": "vim", "/usr/share/man/vim.1": "page" },
      scripts: { postinst: alternative("/usr/bin/vim", 50) },
    },
    { name: "ghost", scripts: { postinst: alternative("/usr/bin/ghost", 90) } },
  ]);
  expect(stones.get("vim")?.text("bin/editor")).toBe("-> vim");
  expect(stones.get("vim")?.text("share/man/e.1")).toBe("-> vim.1");
  expect(stones.get("vim")?.provides).toEqual(["binary(editor)", "binary(vim)"]);
  expect(stones.get("ed")?.entries.has("bin/editor")).toBe(false);
  expect(stones.get("ed")?.losses.filter((loss) => loss.kind === "alternative").length).toBe(1);
  expect(stones.get("ghost")?.losses.filter((loss) => loss.kind === "alternative").length).toBe(1);
});

it("programs, pkg-config modules and interpreters are read from the files", async () => {
  const stones = await importAll([
    { name: "sh", files: { "/bin/sh": { text: "x", mode: 0o755 } } },
    {
      name: "dev",
      files: {
        "/usr/bin/script": { text: "#!/bin/sh\n", mode: 0o755 },
        "/usr/bin/snake": { text: "#!/usr/bin/python9\n", mode: 0o755 },
        "/usr/sbin/daemon": { text: "x", mode: 0o755 },
        "/usr/lib/x86_64-linux-gnu/pkgconfig/foo.pc": "Name: foo\nDescription: d\nVersion: 1\n",
        "/usr/lib/x86_64-linux-gnu/cmake/Foo/FooConfig.cmake": "x",
      },
    },
  ]);
  const dev = stones.get("dev");
  expect(dev?.provides).toEqual([
    "binary(script)",
    "binary(snake)",
    "cmake(Foo)",
    "pkgconfig(foo)",
    "sysbinary(daemon)",
  ]);
  expect(dev?.depends).toEqual(["binary(sh)"]);
  expect(dev?.losses.filter((loss) => loss.kind === "capability").map((loss) => loss.subject)).toEqual([
    "binary(python9)",
  ]);
});

const PAIR: readonly DebSpec[] = [
  { name: "one", files: { "/usr/bin/one": "1".repeat(5000), "/etc/one": "c" }, fields: { Depends: "two" } },
  { name: "two", files: { "/usr/bin/two": "2".repeat(7000), "/usr/share/two/x": "x" } },
];

function hashes(folder: string): string[] {
  const stones = readdirSync(folder).filter((file) => file.endsWith(".stone"));
  return stones.sort().map((file) => `${file} ${sha256Hex(readFileSync(join(folder, file)))}`);
}

it("the same packages give bit-identical stones, whatever the number of workers", async () => {
  const first = await importSpecs(PAIR);
  const second = await importSpecs(PAIR, { jobs: 2 });
  expect(hashes(first.outDir)).toEqual(hashes(second.outDir));
  expect(readFileSync(join(first.outDir, "stone.index")).equals(readFileSync(join(second.outDir, "stone.index")))).toBe(
    true,
  );
});

it("a newer Debian version gets the next release and takes the place of the older stone", async () => {
  const outDir = join(temporary(), "out");
  const at = async (version: string) => {
    const { packages } = await importSpecs([{ name: "pp", version, files: { "/usr/bin/p": version } }], { outDir });
    return [packages[0]?.plan.release, readdirSync(outDir).filter((file) => file.endsWith(".stone")).length];
  };
  expect(await at("1.9-1")).toEqual([1, 1]);
  expect(await at("1.9-1")).toEqual([1, 1]);
  expect(await at("1.10-1")).toEqual([2, 1]);
  expect(at("1.9-2")).rejects.toThrow("the collection has 1.10-1");
});

it("a second import with the same cache writes only what has changed", async () => {
  const folder = temporary();
  const options = { outDir: join(folder, "out"), cache: join(folder, "cache") };
  await importSpecs(PAIR, options);
  const before = hashes(options.outDir);
  const stamps = () =>
    new Map(readdirSync(options.outDir).map((name) => [name, statSync(join(options.outDir, name)).ino] as const));
  const first = stamps();
  await importSpecs(PAIR, options);
  const second = stamps();
  expect(hashes(options.outDir)).toEqual(before);
  for (const name of first.keys()) if (name.endsWith(".stone")) expect(second.get(name)).toBe(first.get(name));
  // A stone that is not what was written is written again.
  const damaged = join(options.outDir, before[0]?.split(" ")[0] ?? "");
  const bytes = readFileSync(damaged);
  writeFileSync(damaged, bytes.fill(0, bytes.byteLength - 8));
  await importSpecs(PAIR, options);
  expect(hashes(options.outDir)).toEqual(before);
  // So is one whose package has changed, and only that.
  const [one, two] = PAIR;
  if (one === undefined || two === undefined) throw new Error("a pair is two");
  await importSpecs([one, { ...two, version: "2.0-1" }], options);
  expect(hashes(options.outDir)[0]).toBe(before[0] ?? "");
  expect(hashes(options.outDir)[1]).toMatch(/^two-2\.0-1-2-1-/);
});

it("two imports into one folder are not done at once; what a killed one left is swept away", async () => {
  const outDir = join(temporary(), "out");
  mkdirSync(join(outDir, ".moss-deb-left"), { recursive: true });
  writeFileSync(join(outDir, ".moss-deb-left/x.stone"), "half");
  {
    using lock = FileLock.tryAcquire(join(outDir, ".moss-deb.lock"), "exclusive", "somebody");
    expect(lock).toBeDefined();
    const refused = await importSpecs(PAIR, { outDir }).catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: "deb.busy" });
    expect(existsSync(join(outDir, ".moss-deb-left"))).toBe(true);
  }
  await importSpecs(PAIR, { outDir });
  expect(readdirSync(outDir).filter((name) => name.startsWith(".moss-deb-"))).toEqual([]);
  expect(hashes(outDir).length).toBe(2);
});

it("nothing is left behind by a failed import", async () => {
  const folder = temporary();
  const outDir = join(folder, "out");
  const good = makeDeb(folder, { name: "good", files: { "/usr/bin/g": "g" } });
  const bad = join(folder, "bad.deb");
  writeFileSync(bad, readFileSync(good).subarray(0, 600));
  const failed = importDebs({ words: [good, bad], outDir, cache: join(folder, "cache"), jobs: 1 });
  expect(failed).rejects.toBeInstanceOf(Failure);
  await failed.catch(() => undefined);
  expect(readdirSync(folder).includes("out") ? readdirSync(outDir) : []).toEqual([]);
});
