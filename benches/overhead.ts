// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * Bench: what building a package costs besides compiling, beside `dpkg-buildpackage` and `rpmbuild`. The same source (lua),
 * the same flags, two jobs, stripping and debug packages on. Of each build the processor time of all its processes, less
 * that of compilers and linkers, which one wrapper counts for all; and the time on the clock. The others pack once as they do
 * by themselves, and once as boulder does (zstd at its level). Bound: less than any of them.
 *
 *   bun benches/overhead.ts [--rounds N] [--folder DIR]
 */
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { PROFILES } from "#stone/compression";
import { run } from "#sys/process";
import { BASE_DEBS, Ground, TOOLCHAIN_DEBS } from "#tests/support/examples";
import { buildExecutable } from "../tools/build.ts";
import { median } from "./_timing.ts";

const { values } = parseArgs({
  options: { rounds: { type: "string", default: "5" }, folder: { type: "string", default: ".cache/examples" } },
});
const rounds = Number(values.rounds);
const HASH = "164c7849653b80ae67bec4b7473b884bf5cc8d2dca05653475ec2ed27b9ebf61";
const MAKE = 'make -j2 linux MYCFLAGS="-O2 -g -fPIC" MYLDFLAGS="-Wl,--build-id=sha1"';
const ground = new Ground(resolve(values.folder));
const base = mkdtempSync(join(tmpdir(), "bench-overhead-"));
const log = join(base, "compilers.log");
const wrappers = join(base, "wrappers");

function must(result: { code: number; stdout: string; stderr: string }, what: string): void {
  if (result.code !== 0) throw new Error(`${what}: ${result.stdout}\n${result.stderr}`);
}

async function makeWrappers(): Promise<void> {
  mkdirSync(wrappers);
  const source = join(import.meta.dir, "overhead/wrapper.c");
  must(await run(["gcc", "-O2", "-static", "-o", join(wrappers, "gcc"), source]), "gcc");
  for (const name of ["cc", "g++", "ld"]) symlinkSync("gcc", join(wrappers, name));
}

interface Cost {
  readonly wall: number;
  readonly total: number;
  readonly compilers: number;
}

/** Runs one build and looks what it used. */
async function measure(command: readonly string[], cwd: string, compilersLog = log): Promise<Cost> {
  rmSync(compilersLog, { force: true });
  const started = performance.now();
  const child = Bun.spawn([...command], {
    cwd,
    env: { ...process.env, PATH: `${wrappers}:${process.env["PATH"] ?? ""}`, BENCH_LOG: log, LC_ALL: "C.UTF-8" },
    stdout: "pipe",
    stderr: "pipe",
  });
  const [stdout, stderr, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  must({ code, stdout, stderr }, command.join(" "));
  const wall = performance.now() - started;
  const used = child.resourceUsage();
  const total = Number(used?.cpuTime.total ?? 0n) / 1000;
  if (!existsSync(compilersLog)) throw new Error(`${command[0]} used no compiler of the bench`);
  const lines = readFileSync(compilersLog, "utf8").trim().split("\n");
  return { wall, total, compilers: lines.reduce((sum, line) => sum + Number(line), 0) / 1000 };
}

async function unpack(folder: string): Promise<void> {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  must(await run(["tar", "-xzf", join(ground.mirror, HASH), "-C", folder, "--strip-components=1"]), "tar");
}

/** How the others pack: by default, or as boulder does. */
type Packing = "default" | "zstd";
const LEVEL = PROFILES.default.level;

const debian = join(base, "debian/lua-5.4.4");
async function dpkg(packing: Packing): Promise<Cost> {
  const builddeb = packing === "zstd" ? `override_dh_builddeb:\n\tdh_builddeb -- -Zzstd -z${LEVEL}\n` : "";
  await unpack(debian);
  const files = {
    control:
      "Source: lua\nSection: devel\nPriority: optional\nMaintainer: Bench <bench@example.invalid>\nBuild-Depends: debhelper-compat (= 13)\n\nPackage: lua\nArchitecture: any\nDepends: ${shlibs:Depends}, ${misc:Depends}\nDescription: Lua\n A language.\n\nPackage: lua-dev\nArchitecture: any\nDescription: Lua, for developers\n Headers.\n",
    changelog:
      "lua (5.4.4-1) unstable; urgency=low\n\n  * Bench.\n\n -- Bench <bench@example.invalid>  Thu, 01 Jan 2026 00:00:00 +0000\n",
    rules: `#!/usr/bin/make -f\n%:\n\tdh $@\noverride_dh_auto_build:\n\t${MAKE}\noverride_dh_auto_test:\noverride_dh_auto_clean:\noverride_dh_auto_install:\n\tmake install INSTALL_TOP=$(CURDIR)/debian/tmp/usr INSTALL_MAN=$(CURDIR)/debian/tmp/usr/share/man/man1\n${builddeb}`,
    "lua.install": "usr/bin\nusr/share/man\n",
    "lua-dev.install": "usr/include\nusr/lib\n",
  };
  mkdirSync(join(debian, "debian"));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(debian, "debian", name), text);
  chmodSync(join(debian, "debian/rules"), 0o755);
  const cost = await measure(["dpkg-buildpackage", "-b", "-us", "-uc", "-j2", "-d"], debian);
  const made = readdirSync(join(base, "debian")).filter((name) => /\.d?deb$/.test(name));
  if (!made.some((name) => name.includes("dbgsym"))) throw new Error("dpkg-buildpackage made no debug package");
  return cost;
}

const rpm = join(base, "rpm");
async function rpmbuild(packing: Packing): Promise<Cost> {
  rmSync(rpm, { recursive: true, force: true });
  for (const name of ["SOURCES", "SPECS"]) mkdirSync(join(rpm, name), { recursive: true });
  cpSync(join(ground.mirror, HASH), join(rpm, "SOURCES/lua-5.4.4.tar.gz"));
  const spec = `Name: lua
Version: 5.4.4
Release: 1
Summary: Lua
License: MIT
Source0: lua-5.4.4.tar.gz
%package devel
Summary: Lua, for developers
%description
A language.
%description devel
Headers.
%debug_package
%prep
%setup -q
%build
${MAKE}
%install
make install INSTALL_TOP=%{buildroot}/usr INSTALL_MAN=%{buildroot}/usr/share/man/man1
%files
/usr/bin/*
/usr/share/man/man1/*
%files devel
/usr/include/*
/usr/lib/*
`;
  writeFileSync(join(rpm, "SPECS/lua.spec"), spec);
  const payload = packing === "zstd" ? ["-D", `_binary_payload w${LEVEL}.zstdio`] : [];
  const words = ["rpmbuild", "-bb", "--nodeps", "-D", `_topdir ${rpm}`, ...payload, join(rpm, "SPECS/lua.spec")];
  const cost = await measure(words, rpm);
  const made = readdirSync(join(rpm, "RPMS"), { recursive: true, encoding: "utf8" });
  if (!made.some((name) => name.includes("debuginfo"))) throw new Error("rpmbuild made no debug package");
  return cost;
}

/** What a cold root costs the others: they have no roots of their own, so the tool that makes them is run first. */
async function mmdebstrap(): Promise<Cost> {
  const include = "--include=build-essential,debhelper";
  const options = ["--variant=minbase", '--aptopt=APT::Sandbox::User "root"', include, "--mode=root"];
  const started = performance.now();
  const child = Bun.spawn(["mmdebstrap", ...options, "bookworm", join(base, "chroot.tar")], {
    stdout: "pipe",
    stderr: "pipe",
  });
  const stderr = await new Response(child.stderr).text();
  must({ code: await child.exited, stdout: "", stderr }, "mmdebstrap");
  const wall = performance.now() - started;
  const build = await dpkg("default");
  const total = Number(child.resourceUsage()?.cpuTime.total ?? 0n) / 1000 + build.total;
  return { wall: wall + build.wall, total, compilers: build.compilers };
}

const recipe = join(base, "recipe");
const cache = join(base, "boulder");
function writeRecipe(): void {
  mkdirSync(join(recipe, "pkg"), { recursive: true });
  cpSync(wrappers, join(recipe, "pkg/wrappers"), { recursive: true, verbatimSymlinks: true });
  const text = `name: lua
version: "5.4.4"
release: 1
homepage: https://www.lua.org
upstreams:
  - https://www.lua.org/ftp/lua-5.4.4.tar.gz: ${HASH}
summary: Lua
description: A language.
license: MIT
toolchain: gnu
builddeps:
  - binary(make)
environment: |
  export PATH="%(pkgdir)/wrappers:$PATH" BENCH_LOG=%(buildroot)/compilers.log
build: |
  ${MAKE}
install: |
  make install INSTALL_TOP=%(installroot)/usr INSTALL_MAN=%(installroot)/usr/share/man/man1
`;
  writeFileSync(join(recipe, "stone.yaml"), text);
}

async function boulder(cold: boolean): Promise<Cost> {
  if (cold) for (const name of ["roots", "moss"]) rmSync(join(cache, name), { recursive: true, force: true });
  const out = join(base, "stones");
  const options = ["--config-dir", ground.config, "--cache-dir", cache, "bi", recipe, "-o", out, "-j", "2", "--keep"];
  const program = [join(base, "programs/boulder"), ...options];
  const cost = await measure(
    [...program, "--mirror", ground.mirror, "--offline", "-q"],
    base,
    join(cache, "builds/lua-5.4.4-1/build/x86_64/compilers.log"),
  );
  if (!readdirSync(out).some((name) => name.includes("dbginfo"))) throw new Error("boulder made no debug package");
  return cost;
}

try {
  console.log("Getting Debian's packages and the source ready");
  must(await ground.importDebs([...BASE_DEBS, ...TOOLCHAIN_DEBS.gnu, "make"]), "import");
  must(await ground.fetchSources(["lua5.4"]), "sources");
  await makeWrappers();
  await buildExecutable(join(base, "programs"));
  writeRecipe();
  const ways: Record<string, () => Promise<Cost>> = {
    "boulder, warm root": () => boulder(false),
    "boulder, cold root": () => boulder(true),
    "dpkg-buildpackage": () => dpkg("default"),
    "dpkg-buildpackage, zstd": () => dpkg("zstd"),
    rpmbuild: () => rpmbuild("default"),
    "rpmbuild, zstd": () => rpmbuild("zstd"),
    "mmdebstrap and dpkg": mmdebstrap,
  };
  // The making of a root takes them long enough for one look.
  const once = new Set(["mmdebstrap and dpkg"]);
  const costs = new Map<string, Cost[]>();
  for (let i = 0; i <= rounds; i++) {
    for (const [name, way] of Object.entries(ways)) {
      if (i > 1 && once.has(name)) continue;
      const cost = await way();
      // The first round brings files into memory.
      if (i > 0) costs.set(name, [...(costs.get(name) ?? []), cost]);
    }
  }
  const of = (name: string, what: (cost: Cost) => number) => median((costs.get(name) ?? []).map(what));
  const overheadOf = (name: string) => of(name, (cost) => cost.total - cost.compilers);
  const warmPeers = Math.min(
    ...Object.keys(ways)
      .filter((name) => /^(?:dpkg|rpm)/.test(name))
      .map(overheadOf),
  );
  const bounds: Record<string, number> = {
    "boulder, warm root": warmPeers,
    "boulder, cold root": overheadOf("mmdebstrap and dpkg"),
  };
  const seconds = (ms: number) => `${(ms / 1000).toFixed(2)} s`.padStart(9);
  console.log(
    `${"".padEnd(24)} ${"overhead".padStart(9)} ${"of peers".padStart(9)} ${"clock".padStart(9)} ${"compilers".padStart(9)}`,
  );
  for (const name of Object.keys(ways)) {
    const overhead = overheadOf(name);
    const bound = bounds[name];
    const ratio = bound === undefined ? "" : `${(overhead / bound).toFixed(2)}x`;
    const clock = of(name, (cost) => cost.wall);
    console.log(
      `${name.padEnd(24)} ${seconds(overhead)} ${ratio.padStart(9)} ${seconds(clock)} ${seconds(of(name, (c) => c.compilers))}`,
    );
    if (bound !== undefined && overhead > bound) process.exitCode = 1;
  }
} finally {
  rmSync(base, { recursive: true, force: true });
}
