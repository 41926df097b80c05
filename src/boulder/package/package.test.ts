// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Packaging of a small project, from what it installed to the stones. */
import { expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { appendFileSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Failure } from "#base/errors";
import { type PackagingOptions, packageInstall } from "#boulder/package/package";
import { hostTools } from "#boulder/package/strip";
import { parseElf } from "#formats/elf";
import { formatCapability } from "#model/dependency";
import { haveCompiler, put, SAMPLE_RECIPE, type SampleBuild, sampleBuild } from "#tests/support/sample-build";
import { unpackStone } from "#tests/support/unpacked";

const root = () => ({ uid: 0, gid: 0 });

function optionsOf(build: SampleBuild, more: Partial<PackagingOptions> = {}): PackagingOptions {
  return {
    recipe: build.recipe,
    templates: build.templates,
    installFolder: build.install,
    outFolder: join(build.folder, "out"),
    scratchFolder: join(build.folder, "scratch"),
    architecture: "x86_64",
    buildRelease: 1,
    jobs: 2,
    owner: root,
    ...more,
  };
}

async function packaged(build: SampleBuild, more: Partial<PackagingOptions> = {}) {
  const result = await packageInstall(optionsOf(build, more));
  return { result, stones: new Map(result.packages.map((item) => [item.name, unpackStone(item.file)])) };
}

async function failure(work: Promise<unknown>): Promise<Failure> {
  try {
    await work;
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
  throw new Error("it did not fail");
}

test.skipIf(!haveCompiler)(
  "each file reaches its package, transformed, and each package says what it gives and needs",
  async () => {
    using build = sampleBuild();
    const { stones } = await packaged(build);
    expect([...stones.keys()]).toEqual([
      "greet",
      "greet-all",
      "greet-dbginfo",
      "greet-devel",
      "greet-libs",
      "greet-python",
    ]);
    const paths = (name: string) => [...(stones.get(name)?.entries.keys() ?? [])];
    expect(paths("greet")).toEqual([
      "bin/greet",
      "bin/greet-py",
      "bin/hello",
      "lib/app/plugin.so",
      "libexec/greet-helper",
      "share/greet/empty",
      "share/greet/private",
      "share/greet/private/key",
      "share/man/man1/greet.1.zst",
      "share/man/man1/hello.1.zst",
    ]);
    expect(paths("greet-libs")).toEqual(["lib/libgreet.so.1", "lib/libgreet.so.1.0"]);
    expect(paths("greet-devel")).toEqual([
      "include/greet.h",
      "lib/libgreet.so",
      "lib/pkgconfig/greet.pc",
      "share/man/man3/greeting.3pm.zst",
    ]);
    expect(paths("greet-all")).toEqual([]);
    const capabilities = (name: string) => {
      const meta = stones.get(name)?.meta;
      return { provides: meta?.provides.map(formatCapability), depends: meta?.depends.map(formatCapability) };
    };
    expect(capabilities("greet")).toEqual({
      provides: ["binary(greet)", "binary(greet-py)", "binary(hello)", "soname(app/plugin.so(x86_64))"],
      depends: [
        "binary(python3)",
        "interpreter(/lib64/ld-linux-x86-64.so.2(x86_64))",
        "soname(libc.so.6(x86_64))",
        "soname(libgreet.so.1(x86_64))",
      ],
    });
    expect(capabilities("greet-libs")).toEqual({
      provides: ["soname(libgreet.so.1(x86_64))"],
      depends: ["soname(libc.so.6(x86_64))"],
    });
    expect(capabilities("greet-devel")).toEqual({
      provides: ["pkgconfig(greet)"],
      depends: ["name(greet)", "pkgconfig(zlib)"],
    });
    expect(capabilities("greet-python")).toEqual({
      provides: ["python(greet)"],
      depends: ["name(greet-libs)", "python(requests)"],
    });
    expect(capabilities("greet-all")).toEqual({ provides: [], depends: ["name(greet)"] });
    expect(stones.get("greet-devel")?.meta.summary).toBe("Development files for greet");
    expect(stones.get("greet-libs")?.meta.licenses).toEqual(["Apache-2.0", "MIT"]);
    const helper = stones.get("greet")?.entries.get("libexec/greet-helper");
    expect(helper?.mode).toBe(0o4755);
    expect(stones.get("greet")?.entries.get("share/man/man1/hello.1.zst")).toMatchObject({ target: "greet.1.zst" });
    expect(existsSync(join(build.folder, "scratch"))).toBe(false);
  },
);

test.skipIf(!haveCompiler)("programs are stripped, and their debug information is found by build id", async () => {
  using build = sampleBuild();
  const { stones } = await packaged(build);
  const parse = (bytes: Uint8Array) => parseElf((at, length) => bytes.subarray(at, at + length), bytes.byteLength);
  const program = stones.get("greet")?.body("bin/greet") ?? new Uint8Array();
  const elf = parse(program);
  expect(elf?.stripped).toBe(true);
  const id = elf?.buildId ?? "";
  const debug = stones.get("greet-dbginfo")?.body(`lib/debug/.build-id/${id.slice(0, 2)}/${id.slice(2)}.debug`);
  const debugElf = parse(debug ?? new Uint8Array());
  expect(debugElf?.debug).toBe(true);
  expect(debugElf?.buildId).toBe(id);
  const COMPRESSED = 0x800;
  expect(debugElf?.sections.find((section) => section.name === ".debug_info")?.flags).toBe(COMPRESSED);
  // A library keeps what linking with it needs.
  const library = parse(stones.get("greet-libs")?.body("lib/libgreet.so.1.0") ?? new Uint8Array());
  expect(library?.debug).toBe(false);
  expect(library?.dynamic?.soname).toBe("libgreet.so.1");
});

const gdb = haveCompiler && spawnSync("gdb", ["--version"]).status === 0;

test.skipIf(!gdb)("a debugger with the debug package shows source lines", async () => {
  using build = sampleBuild();
  const { stones } = await packaged(build);
  const there = join(build.folder, "there");
  for (const stone of stones.values()) {
    for (const [path, entry] of stone.entries) {
      if (entry.kind === "regular") put(there, `usr/${path}`, stone.body(path), 0o755);
    }
  }
  const command = [`set debug-file-directory ${there}/usr/lib/debug`, `file ${there}/usr/bin/greet`, "info line main"];
  const out = spawnSync("gdb", ["-batch", "-nx", ...command.flatMap((line) => ["-ex", line])], { encoding: "utf8" });
  expect(out.stdout).toMatch(/Line 3 of "main\.c"/);
});

test.skipIf(!haveCompiler)("the same install folder gives the same stones, byte for byte", async () => {
  using build = sampleBuild();
  const first = await packaged(build);
  const second = await packaged(build, {
    outFolder: join(build.folder, "again"),
    scratchFolder: join(build.folder, "other"),
    jobs: 1,
  });
  expect(second.result.packages.map((item) => item.sha256)).toEqual(first.result.packages.map((item) => item.sha256));
});

test.skipIf(!haveCompiler)(
  "archives and objects lose debug information; objects for link-time optimisation stay",
  async () => {
    using build = sampleBuild();
    const compile = (...options: string[]) => {
      const done = spawnSync("gcc", ["-g", "-c", "-o", "greet.o", "greet.c", ...options], { cwd: build.folder });
      if (done.status !== 0) throw new Error(done.stderr.toString());
      return readFileSync(join(build.folder, "greet.o"));
    };
    const archive = (name: string) => {
      spawnSync("ar", ["rcs", join(build.install, "usr/lib", name), "greet.o"], { cwd: build.folder });
      return readFileSync(join(build.install, "usr/lib", name));
    };
    const object = compile();
    put(build.install, "usr/lib/crt.o", object);
    const plain = archive("libplain.a");
    compile("-flto", "-ffat-lto-objects");
    archive("libfat.a");
    put(build.install, "usr/lib/lto.o", compile("-flto"));
    const lto = archive("liblto.a");
    const { stones } = await packaged(build);
    const fat = stones.get("greet-devel")?.body("lib/libfat.a") ?? new Uint8Array();
    expect(Buffer.from(fat).includes(".gnu.lto_")).toBe(false);
    expect(Buffer.from(fat).includes(".debug_info")).toBe(false);
    const body = (name: string) =>
      stones.get(name.endsWith(".a") ? "greet-devel" : "greet")?.body(`lib/${name}`).byteLength;
    expect(body("libplain.a")).toBeLessThan(plain.byteLength / 2);
    expect(body("crt.o")).toBeLessThan(object.byteLength);
    expect(body("liblto.a")).toBe(lto.byteLength);
    expect(body("lto.o")).toBe(readFileSync(join(build.folder, "greet.o")).byteLength);
  },
);

test.skipIf(!haveCompiler)("a program with data behind its end is left whole, with a warning", async () => {
  using build = sampleBuild();
  appendFileSync(join(build.install, "usr/bin/greet"), "payload".repeat(1000));
  const warnings: string[] = [];
  const { stones } = await packaged(build, {
    onEvent: (event) => {
      if (event.type === "warning") warnings.push(`${event.path}: ${event.text}`);
    },
  });
  expect(warnings.filter((text) => text.startsWith("/usr"))).toEqual([
    "/usr/bin/greet: not stripped: data follows the end of the program",
  ]);
  expect(Buffer.from(stones.get("greet")?.body("bin/hello") ?? "").toString("latin1")).toEndWith("payload");
});

test.skipIf(!haveCompiler)("a recipe can keep its programs as they are", async () => {
  using build = sampleBuild(`${SAMPLE_RECIPE}strip: false\ndebug: false\n`);
  const { stones } = await packaged(build);
  const bytes = stones.get("greet")?.body("bin/greet") ?? new Uint8Array();
  expect(parseElf((at, length) => bytes.subarray(at, at + length), bytes.byteLength)?.debug).toBe(true);
  expect(stones.has("greet-dbginfo")).toBe(false);
});

test.skipIf(!haveCompiler)("a failing strip is fatal and names the file", async () => {
  using build = sampleBuild();
  const full = () => Promise.resolve({ code: 1, stdout: "", stderr: "file format not recognized" });
  const error = await failure(packageInstall(optionsOf(build, { tools: hostTools("objcopy", full) })));
  expect(error.code).toBe("package.strip");
  expect(error.message).toMatch(/^Cannot strip "\/usr\/.*": objcopy ended with 1: file format not recognized$/);
  expect(existsSync(join(build.folder, "out"))).toBe(false);
});

test.skipIf(!haveCompiler)("a tool that is not installed is told by name", async () => {
  using build = sampleBuild();
  const error = await failure(packageInstall(optionsOf(build, { tools: hostTools("/nowhere/objcopy") })));
  expect([error.code, error.hint]).toEqual([
    "package.strip",
    "Install the package binutils (for the LLVM toolchain: llvm).",
  ]);
});

test("files outside /usr are refused by name", async () => {
  using build = sampleBuild(SAMPLE_RECIPE, false);
  put(build.install, "etc/greet.conf", "x");
  mkdirSync(join(build.install, "var/lib/greet"), { recursive: true });
  const error = await failure(packageInstall(optionsOf(build)));
  expect(error.code).toBe("package.path");
  expect(error.message).toContain("/etc/greet.conf, /var/lib/greet");
});

test("a path that no rule takes is refused by name", async () => {
  using build = sampleBuild(SAMPLE_RECIPE, false);
  const error = await failure(packageInstall(optionsOf(build, { templates: [] })));
  expect(error.message).toContain("no rule matches it");
});

test("needs that nothing known gives are named with the file they came from", async () => {
  using build = sampleBuild(SAMPLE_RECIPE, false);
  const { result } = await packaged(build, { known: (text) => text !== "python(requests)" });
  expect(result.unresolved).toEqual([
    {
      package: "greet-python",
      dependency: "python(requests)",
      sources: [{ path: "/usr/lib/python3.11/site-packages/greet-1.2.dist-info/METADATA", handler: "python" }],
    },
  ]);
});

test("bytecode of another source is left out with a warning", async () => {
  using build = sampleBuild(SAMPLE_RECIPE, false);
  const pyc = new Uint8Array(20);
  pyc.set([0xa7, 0x0d, 0x0d, 0x0a]);
  put(build.install, "usr/lib/python3.11/site-packages/greet/__pycache__/__init__.cpython-311.pyc", pyc);
  const events: string[] = [];
  const { stones } = await packaged(build, {
    onEvent: (event) => {
      if (event.type === "warning") events.push(`${event.path}: ${event.text}`);
    },
  });
  expect(events).toHaveLength(2);
  expect(events[0]).toMatch(/__init__\.cpython-311\.pyc: left out/);
  // Nothing native was built, so one rule of the recipe has nothing to take.
  expect(events[1]).toMatch(/^stone\.yaml:\d+: the path ".*libgreet\.so\.\*" of greet-libs matches no installed file$/);
  expect([...(stones.get("greet-python")?.entries.keys() ?? [])].filter((path) => path.endsWith(".pyc"))).toEqual([]);
});

test("a package without files is written only where the recipe says that it is empty", async () => {
  using build = sampleBuild(SAMPLE_RECIPE, false);
  const { stones } = await packaged(build);
  expect(stones.get("greet-all")?.entries.size).toBe(0);
  expect(stones.has("greet-docs")).toBe(false);
});

const llvm = haveCompiler && spawnSync("llvm-objcopy", ["--version"]).status === 0;

test.skipIf(!llvm)("the LLVM toolchain splits and strips too, and the program still runs", async () => {
  using build = sampleBuild(SAMPLE_RECIPE.replace("toolchain: gnu", "toolchain: llvm"));
  const { stones } = await packaged(build);
  expect(stones.get("greet-dbginfo")?.entries.size).toBe(3);
  const there = join(build.folder, "there");
  const program = put(there, "greet", stones.get("greet")?.body("bin/greet") ?? "", 0o755);
  put(there, "libgreet.so.1", stones.get("greet-libs")?.body("lib/libgreet.so.1.0") ?? "");
  expect(spawnSync(program, { env: { LD_LIBRARY_PATH: there }, encoding: "utf8" }).stdout).toBe("hello\n");
});
