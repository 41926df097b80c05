// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** What dynamic linking asks of one file. */
import { Failure } from "#base/errors";
import { isDebugFile } from "#capabilities/elf";
import type { PackageFile } from "#capabilities/file";
import type { ScannedElf } from "#deb/scan-model";
import { parseElf } from "#formats/elf";

/** Detached debug information looks like a library but is none. @param path relative to /usr. */
export function isDebug(path: string): boolean {
  return isDebugFile(`/usr/${path}`);
}

/** The facts of a file that takes part in dynamic linking; no `elf` for all others, a `problem` where it is damaged. */
export function elfOf(file: PackageFile): { readonly elf?: ScannedElf; readonly problem?: string } {
  try {
    const elf = parseElf(file.readAt, file.size);
    if (elf === undefined || (elf.type !== "shared" && elf.type !== "executable")) return {};
    const { dynamic, interpreter } = elf;
    if (dynamic === undefined && interpreter === undefined) return {};
    // The x32 ABI has the machine of x86_64 in files of 32 bits; its libraries are no use to either.
    const isa = elf.machine === "x86_64" && elf.bits === 32 ? "x32" : elf.machine;
    const { soname, needed = [], runpath = [], rpath = [] } = dynamic ?? {};
    return {
      elf: {
        path: file.path.replace(/^\/usr\//, ""),
        isa,
        shared: elf.type === "shared",
        ...(soname === undefined ? {} : { soname }),
        needed,
        search: runpath.length > 0 ? runpath : rpath,
        ...(interpreter === undefined ? {} : { interpreter }),
      },
    };
  } catch (error) {
    if (error instanceof Failure) return { problem: error.message };
    throw error;
  }
}
