// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Packages by name through the real apt, from a small archive in a folder: no network is needed. */
import { afterEach, beforeEach, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { Failure } from "#base/errors";
import { Apt, type AptEvent } from "#deb/apt";
import { importDebs } from "#deb/import";
import { offersOf } from "#deb/offers";
import { reportOf } from "#deb/report";
import { RelatedSet } from "#deb/set";
import { formatCapability } from "#model/dependency";
import { sha256Hex } from "#sys/sha256";
import { type DebSpec, hasDpkgDeb, makeDeb } from "#tests/support/debs";
import { removeTemporary, temporary } from "#tests/support/imported";

const runs = test.skipIf(!hasDpkgDeb || Bun.which("apt-get") === null);
/** apt takes its time where the machine has much to do. */
const it = (name: string, work: () => Promise<void>) => runs(name, work, 60_000);

const SPECS: readonly DebSpec[] = [
  { name: "app", version: "1.0-1", fields: { Depends: "lib", Priority: "optional" }, files: { "/usr/bin/app": "1" } },
  { name: "app", version: "1.0-2", fields: { Depends: "lib (>= 2), mta" }, files: { "/usr/bin/app": "2" } },
  { name: "lib", version: "1:2.0", files: { "/usr/share/lib/x": "x" } },
  { name: "exim", fields: { Provides: "mta", Priority: "optional" }, files: { "/usr/bin/exim": "e" } },
  { name: "postfix", fields: { Provides: "mta", Priority: "important" }, files: { "/usr/bin/postfix": "p" } },
  { name: "base", fields: { Essential: "yes" }, files: { "/usr/bin/base": "b" } },
];

/** An archive as apt reads it, and the configuration of a machine that has it as its only source. */
function machine(options = "[trusted=yes allow-insecure=yes]"): { archive: string; cache: string } {
  const folder = temporary();
  const archive = join(folder, "archive");
  mkdirSync(archive);
  const blocks = SPECS.map((spec) => {
    const path = makeDeb(archive, spec);
    const bytes = readFileSync(path);
    const control = spawnSync("dpkg-deb", ["-f", path], { encoding: "utf8" }).stdout;
    return `${control}Filename: ./${basename(path)}\nSize: ${bytes.byteLength}\nSHA256: ${sha256Hex(bytes)}\n`;
  });
  writeFileSync(join(archive, "Packages"), blocks.join("\n"));
  writeFileSync(join(folder, "sources.list"), `deb ${options} file:${archive} ./\n`);
  writeFileSync(
    join(folder, "apt.conf"),
    `Dir::Etc::sourcelist "${folder}/sources.list";\nDir::Etc::sourceparts "/dev/null";\nDir::Etc::preferencesparts "/dev/null";\n`,
  );
  process.env["APT_CONFIG"] = join(folder, "apt.conf");
  return { archive, cache: join(folder, "cache") };
}

let configured: string | undefined;
beforeEach(() => {
  configured = process.env["APT_CONFIG"];
});
afterEach(() => {
  if (configured === undefined) delete process.env["APT_CONFIG"];
  else process.env["APT_CONFIG"] = configured;
  removeTemporary();
});

async function importNames(words: readonly string[], cache: string, more: { essential?: boolean } = {}) {
  const outDir = join(cache, "../out");
  const result = await importDebs({ words, outDir, cache, profile: "fast", jobs: 1, essential: false, ...more });
  return result.packages.map(({ plan }) => `${plan.name} ${plan.version} ${plan.release}`);
}

async function refusal(work: Promise<unknown>): Promise<Failure> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof Failure) return error;
  throw error instanceof Error ? error : new Error("nothing was refused");
}

it("names are resolved, fetched and imported; a virtual package by the provider that Debian ranks first", async () => {
  const { cache } = machine();
  expect(await importNames(["app"], cache)).toEqual(["app 1.0-2 1", "lib 1:2.0 1", "postfix 1.0-1 1"]);
});

it("essential packages come with names unless they are left out", async () => {
  const { cache } = machine();
  expect(await importNames(["lib"], cache, { essential: true })).toEqual(["base 1.0-1 1", "lib 1:2.0 1"]);
});

it("an older version by its number, then the newer one as the next release", async () => {
  const { cache } = machine();
  expect(await importNames(["app=1.0-1"], cache)).toEqual(["app 1.0-1 1", "lib 1:2.0 1"]);
  expect(await importNames(["app"], cache)).toEqual(["app 1.0-2 2", "lib 1:2.0 1", "postfix 1.0-1 1"]);
  expect((await refusal(importNames(["app=1.0-1"], cache))).message).toContain("expected nothing newer");
  expect((await refusal(importNames(["app=9"], cache))).message).toContain("apt offers 1.0-2");
  expect((await refusal(importNames(["ap"], cache))).hint).toBe("Did you mean app?");
});

it("the versions that the sources have, newest first", async () => {
  const { cache } = machine();
  const apt = new Apt({ cache });
  await apt.update();
  expect(await apt.versions(["app", "lib", "nothing"])).toEqual(
    new Map([
      ["app", ["1.0-2", "1.0-1"]],
      ["lib", ["1:2.0"]],
    ]),
  );
});

it("a package that is not what the lists say is refused", async () => {
  const { archive, cache } = machine();
  const path = join(archive, "lib_1%3a2.0_all.deb");
  const bytes = readFileSync(path);
  bytes[bytes.byteLength - 100] = (bytes[bytes.byteLength - 100] ?? 0) ^ 1;
  writeFileSync(path, bytes);
  expect((await refusal(importNames(["lib"], cache))).code).toBe("deb.apt");
  expect(existsSync(join(cache, "../out"))).toBe(false);
});

it("a source without a signature that apt trusts is refused by apt", async () => {
  const { cache } = machine("");
  const failure = await refusal(importNames(["lib"], cache));
  expect(failure.code).toBe("deb.apt");
});

it("nothing of the machine's own apt is touched", async () => {
  const own = ["/var/lib/apt", "/var/lib/apt/lists", "/var/cache/apt", "/var/cache/apt/archives", "/var/lib/dpkg"];
  const look = () =>
    own.filter((path) => existsSync(path)).map((path) => [path, statSync(path).mtimeMs, readdirSync(path)]);
  const before = look();
  const { cache } = machine();
  await importNames(["app"], cache);
  expect(look()).toEqual(before);
});

it("lists are fetched again only when they are old", async () => {
  const { cache } = machine();
  const updates = async (maxAge?: number) => {
    const events: AptEvent[] = [];
    const apt = new Apt({ cache, onEvent: (event) => events.push(event), ...(maxAge === undefined ? {} : { maxAge }) });
    await apt.update();
    return events.filter((event) => event.type === "apt-update").length;
  };
  expect([await updates(), await updates(), await updates(0), await updates(Number.POSITIVE_INFINITY)]).toEqual([
    1, 0, 1, 0,
  ]);
});

it("two imports at once share one state of apt", async () => {
  const { cache } = machine();
  const results = await Promise.all(
    ["one", "two"].map((name) =>
      importDebs({ words: ["app"], outDir: join(cache, "..", name), cache, profile: "fast", jobs: 1 }),
    ),
  );
  expect(results.map((result) => reportOf(result).packages.length)).toEqual([4, 4]);
});

it("an index of everything comes from the lists alone", async () => {
  const { cache } = machine();
  const available = await new Apt({ cache }).available();
  const offers = [...offersOf(new RelatedSet(available), "x86_64")];
  expect(offers.map(({ meta }) => `${meta.name} ${meta.version}`)).toEqual([
    "app 1.0-2",
    "base 1.0-1",
    "exim 1.0-1",
    "lib 1:2.0",
    "postfix 1.0-1",
  ]);
  const app = offers[0];
  expect(app?.meta.depends.map(formatCapability)).toEqual(["name(lib)", "name(mta)"]);
  expect(app?.uri).toBe("./app_1.0-2_all.deb");
  expect(readdirSync(join(cache, "debs"))).toEqual([]);
});

it("the report is the same for the same import, and names no path of this machine", async () => {
  const reports: string[] = [];
  for (let i = 0; i < 2; i++) {
    const { cache } = machine();
    const outDir = join(cache, "../out");
    const report = reportOf(await importDebs({ words: ["app"], outDir, cache, profile: "fast", jobs: i + 1 }));
    reports.push(JSON.stringify(report));
    expect(report.packages.map(({ name, reason }) => `${name}: ${reason}`)).toEqual([
      "app: asked",
      "base: essential",
      "lib: needed by app",
      "postfix: needed by app",
    ]);
    expect(report.totals["licence"]).toBe(4);
  }
  expect(reports[0]).toBe(reports[1] ?? "");
  expect(reports[0]).not.toContain("/tmp");
});
