// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** What failed builds say is missing, in the words of the programs that said it, and who gives it. */
import { expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { findMissing, missingText } from "#boulder/phases/missing";
import { Offers } from "#boulder/root/resolve";
import { makeStone } from "#tests/crash/stones";
import { offer } from "#tests/support/offers";
import { offersOf } from "#tests/support/scenario";

const giving = (name: string, capability: string) => offer(name, { provides: [capability] });

const ALL = [
  giving("bison", "binary(bison)"),
  giving("flex", "binary(flex)"),
  giving("python3", "binary(python3)"),
  giving("zlib-devel", "pkgconfig(zlib)"),
  giving("curl-devel", "pkgconfig(libcurl)"),
  giving("qt-devel", "cmake(Qt6Core)"),
  giving("python-wheel", "python(wheel)"),
  giving("perl-uri", "perl(URI::Escape)"),
];
const OFFERS = new Offers({ ...offersOf(ALL), best: () => ALL });

/** `thing: dependency` for each thing that an output says is missing. */
function missing(output: string): string[] {
  return findMissing(output.split("\n"), OFFERS).map(({ what, dependency }) => `${what}: ${dependency}`);
}

test("programs: the shell's, make's, env's and the kernel's words", () => {
  for (const line of [
    "/mason/scripts/x86_64-build.sh: line 59: bison: command not found",
    "make[2]: bison: No such file or directory",
    "env: ‘bison’: No such file or directory",
    "./gen: /usr/bin/bison: bad interpreter: No such file or directory",
    "Program 'bison' not found or not executable",
    "WARNING: 'bison' is missing on your system.",
    "make failedNo such file or directory - bison",
  ]) {
    expect([line, ...missing(line)]).toEqual([line, "the program bison: binary(bison)"]);
  }
  expect(missing("make: *** No rule to make target 'bison'.  Stop.")).toEqual([]);
});

test("modules of pkg-config, CMake, Python and Perl", () => {
  expect(missing("No package 'zlib' found")).toEqual(["the pkg-config file of zlib: pkgconfig(zlib)"]);
  expect(missing('../meson.build:3:0: ERROR: Dependency "zlib" not found, tried pkgconfig and cmake')).toEqual([
    "the pkg-config file of zlib: pkgconfig(zlib)",
  ]);
  expect(missing('  Could not find a package configuration file provided by "Qt6Core" with any')).toEqual([
    "the CMake configuration of Qt6Core: cmake(Qt6Core)",
  ]);
  expect(missing("ModuleNotFoundError: No module named 'wheel'")).toEqual(["the Python module wheel: python(wheel)"]);
  expect(missing("Can't locate URI/Escape.pm in @INC (you may need to install")).toEqual([
    "the Perl module URI::Escape: perl(URI::Escape)",
  ]);
});

test("what CMake looks for by a name of its own is found under the usual ones", () => {
  const failed = (name: string) =>
    `CMake Error at /usr/share/cmake-3.25/Modules/FindPackageHandleStandardArgs.cmake:230 (message):\n  Could NOT find ${name} (missing: X) (Required is\n  at least version "1")`;
  expect(missing(failed("ZLIB"))).toEqual(["ZLIB, which CMake looks for: pkgconfig(zlib)"]);
  expect(missing(failed("CURL"))).toEqual(["CURL, which CMake looks for: pkgconfig(libcurl)"]);
  expect(missing(failed("BISON"))).toEqual(["BISON, which CMake looks for: binary(bison)"]);
  expect(missing(failed("PythonInterp"))).toEqual(["PythonInterp, which CMake looks for: binary(python3)"]);
  expect(missing(failed("Nothing"))).toEqual([]);
  // One that it goes on without.
  expect(missing("-- Could NOT find ZLIB (missing: X)\n-- Configuring incomplete, errors occurred!")).toEqual([]);
});

test("a configure script is read back to the check that it ended for, and no further", () => {
  const output = [
    "checking for bison... no",
    "checking for flex... no",
    "checking for readline... yes",
    ...Array.from({ length: 40 }, (_, i) => `checking for function${i}... yes`),
    "configure: error: readline works only with flex.",
  ].join("\n");
  expect(missing(output)).toEqual(["flex: binary(flex)"]);
  expect(missing("checking for bison... no\nconfigure: error: no acceptable parser generator")).toEqual([
    "bison: binary(bison)",
  ]);
  expect(missing("checking for bison... no\nmake: *** Error 2")).toEqual([]);
});

test("a library of the target's class comes before one of the other", () => {
  const folder = mkdtempSync(join(tmpdir(), "missing-"));
  try {
    const having = (name: string, path: string) => {
      const { path: stone } = makeStone(folder, name, { [path]: "x" });
      return { ...offer(name), url: pathToFileURL(stone).href };
    };
    const both = [having("zlib-32bit-devel", "lib32/libz.so"), having("zlib-devel", "lib/libz.so")];
    const offers = new Offers({ ...offersOf(both), best: () => both });
    const line = ["meson.build:25:0: ERROR: C shared or static library 'z' not found"];
    const named = (narrow: boolean) => findMissing(line, offers, line, narrow).map((item) => item.dependency);
    expect([named(false), named(true)]).toEqual([["zlib-devel"], ["zlib-32bit-devel"]]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("a macro of autoconf is looked for in the files that define some", () => {
  const folder = mkdtempSync(join(tmpdir(), "missing-"));
  try {
    const having = (name: string, file: string, text: string) => {
      const { path: stone } = makeStone(folder, name, { [file]: text, "share/big": "x".repeat(3 << 20) });
      return { ...offer(name), url: pathToFileURL(stone).href };
    };
    const all = [
      having("talks", "share/aclocal/talks.m4", "# AC_PROG_INTLTOOL is what intltool calls it\n"),
      having("elsewhere", "share/doc/intltool.m4", "AC_DEFUN([AC_PROG_INTLTOOL], [])\n"),
      having(
        "intltool",
        "share/aclocal/intltool.m4",
        "AC_DEFUN([IT_PROG], [x])\nAU_ALIAS([AC_PROG_INTLTOOL], [IT_PROG])\n",
      ),
    ];
    const offers = new Offers({ ...offersOf(all), best: () => all });
    const line = "configure.in:11: error: possibly undefined macro: AC_PROG_INTLTOOL";
    expect(findMissing([line], offers).map(({ what, packages }) => [what, packages])).toEqual([
      ["the macro AC_PROG_INTLTOOL of autoconf", ["intltool"]],
    ]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("modules of Python, headers of Ruby and crates are found by their files", () => {
  const folder = mkdtempSync(join(tmpdir(), "missing-"));
  try {
    const having = (name: string, file: string) => {
      const { path: stone } = makeStone(folder, name, { [file]: "x" });
      return { ...offer(name), url: pathToFileURL(stone).href };
    };
    const all = [
      having("poetry-core", "lib/python3/dist-packages/poetry/core/__init__.py"),
      having("six", "lib/python3.14/site-packages/six.py"),
      having("ruby-devel", "include/ruby-3.1.0/ruby.h"),
      having("libffi-devel", "include/ffi.h"),
      having("rust-term", "share/cargo/registry/ansi-term-0.12.1/Cargo.toml"),
      having("rust-term-size", "share/cargo/registry/ansi-term-size-0.3.2/Cargo.toml"),
    ];
    const offers = new Offers({ ...offersOf(all), best: () => all });
    const named = (...lines: string[]) => findMissing(lines, offers).map((item) => item.dependency);
    expect(named("ModuleNotFoundError: No module named 'poetry.core'")).toEqual(["poetry-core"]);
    expect(named("ModuleNotFoundError: No module named 'six'")).toEqual(["six"]);
    expect(named("mkmf.rb can't find header files for ruby at /usr/lib/ruby/include/ruby.h")).toEqual(["ruby-devel"]);
    const gem = "\tERROR: Failed to build gem native extension.";
    expect(named(gem, "checking for ffi.h... no", "checking for stdint.h... yes", "make failed, exit code 2")).toEqual([
      "libffi-devel",
    ]);
    expect(named("checking for ffi.h... no", "all is well")).toEqual([]);
    expect(named("error: no matching package named `ansi_term` found")).toEqual(["rust-term"]);
    expect(named("error: no matching package found", "searched package name: `ansi_term_size`")).toEqual([
      "rust-term-size",
    ]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("the text says what to write into the recipe, or that nothing has it", () => {
  const found = findMissing(["No package 'zlib' found", "No package 'nope' found"], OFFERS);
  expect(missingText(found)).toBe(
    'Missing was the pkg-config file of zlib: zlib-devel has it; add "pkgconfig(zlib)" to builddeps.\nMissing was the pkg-config file of nope; no package of the collections gives it.',
  );
});
