// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Libraries, loaders and the links between packages, read out of ELF files. */
import { afterEach, expect, test } from "bun:test";
import { type DebSpec, hasDpkgDeb } from "#tests/support/debs";
import { type ElfSample, elfSample } from "#tests/support/elf-sample";
import { importAll, removeTemporary } from "#tests/support/imported";

afterEach(removeTemporary);
const it = test.skipIf(!hasDpkgDeb);

const LIB = "/usr/lib/x86_64-linux-gnu";
const LOADER = "/lib64/ld-linux-x86-64.so.2";
const library = (soname: string, more: ElfSample = {}) => elfSample({ type: 3, soname, ...more });
const program = (needed: readonly string[], more: ElfSample = {}) =>
  elfSample({ type: 2, interpreter: LOADER, needed, ...more });

const LIBC: DebSpec = {
  name: "libc",
  files: {
    [`${LIB}/libc.so.6`]: library("libc.so.6"),
    [`${LIB}/ld-linux-x86-64.so.2`]: library("ld-linux-x86-64.so.2"),
    "/lib64/ld-linux-x86-64.so.2": { link: "/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2" },
  },
};
const imported = async (...specs: DebSpec[]) => await importAll([LIBC, ...specs], { machine: "x86_64" });

it("programs need their libraries and their loader by name", async () => {
  const stones = await imported(
    {
      name: "foo",
      files: {
        [`${LIB}/libfoo.so.1.2`]: library("libfoo.so.1", { needed: ["libc.so.6"] }),
        [`${LIB}/libfoo.so.1`]: { link: "libfoo.so.1.2" },
      },
    },
    { name: "foo-dev", files: { [`${LIB}/libfoo.so`]: { link: "libfoo.so.1.2" } } },
    { name: "app", files: { "/usr/bin/app": program(["libfoo.so.1", "libc.so.6"]) } },
  );
  expect(stones.get("app")?.depends).toEqual([
    `interpreter(${LOADER}(x86_64))`,
    "soname(libc.so.6(x86_64))",
    "soname(libfoo.so.1(x86_64))",
  ]);
  expect(stones.get("foo")?.provides).toEqual(["soname(libfoo.so.1(x86_64))"]);
  expect(stones.get("foo")?.depends).toEqual(["soname(libc.so.6(x86_64))"]);
  // What only the linker asks for helps nobody who runs.
  expect(stones.get("foo-dev")?.provides).toEqual([]);
  expect(stones.get("libc")?.provides).toContain(`interpreter(${LOADER}(x86_64))`);
});

it("a library of a private folder is named below that folder", async () => {
  const stones = await imported(
    { name: "engine", files: { [`${LIB}/engine/libinner.so`]: library("libinner.so") } },
    { name: "user", files: { "/usr/bin/user": program(["libinner.so"], { runpath: `${LIB}/engine` }) } },
    { name: "lost", files: { "/usr/bin/lost": program(["libinner.so"]) } },
  );
  expect(stones.get("user")?.depends).toContain("soname(engine/libinner.so(x86_64))");
  expect(stones.get("engine")?.provides).toEqual(["soname(engine/libinner.so(x86_64))"]);
  expect(stones.get("lost")?.depends).toEqual([`interpreter(${LOADER}(x86_64))`]);
  expect(stones.get("lost")?.losses).toContainEqual({
    kind: "soname",
    subject: "libinner.so(x86_64)",
    detail: `/usr/bin/lost needs it; only ${LIB}/engine/libinner.so is there, off its search path`,
  });
});

it("a library beside the program, found through $ORIGIN, is no dependency", async () => {
  const stones = await imported({
    name: "bundle",
    files: {
      "/usr/lib/bundle/main": program(["libown.so"], { runpath: "$ORIGIN/lib" }),
      "/usr/lib/bundle/lib/libown.so": library("libown.so"),
    },
  });
  expect(stones.get("bundle")?.depends).toEqual([`interpreter(${LOADER}(x86_64))`]);
  expect(stones.get("bundle")?.losses).toEqual([
    { kind: "licence", subject: "bundle", detail: "no machine-readable copyright file" },
  ]);
});

it("what nothing in the set is becomes no dependency but a loss", async () => {
  const stones = await imported({
    name: "app",
    files: { "/usr/bin/app": program(["libgone.so.3"], { interpreter: "/lib/ld-odd.so.1" }) },
  });
  expect(stones.get("app")?.depends).toEqual([]);
  expect(stones.get("app")?.losses.filter((loss) => loss.kind === "soname")).toEqual([
    {
      kind: "soname",
      subject: "/lib/ld-odd.so.1",
      detail: "the loader of /usr/bin/app; nothing in the set is it",
    },
    {
      kind: "soname",
      subject: "libgone.so.3(x86_64)",
      detail: "/usr/bin/app needs it; nothing in the set is it",
    },
  ]);
});

it("machines are told apart", async () => {
  const stones = await imported(
    { name: "narrow", files: { "/usr/lib32/libz.so.1": library("libz.so.1", { bits: 32, machine: 3 }) } },
    { name: "wide", files: { [`${LIB}/libz.so.1`]: library("libz.so.1") } },
    { name: "app", files: { "/usr/bin/app": program(["libz.so.1"], { bits: 32, machine: 3 }) } },
  );
  expect(stones.get("narrow")?.provides).toEqual(["soname(libz.so.1(386))"]);
  expect(stones.get("wide")?.provides).toEqual(["soname(libz.so.1(x86_64))"]);
  expect(stones.get("app")?.depends).toContain("soname(libz.so.1(386))");
});

it("detached debug information and damaged files give nothing", async () => {
  const damaged = program(["libc.so.6"]).slice(0, 70);
  const stones = await imported({
    name: "odd",
    files: {
      "/usr/lib/debug/.build-id/ab/cd.debug": library("libghost.so.1"),
      "/usr/bin/damaged": damaged,
    },
  });
  expect(stones.get("odd")?.provides).toEqual(["binary(damaged)"]);
  expect(
    stones.get("odd")?.losses.some((loss) => loss.kind === "capability" && loss.subject === "/usr/bin/damaged"),
  ).toBe(true);
});
