// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** What becomes of the findings of all files of a package. */
import { expect, test } from "bun:test";
import { analyse } from "#capabilities/analyse";
import type { PackageFile } from "#capabilities/file";
import { settle } from "#capabilities/settle";
import { formatCapability, parseCapability } from "#model/dependency";
import { elfSample } from "#tests/support/elf-sample";
import { memoryFile, memorySurroundings } from "#tests/support/package-file";

const around = memorySurroundings();
const analysed = (...files: PackageFile[]) =>
  files.map((file) => ({ path: file.path, analysis: analyse(file, around) }));
const library = (path: string, soname: string, ...needed: string[]) => memoryFile(path, elfSample({ soname, needed }));

test("needs that the package fills itself are dropped, and it is said which and why", () => {
  const files = analysed(
    library("/usr/lib/liba.so.1", "liba.so.1", "libb.so.1", "libhidden.so", "libc.so.6"),
    library("/usr/lib/libb.so.1", "libb.so.1", "libc.so.6"),
    library("/usr/lib/app/libhidden.so", "libhidden.so", "libc.so.6"),
    memoryFile("/usr/bin/tool", "#!/usr/bin/python3\n", 0o755),
    memoryFile("/usr/share/applications/t.desktop", "Exec=gone\n"),
  );
  const settled = settle(files, {
    name: "app",
    stated: [parseCapability("app"), parseCapability("other")],
    dependsExclude: [/^binary\(py/],
    providesExclude: [/^soname\(app\//],
  });
  expect(settled.depends.map(formatCapability)).toEqual(["name(other)", "soname(libc.so.6(x86_64))"]);
  expect(settled.provides.map(formatCapability)).toEqual([
    "binary(tool)",
    "soname(liba.so.1(x86_64))",
    "soname(libb.so.1(x86_64))",
  ]);
  expect(Object.fromEntries(settled.dropped)).toEqual({
    "name(app)": "own",
    "soname(libb.so.1(x86_64))": "own",
    "soname(libhidden.so(x86_64))": "private library",
    "binary(python3)": "excluded",
    "binary(gone)": "nothing provides it",
  });
  expect(settled.sources.get("soname(libc.so.6(x86_64))")?.map((source) => source.path)).toEqual([
    "/usr/lib/liba.so.1",
    "/usr/lib/libb.so.1",
    "/usr/lib/app/libhidden.so",
  ]);
});

test("what a file only wants becomes a dependency where something provides it", () => {
  const files = analysed(memoryFile("/usr/share/applications/t.desktop", "Exec=viewer\n"));
  const settled = settle(files, { name: "t", known: (item) => item.name === "viewer" });
  expect(settled.depends.map(formatCapability)).toEqual(["binary(viewer)"]);
});
