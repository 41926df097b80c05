// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** A small project as its build leaves it: a C library and a program on it, a Python module, manual pages, odd files. */
import { spawnSync } from "node:child_process";
import { chmodSync, linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { loadMacros } from "#boulder/macros/load";
import { packageTemplates } from "#boulder/macros/templates";
import type { PackageDefinition, Recipe } from "#boulder/recipe/model";
import { parseRecipe } from "#boulder/recipe/parse";

export const haveCompiler = spawnSync("gcc", ["--version"]).status === 0;

export const SAMPLE_RECIPE = `name: greet
version: "1.2"
release: 3
homepage: https://example.org/greet
license:
  - MIT
  - Apache-2.0
summary: Says hello
description: A library that says hello, and a program.
toolchain: gnu
compressman: true
builddeps:
  - pkgconfig(zlib)
checkdeps:
  - binary(bash)
packages:
  - "%(name)-libs":
      paths:
        - /usr/lib/libgreet.so.*
  - "%(name)-python":
      summary: Python side of %(name)
      rundeps:
        - "%(name)-libs"
      paths:
        - /usr/lib/python3*
  - "%(name)-all":
      summary: Everything of %(name)
      empty: true
      rundeps:
        - "%(name)"
`;

const LIBRARY =
  'int puts(const char *);\nvoid warn(void) { puts("warning"); }\nconst char *greeting(void) { return "hello"; }\n';
const PROGRAM =
  "#include <stdio.h>\nconst char *greeting(void);\nint main(void) {\n  puts(greeting());\n  return 0;\n}\n";

export interface SampleBuild {
  readonly folder: string;
  readonly install: string;
  readonly recipe: Recipe;
  readonly templates: PackageDefinition[];
  [Symbol.dispose](): void;
}

function compile(folder: string, ...options: string[]): void {
  const command = ["-g", "-O1", "-Wl,--build-id=sha1", `-ffile-prefix-map=${folder}=/src`, ...options];
  const result = spawnSync("gcc", command, { cwd: folder, encoding: "utf8" });
  if (result.status !== 0) throw new Error(result.stderr);
}

/** The recipe and templates of a recipe text. */
export function recipeOf(text: string): { recipe: Recipe; templates: PackageDefinition[] } {
  const { recipe, problems } = parseRecipe("stone.yaml", text);
  if (recipe === undefined) throw new Error(JSON.stringify(problems));
  const library = loadMacros([join(import.meta.dir, "../../data")]);
  return { recipe, templates: packageTemplates(library, ["x86_64"], recipe) };
}

/** Writes a file below a folder, with the folders on its way. */
export function put(folder: string, path: string, body: string | Uint8Array, mode = 0o644): string {
  const file = join(folder, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, body);
  chmodSync(file, mode);
  return file;
}

/** Builds the sample; dispose it with `using`. Needs gcc where `native` is true. */
export function sampleBuild(text = SAMPLE_RECIPE, native = haveCompiler): SampleBuild {
  const folder = mkdtempSync(join(tmpdir(), "sample-build-"));
  const install = join(folder, "install");
  if (native) {
    put(folder, "greet.c", LIBRARY);
    put(folder, "main.c", PROGRAM);
    mkdirSync(join(install, "usr/lib/app"), { recursive: true });
    mkdirSync(join(install, "usr/bin"), { recursive: true });
    const library = join(install, "usr/lib/libgreet.so.1.0");
    compile(folder, "-shared", "-fPIC", "-Wl,-soname,libgreet.so.1", "-o", library, "greet.c");
    symlinkSync("libgreet.so.1.0", join(install, "usr/lib/libgreet.so.1"));
    symlinkSync("libgreet.so.1", join(install, "usr/lib/libgreet.so"));
    compile(folder, "-o", join(install, "usr/bin/greet"), "main.c", library);
    linkSync(join(install, "usr/bin/greet"), join(install, "usr/bin/hello"));
    compile(folder, "-shared", "-fPIC", "-o", join(install, "usr/lib/app/plugin.so"), "greet.c");
  }
  put(install, "usr/include/greet.h", "const char *greeting(void);\n");
  put(
    install,
    "usr/lib/pkgconfig/greet.pc",
    "Name: greet\nVersion: 1.2\nRequires.private: zlib >= 1.2\nLibs: -lgreet\n",
  );
  put(install, "usr/lib/libgreet.la", "libdir='/usr/lib'\n");
  put(install, "usr/bin/greet-py", "#!/usr/bin/python3\nimport greet\n", 0o755);
  put(install, "usr/lib/python3.11/site-packages/greet/__init__.py", "WORD = 'hello'\n");
  put(
    install,
    "usr/lib/python3.11/site-packages/greet-1.2.dist-info/METADATA",
    "Metadata-Version: 2.1\nName: Greet\nRequires-Dist: requests\n",
  );
  put(install, "usr/share/man/man1/greet.1", ".TH GREET 1\n");
  symlinkSync("greet.1", join(install, "usr/share/man/man1/hello.1"));
  put(install, "usr/share/man/man3/greeting.3pm", ".TH GREETING 3\n");
  put(install, "usr/libexec/greet-helper", "#!/bin/sh\n", 0o4755);
  mkdirSync(join(install, "usr/share/greet/empty"), { recursive: true });
  mkdirSync(join(install, "usr/share/greet/private"), { mode: 0o700 });
  put(install, "usr/share/greet/private/key", "secret\n", 0o600);
  return {
    folder,
    install,
    ...recipeOf(text),
    [Symbol.dispose]: () => {
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
