// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * What only real compilers show, in roots of Debian's packages: profile-guided optimisation, 32-bit libraries, compiler
 * caches that builds share, and a debugger that finds what debug packages hold. A part of examples.test.ts, which has the
 * packages: to import them twice would take longer than all of these.
 */
import { expect, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { RunResult } from "#sys/process";
import { sha256Hex } from "#sys/sha256";
import { type Ground, TOOLCHAIN_DEBS, type Toolchain } from "#tests/support/examples";

/** What these need besides base and gcc. */
export const COMPILER_DEBS = [
  ...TOOLCHAIN_DEBS.llvm,
  "libclang-rt-19-dev",
  "ccache",
  "sccache",
  "gdb",
  "libc6-dev-i386",
  "gcc-multilib",
  "g++-multilib",
  "libarchive-tools",
];

let ground: Ground;

/** Adds the tests. They are skipped where the packages could not be had. */
export function testCompilers(over: Ground, reachable: boolean): void {
  ground = over;
  testProfiles(reachable);
  testWidths(reachable);
  testCaches(reachable);
  testServedCache(reachable);
  testDebugger(reachable);
  testArchives(reachable);
}

/** Writes a recipe with files beside it, and builds it into the local collection. */
function build(
  name: string,
  keys: string,
  files: Readonly<Record<string, string>>,
  args: readonly string[] = [],
): Promise<RunResult> {
  const folder = join(ground.folder, "recipes", name);
  mkdirSync(join(folder, "pkg"), { recursive: true });
  for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, "pkg", file), text);
  const head = `name: ${name}\nversion: "1"\nrelease: 1\nhomepage: https://example.org\nsummary: A test\ndescription: A test.\nlicense: MIT\n`;
  writeFileSync(join(folder, "stone.yaml"), `${head}${keys}`);
  return ground.boulder("bi", [folder, "-l", "--offline", ...args]);
}

/** What a build wrote. */
const stones = (name: string): string[] =>
  readdirSync(ground.local)
    .filter((file) => file.startsWith(`${name}-`) && file.endsWith(".stone"))
    .sort();

const works = (result: RunResult, said: string): void => {
  expect([result.code, result.stderr]).toEqual([0, expect.stringContaining(said)]);
};

const BRANCHY = `#include <stdio.h>
#include <stdlib.h>
static long __attribute__((noinline)) seldom(long x) {
  for (long i = 1; i < 9; i++) x = x * 31 + (x >> i) % (i + 7);
  return x;
}
long step(long x, long rare) {
  if (x == rare) {
    for (long i = 1; i < 50; i++) x += seldom(x + i) / i;
    puts("rare");
    return x ^ 5;
  }
  return x * 3 + 1;
}
int main(int argc, char **argv) {
  long sum = argc, most = atol(argv[1]);
  for (long i = 0; i < most; i++) sum += step(i, -1);
  printf("%ld\\n", sum);
}
`;

/** Stages in the order in which they run, and what shows that the last one used what the others recorded. */
const PROFILES: Readonly<Record<Toolchain, { readonly stages: readonly string[]; readonly keys: string }>> = {
  gnu: {
    stages: ["one", "use"],
    keys: `build: |
    used=
    [ "$PGO_STAGE" != USE ] || used=-Werror=missing-profile
    $CC $CFLAGS $used -c -o branchy.o %(pkgdir)/branchy.c
    $CC $CFLAGS $LDFLAGS -o branchy branchy.o
check: |
    ! grep -q gcov_ branchy
    ! $CC $CFLAGS -Werror=missing-profile -c -o other.o %(pkgdir)/branchy.c
    [ "$(./branchy 10)" = 147 ]
`,
  },
  // What never ran lies apart, where there is a profile.
  llvm: {
    stages: ["one", "two", "use"],
    keys: `cspgo: true
build: |
    $CC $CFLAGS -c -o branchy.o %(pkgdir)/branchy.c
    $CC $CFLAGS $LDFLAGS -o branchy branchy.o
    llvm-objdump -h branchy.o > ../sections-$PGO_STAGE
check: |
    ! grep -q llvm_profile branchy
    ! grep text.unlikely ../sections-ONE
    grep text.unlikely ../sections-USE
    ls %(pgo_dir)/CS/*.profraw
    [ "$(./branchy 10)" = 147 ]
`,
  },
};

function testProfiles(reachable: boolean): void {
  for (const toolchain of ["gnu", "llvm"] as const) {
    test.skipIf(!reachable)(
      `profile-guided optimisation with ${toolchain} runs the workload, and the last stage uses what it recorded`,
      async () => {
        const { stages, keys } = PROFILES[toolchain];
        const rest = `tuning:
    - lto: false
workload: |
    ./branchy 100000
install: |
    install -D -m0755 branchy %(installroot)%(bindir)/branchy
`;
        const built = await build(`profiled-${toolchain}`, keys + rest, { "branchy.c": BRANCHY }, [
          "--toolchain",
          toolchain,
        ]);
        works(built, "check took");
        for (const stage of stages) expect(built.stderr).toContain(`Unpacking for x86_64, stage ${stage}`);
        expect(built.stderr.split("workload took").length - 1).toBe(stages.length - 1);
      },
      300_000,
    );
  }
}

const ADD = '#include <stdio.h>\nint add(int a, int b) { printf("%zu bits\\n", 8 * sizeof(void *)); return a + b; }\n';

function testWidths(reachable: boolean): void {
  test.skipIf(!reachable)(
    "a recipe with emul32 gives libraries of both widths, each in its package with its provider",
    async () => {
      const keys = `toolchain: gnu
emul32: true
build: |
    $CC $CFLAGS $LDFLAGS -shared -Wl,-soname,libadd.so.1 -o libadd.so.1 %(pkgdir)/add.c
    printf 'int add(int, int); int main(void) { return add(2, 3) - 5; }' > main.c
    $CC $CFLAGS main.c -o main ./libadd.so.1
install: |
    install -D -m0755 libadd.so.1 %(installroot)%(libdir)/libadd.so.1
check: |
    ln -s libadd.so.1 libadd.so
    LD_LIBRARY_PATH=. ./main
`;
      const built = await build("wide", keys, { "add.c": ADD });
      works(built, "emul32/x86_64 build");
      expect(built.stderr).toContain("check   | 32 bits");
      expect(built.stderr).toContain("check   | 64 bits");
      expect(stones("wide")).toEqual([
        "wide-1-1-1-x86_64.stone",
        "wide-32bit-1-1-1-x86_64.stone",
        "wide-32bit-dbginfo-1-1-1-x86_64.stone",
        "wide-dbginfo-1-1-1-x86_64.stone",
      ]);
      const shown = async (name: string) =>
        (await ground.program("moss", ["inspect", join(ground.local, `${name}-1-1-1-x86_64.stone`)])).stdout;
      expect(await shown("wide")).toContain("soname(libadd.so.1(x86_64))");
      expect(await shown("wide-32bit")).toContain("soname(libadd.so.1(386))");
    },
    300_000,
  );
}

/** Files of C that take a compiler some time. */
const MANY = Object.fromEntries(
  Array.from({ length: 24 }, (_, i) => [
    `part${i}.c`,
    `#include <stdio.h>\nint part${i}(int x) { for (int i = 0; i < x; i++) printf("%d\\n", i * ${i}); return x; }\n`,
  ]),
);
const CACHED = `toolchain: gnu
tuning:
    - lto: false
builddeps:
    - binary(ccache)
build: |
    ccache --print-stats > before
    for file in %(pkgdir)/*.c; do $CC $CFLAGS -c "$file" -o "$(basename "$file" .c).o"; done
    ccache --print-stats > after
    hits() { awk '/^(direct|preprocessed)_cache_hit/ { sum += $2 } END { print sum + 0 }' "$1"; }
    echo "hits: $(($(hits after) - $(hits before)))"
    cat *.o | sha256sum
packages:
    - "%(name)":
        empty: true
`;

function testCaches(reachable: boolean): void {
  test.skipIf(!reachable)(
    "two builds at once share the compiler cache: both are right, and the next one compiles nothing",
    async () => {
      const plain = await build(
        "cached-none",
        CACHED.replace(/.*ccache --print.*\n/g, "    : > before; : > after\n"),
        MANY,
      );
      works(plain, "hits: 0");
      const sum = /build {3}\| ([0-9a-f]{64}) /.exec(plain.stderr)?.[1];
      expect(sum).toMatch(/^[0-9a-f]{64}$/);
      const both = await Promise.all(["cached-a", "cached-b"].map((name) => build(name, CACHED, MANY, ["-c"])));
      for (const built of both) works(built, `build   | ${sum}`);
      const next = await build("cached-c", CACHED, MANY, ["-c"]);
      works(next, `build   | ${sum}`);
      expect(next.stderr).toContain("build   | hits: 24\n");
    },
    300_000,
  );
}

/** Compiles as sccache does for Rust, where nothing else does: it has a server, which begins with the first compiler. */
const SERVED = `toolchain: gnu
tuning:
    - lto: false
build: |
    [ "$(command -v "$RUSTC_WRAPPER")" = /usr/bin/sccache ]
    for file in %(pkgdir)/*.c; do sccache /usr/bin/gcc $CFLAGS -c "$file" -o "$(basename "$file" .c).o"; done
    echo "hits: $(sccache --show-stats | awk '/^Cache hits +[0-9]/ { print $3 }')"
    cat *.o | sha256sum
packages:
    - "%(name)":
        empty: true
`;

/** Programs that run on this machine, in containers too. */
function running(name: string): string[] {
  return readdirSync("/proc").filter((pid) => {
    if (!/^[0-9]+$/.test(pid)) return false;
    try {
      return readFileSync(`/proc/${pid}/comm`, "utf8").trim() === name;
    } catch {
      return false;
    }
  });
}

function testServedCache(reachable: boolean): void {
  test.skipIf(!reachable)(
    "sccache is shared likewise: each build has a server of its own, and a recipe's own compiler spoils nothing",
    async () => {
      const before = running("sccache");
      // The same code and options, but what comes out is not the same.
      const own = SERVED.replace(
        "    for",
        "    printf '#!/bin/sh\\nexec /usr/bin/gcc \"$@\" -O0\\n' > gcc; chmod +x gcc\n    for",
      );
      const changed = await build("served-own", own.replace("/usr/bin/gcc $", "$PWD/gcc $"), MANY, ["-c"]);
      works(changed, "hits: 0");
      const sumOf = (built: RunResult) => /build {3}\| ([0-9a-f]{64}) /.exec(built.stderr)?.[1];
      const both = await Promise.all(["served-a", "served-b"].map((name) => build(name, SERVED, MANY, ["-c"])));
      for (const built of both) works(built, "hits: ");
      const next = await build("served-c", SERVED, MANY, ["-c"]);
      works(next, "build   | hits: 24\n");
      const sum = sumOf(next);
      expect(sum).toMatch(/^[0-9a-f]{64}$/);
      expect(both.map(sumOf)).toEqual([sum, sum]);
      expect(sumOf(changed)).not.toBe(sum);
      works(
        await build("served-none", SERVED.replaceAll("sccache /", "/").replace(/.*(?:RUSTC|stats).*\n/g, ""), MANY),
        `| ${sum}`,
      );
      expect(running("sccache")).toEqual(before);
      const left = readdirSync(join(ground.cache, "compilers"), { recursive: true, withFileTypes: true });
      expect(left.filter((file) => file.isSocket()).map(({ name }) => name)).toEqual([]);
    },
    300_000,
  );
}

const TRACED = `#include <stdio.h>
static int __attribute__((noinline)) inner(int x) {
  volatile int twice = x * 2;
  printf("inner %d\\n", twice);
  return twice;
}
int main(int argc, char **argv) {
  (void)argv;
  return inner(argc + 41) != 84;
}
`;

function testDebugger(reachable: boolean): void {
  for (const toolchain of ["gnu", "llvm"] as const) {
    test.skipIf(!reachable)(
      `gdb in a root shows the source lines of what ${toolchain} built, once its -dbginfo package is there`,
      async () => {
        const name = `traced-${toolchain}`;
        const keys = `toolchain: ${toolchain}
build: |
    cp %(pkgdir)/traced.c .
    $CC $CFLAGS $LDFLAGS -o ${name} traced.c
install: |
    install -D -m0755 ${name} %(installroot)%(bindir)/${name}
`;
        works(await build(name, keys, { "traced.c": TRACED }), "package");
        const root = join(ground.folder, "roots", name);
        // The text of the line comes from the source, where that lies at hand.
        const trace = `cat > /tmp/traced.c <<'END'
${TRACED}END
touch -d @0 /tmp/traced.c
gdb -batch -iex 'directory /tmp' -ex 'break inner' -ex run -ex backtrace -ex 'print x' /usr/bin/${name} 2>&1`;
        const said = async () => (await ground.work(root, trace)).stdout;
        works(await ground.install(root, [name, "gdb", "coreutils"]), "");
        expect(await said()).not.toContain("traced.c");
        works(await ground.moss(root, ["install", `${name}-dbginfo`]), "");
        const text = await said();
        expect(text).toMatch(/^Breakpoint 1, inner \(x=42\) at (?:.*\/)?traced\.c:3\n3\t {2}volatile int twice/m);
        expect(text).toMatch(/^#1 {2}0x\w+ in main \(argc=.*\) at (?:.*\/)?traced\.c:9$/m);
        expect(text).toContain("$1 = 42");
      },
      300_000,
    );
  }
}

/** `top/sub/file` with the text "hello", as bsdtar packed it. */
const SEVEN_ZIP =
  "N3q8ryccAAPuTQPQiQAAAAAAAAAhAAAAAAAAADpeN6UANBlJ7o3dPTrf///dEgAAAACBMweuD87ysgwHyEOAg4Fb/6x2z3g/Dlvd8wji2Q4azO79hVyXdrveyuJ/Rrk3R6Z2SfB4EVl1oydG3OTL56zTwGEGrKx0/kHX+I6KW7xanJ4lrnxr/4VS3QTk/M+d5zZST7AtE/O8SlXodZt5uaNF91//NRYAABcGEAEJeQAHCwEAASMDAQEFXQAAgAAMgMMKAe2CoY4AAA==";

function testArchives(reachable: boolean): void {
  test.skipIf(!reachable)(
    "an archive that boulder does not read itself is unpacked by a tool of the root",
    async () => {
      const whole = Buffer.from(SEVEN_ZIP, "base64");
      for (const [bytes, code, said] of [
        [whole, 0, "it says hello"],
        [whole.subarray(0, 40), 1, 'Cannot unpack "t.7z": bsdtar: '],
      ] as const) {
        const hash = sha256Hex(bytes);
        writeFileSync(join(ground.mirror, hash), bytes);
        const keys = `toolchain: gnu
upstreams:
  - https://example.org/t.7z: ${hash}
install: |
  echo "it says $(cat sub/file)"
  install -Dm644 sub/file %(installroot)/usr/share/packed/file
`;
        const result = await build("packed", keys, {}, ["--mirror", ground.mirror]);
        expect([result.code, result.stderr + result.stdout]).toEqual([code, expect.stringContaining(said)]);
      }
    },
  );
}
