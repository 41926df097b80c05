// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * Two of the example recipes for real: pristine sources, built in roots of Debian's packages, installed into empty roots,
 * run there. `./dev examples` does all of them. Then what only real compilers show. Skipped only where apt reaches no archive.
 */
import { afterAll, expect, test } from "bun:test";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EXIT } from "#base/errors";
import { run } from "#sys/process";
import { sha256Hex } from "#sys/sha256";
import { COMPILER_DEBS, testCompilers } from "#tests/journeys/compilers";
import { BASE_DEBS, EXAMPLES, Ground, TOOLCHAIN_DEBS } from "#tests/support/examples";

const base = mkdtempSync(join(tmpdir(), "examples-"));
const ground = new Ground(base);
const chosen = EXAMPLES.filter((example) => example.name === "bc" || example.name === "lua");
const debs = [...BASE_DEBS, ...TOOLCHAIN_DEBS.gnu, ...COMPILER_DEBS, ...chosen.flatMap((example) => example.debs)];
const hasApt = Bun.which("apt-get") !== null;
const imported = hasApt ? await ground.importDebs(debs) : undefined;
const reachable = imported !== undefined && imported.code !== EXIT.network;
if (!reachable) {
  console.error(`examples: apt reaches no archive of Debian, so these journeys are skipped\n${imported?.stderr ?? ""}`);
}

/** Planted on this machine for root's builds: nothing of it may be seen in a root. */
const planted: string[] = [];
function plant(path: string, text: string, mode: number): void {
  if (process.getuid?.() !== 0 || existsSync(path)) return;
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(path, text, { mode });
  planted.push(path);
}

afterAll(() => {
  for (const path of planted) rmSync(path, { force: true });
  rmSync(base, { recursive: true, force: true });
});

/** What this machine's environment offers to a build that would look: a compiler of its own, and a header. */
function hostileEnvironment(): Record<string, string> {
  const trap = join(base, "trap");
  mkdirSync(trap, { recursive: true });
  for (const name of ["cc", "gcc", "make"]) {
    writeFileSync(join(trap, name), `#!/bin/sh\ntouch ${trap}/sprung\nexec false\n`, { mode: 0o755 });
  }
  writeFileSync(join(trap, "boulder-marker.h"), "#define MARKER 1\n");
  plant("/usr/local/include/boulder-marker.h", "#define MARKER 1\n", 0o644);
  plant("/usr/local/bin/boulder-fake-cc", `#!/bin/sh\ntouch ${trap}/sprung\n`, 0o755);
  const paths = { CPATH: trap, C_INCLUDE_PATH: trap, LIBRARY_PATH: trap, CC: "boulder-fake-cc", CFLAGS: "-DMARKER" };
  return { ...process.env, ...paths, PATH: `${trap}:${process.env["PATH"] ?? ""}` };
}

function stonesOf(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(".stone"))
    .sort()
    .map((name) => `${name} ${sha256Hex(readFileSync(join(folder, name)))}`);
}

test.skipIf(!reachable)(
  "Debian's packages and the sources are here",
  async () => {
    expect([imported?.code, imported?.stderr]).toEqual([0, expect.any(String)]);
    const sources = await ground.fetchSources(chosen.map((example) => example.source));
    expect([sources.code, sources.stderr]).toEqual([0, ""]);
  },
  600_000,
);

for (const example of chosen) {
  test.skipIf(!reachable)(
    `${example.name} (${example.system}) is built, installed and works`,
    async () => {
      const before = ground.local;
      const built = await ground.build(example.name, ["--toolchain", "gnu"], { env: hostileEnvironment() });
      expect([built.code, built.stderr]).toEqual([0, expect.stringContaining("total")]);
      expect(built.stderr).not.toContain("which nothing gives");
      expect(stonesOf(before).some((line) => line.startsWith(`${example.name}-`))).toBe(true);
      const root = join(base, "roots", example.name);
      const installed = await ground.install(root, example.install);
      expect([installed.code, installed.stderr]).toEqual([0, expect.any(String)]);
      const { code, stdout } = await ground.work(root, example.work);
      expect([code, stdout]).toEqual([0, example.says]);
      const dynamic = await run(["readelf", "-d", join(root, example.elf ?? "")]);
      expect(dynamic.stdout).toContain("(RELR)");
    },
    600_000,
  );
}

test.skipIf(!reachable)(
  "another cache and other jobs give the same bytes, and nothing of this machine is in a root",
  async () => {
    const folder = join(base, "again");
    const options = ["--toolchain", "gnu", "--mirror", ground.mirror, "--offline", "-o", folder, "-j", "1"];
    const profile = ["--config-dir", ground.config, "--cache-dir", join(base, "other-cache")];
    const built = await ground.program("boulder", [...profile, "bi", ground.recipe("lua"), ...options], {
      env: hostileEnvironment(),
    });
    expect([built.code, built.stderr]).toEqual([0, expect.any(String)]);
    const first = stonesOf(ground.local).filter((line) => line.startsWith("lua-"));
    expect(stonesOf(folder)).toEqual(first);
    expect(existsSync(join(base, "trap/sprung"))).toBe(false);

    const recipe = join(base, "probe");
    mkdirSync(recipe);
    const probe = `name: probe
version: "1"
release: 1
homepage: https://example.org
summary: Looks for what is not in the root
description: Made for a test.
license: MIT
toolchain: gnu
build: |
    printf '#if __has_include(<boulder-marker.h>)\\n#error seen\\n#endif\\n' | gcc -E -
    if type boulder-fake-cc; then exit 1; fi
    [ -z "\${CPATH:-}" ]
    [ "$CC" = gcc ]
    [ ! -e ${base} ]
packages:
    - "%(name)":
        empty: true
`;
    writeFileSync(join(recipe, "stone.yaml"), probe);
    const probed = await ground.boulder("bi", [recipe, "-o", folder], { env: hostileEnvironment() });
    expect([probed.code, probed.stderr]).toEqual([0, expect.any(String)]);
  },
);

test.skipIf(!reachable)(
  "without a stated dependency the build fails and names the package that has it",
  async () => {
    const recipe = join(base, "incomplete");
    cpSync(ground.recipe("lua"), recipe, { recursive: true });
    const file = join(recipe, "stone.yaml");
    const text = readFileSync(file, "utf8");
    writeFileSync(file, text.replace("  - pkgconfig(readline)\n", "").replace("name: lua", "name: incomplete"));
    const options = ["--toolchain", "gnu", "--mirror", ground.mirror, "--offline", "-o", join(base, "none")];
    const built = await ground.boulder("bi", [recipe, ...options]);
    expect(built.code).toBe(EXIT.error);
    expect(built.stderr).toContain(
      'Missing was the header readline/readline.h: libreadline-dev has it; add "libreadline-dev"',
    );
    expect(existsSync(join(base, "none/manifest.x86_64.bin"))).toBe(false);
  },
  600_000,
);

testCompilers(ground, reachable);
