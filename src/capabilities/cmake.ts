// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** CMake package files: `FooConfig.cmake` and `foo-config.cmake` are what `find_package` looks for. */
import { baseName, type Handler } from "#capabilities/file";
import { capability } from "#model/dependency";

/** The package that a file describes to CMake, its case kept; undefined for every other file. */
function cmakePackage(name: string): string | undefined {
  const match = /^(.*[^-])Config\.cmake$/.exec(name) ?? /^(.+)-config\.cmake$/.exec(name);
  return match?.[1];
}

export const cmake: Handler = {
  name: "cmake",
  concerns: (file) => file.kind !== "directory" && file.path.endsWith("onfig.cmake"),
  decide(file) {
    const name = cmakePackage(baseName(file.path));
    return name === undefined ? {} : { provides: [capability("cmake", name)] };
  },
};
