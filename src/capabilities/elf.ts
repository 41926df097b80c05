// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * Libraries and programs. A library gives `soname(NAME(MACHINE))`, where NAME has the folders below /usr/<folder> in
 * front when it lies deeper; the loader itself gives `interpreter(PATH(MACHINE))` for every path it is known by. A program
 * needs the libraries of DT_NEEDED and its PT_INTERP.
 */
import { posix } from "node:path";
import {
  baseName,
  elfOf,
  type Handler,
  NOTHING,
  type PackageFile,
  parentOf,
  type Surroundings,
} from "#capabilities/file";
import type { ElfFile } from "#formats/elf";
import { type Capability, capability } from "#model/dependency";

/** `libz.so.1(x86_64)`, the name inside soname(...) and interpreter(...). */
export function withMachine(name: string, machine: string): string {
  return `${name}(${machine})`;
}

/** A library's path below the folder that the loader searches: `libz.so.1`, or `foo/libz.so.1` for a nested one. */
function libraryName(path: string, libraryFolders: readonly string[]): string {
  let best = "";
  for (const folder of libraryFolders) {
    if (folder.length > best.length && path.startsWith(`${folder}/`)) best = folder;
  }
  if (best !== "") return path.slice(best.length + 1);
  const parts = path.split("/");
  // "", "usr", "lib", then what the loader would have to be told.
  return parts.length > 3 ? parts.slice(3).join("/") : baseName(path);
}

/** Names by which a loader is asked for: its own path and those of the old folders, by the class of the file. */
function loaderPaths(soname: string, path: string, bits: 32 | 64): string[] {
  const folders = bits === 64 ? ["/usr/lib64", "/lib64", "/lib"] : ["/usr/lib", "/lib32", "/lib"];
  return [...new Set([...folders.map((folder) => `${folder}/${soname}`), path])];
}

function provided(file: PackageFile, elf: ElfFile, around: Surroundings): Capability[] {
  const name = baseName(file.path);
  if (elf.type !== "shared" || elf.dynamic === undefined) return [];
  const { soname } = elf.dynamic;
  const out: Capability[] = [];
  if (soname?.startsWith("ld-") === true && file.path.startsWith("/usr/lib")) {
    for (const path of loaderPaths(soname, file.path, elf.bits)) {
      out.push(capability("interpreter", withMachine(path, elf.machine)));
      out.push(capability("soname", withMachine(path, elf.machine)));
    }
  }
  if (name.includes(".so")) {
    const shown = libraryName(`${parentOf(file.path)}/${soname ?? name}`, around.libraryFolders);
    out.push(capability("soname", withMachine(shown, elf.machine)));
  }
  return out;
}

/** Folders that the loader looks into for this file before its own list: beside it, DT_RUNPATH, DT_RPATH. */
function searchFolders(file: PackageFile, elf: ElfFile, problems: string[]): string[] {
  const own = parentOf(file.path);
  const folders = [own];
  for (const entry of [...(elf.dynamic?.runpath ?? []), ...(elf.dynamic?.rpath ?? [])]) {
    const folder = posix.normalize(entry.replaceAll(/\$\{?ORIGIN\}?/g, own)).replace(/\/$/, "");
    if (folder.startsWith("/usr/") || folder === "/usr") folders.push(folder);
    else if (/^\/(lib|lib32|lib64|bin|sbin)(\/|$)/.test(folder)) folders.push(`/usr${folder}`);
    else if (!folder.includes("$")) problems.push(`the search path "${entry}" leads out of /usr`);
  }
  return folders;
}

/** The path of a needed library where it lies in one of the folders, or where it is needed by a path; undefined else. */
function placeOf(name: string, folders: readonly string[], around: Surroundings): string | undefined {
  if (name.includes("/")) return posix.normalize(name.replace(/^\$\{?ORIGIN\}?/, folders[0] ?? ""));
  const folder = folders.find((candidate) => around.exists(`${candidate}/${name}`));
  if (folder === undefined) return undefined;
  // A link to a library in another folder: that other folder's package gives it. Beside the library itself links only
  // lead from its soname to its version, and the soname is what counts.
  const real = around.realPath?.(`${folder}/${name}`);
  return real === undefined || parentOf(real) === folder ? `${folder}/${name}` : `${parentOf(real)}/${name}`;
}

function needed(file: PackageFile, elf: ElfFile, around: Surroundings, problems: string[]): Capability[] {
  const folders = searchFolders(file, elf, problems);
  const out: Capability[] = [];
  for (const name of elf.dynamic?.needed ?? []) {
    const place = placeOf(name, folders, around);
    const shown = place === undefined ? name : libraryName(place, around.libraryFolders);
    out.push(capability("soname", withMachine(shown, elf.machine)));
  }
  if (elf.interpreter !== undefined) {
    out.push(capability("interpreter", withMachine(elf.interpreter, elf.machine)));
  }
  return out;
}

/** Detached debug information looks like a library but is none. */
export function isDebugFile(path: string): boolean {
  return path.endsWith(".debug") && path.split("/").includes("debug");
}

export const elf: Handler = {
  name: "elf",
  concerns: (file) => file.kind === "regular" && file.size >= 52 && !isDebugFile(file.path),
  decide(file, around) {
    const { elf, problem } = elfOf(file);
    if (elf === undefined) return problem === undefined ? NOTHING : { problems: [problem] };
    if (elf.type !== "shared" && elf.type !== "executable") return NOTHING;
    const problems: string[] = [];
    return { provides: provided(file, elf, around), depends: needed(file, elf, around, problems), problems };
  },
};
