// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Where things are inside a build root, and what its compilers are called. */
import { posix } from "node:path";
import type { Recipe, Toolchain, Upstream } from "../recipe/model";

/** Folders as a script sees them. Fixed, so that their names in the output never depend on the machine. */
export const GUEST = {
  base: "/mason",
  build: "/mason/build",
  install: "/mason/install",
  recipe: "/mason/recipe",
  package: "/mason/recipe/pkg",
  sources: "/mason/sourcedir",
  scripts: "/mason/scripts",
  /** Names of compilers that lead to ccache, before the compilers themselves in PATH. */
  compilers: "/mason/compilers",
  ccache: "/mason/ccache",
  sccache: "/mason/sccache",
  gocache: "/mason/gocache",
  gomodcache: "/mason/gomodcache",
  cargocache: "/mason/cargocache",
  zigcache: "/mason/zigcache",
} as const;

/** The build folder of a target and that of its recorded profiles. */
export function buildFolder(target: string): string {
  return `${GUEST.build}/${target}`;
}

export function pgoFolder(target: string): string {
  return `${buildFolder(target)}-pgo`;
}

/** The upstream whose folder scripts begin in: the first that is unpacked. */
function mainUpstream(recipe: Recipe): Upstream | undefined {
  return recipe.upstreams.find((upstream) => upstream.kind === "git" || upstream.unpack);
}

/** Where scripts begin: the folder of the main upstream, or the build folder itself. */
export function workFolder(recipe: Recipe, target: string): string {
  const upstream = mainUpstream(recipe);
  const folder = buildFolder(target);
  return upstream === undefined ? folder : posix.join(folder, upstream.directory);
}

const LLVM = {
  c: "clang",
  cxx: "clang++",
  objc: "clang",
  objcxx: "clang++",
  cpp: "clang-cpp",
  objcpp: "clang -E -",
  objcxxcpp: "clang++ -E",
  d: "ldc2",
  ar: "llvm-ar",
  ld: "ld.lld",
  objcopy: "llvm-objcopy",
  nm: "llvm-nm",
  ranlib: "llvm-ranlib",
  strip: "llvm-strip",
} as const;

const GNU: Readonly<Record<keyof typeof LLVM, string>> = {
  c: "gcc",
  cxx: "g++",
  objc: "gcc",
  objcxx: "g++",
  cpp: "gcc -E",
  objcpp: "gcc -E",
  objcxxcpp: "g++ -E",
  d: "ldc2",
  ar: "gcc-ar",
  ld: "ld.bfd",
  objcopy: "objcopy",
  nm: "gcc-nm",
  ranlib: "gcc-ranlib",
  strip: "strip",
};

/** The tools of a toolchain by the names that macros know them by (`compiler_c`, `compiler_ar`, ...). */
export function compilerNames(toolchain: Toolchain, mold: boolean): Map<string, string> {
  const tools = { ...(toolchain === "llvm" ? LLVM : GNU), ...(mold ? { ld: "ld.mold" } : {}) };
  return new Map(Object.entries(tools).map(([id, tool]) => [`compiler_${id}`, tool]));
}
