// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Names of machines and file types in ELF headers. Numbers: the System V ABI's registry of e_machine and e_type. */

const MACHINES: ReadonlyMap<number, string> = new Map([
  [0, "none"],
  [2, "sparc"],
  [3, "386"],
  [4, "68k"],
  [8, "mips"],
  [15, "parisc"],
  [18, "sparc32plus"],
  [20, "ppc"],
  [21, "ppc64"],
  [22, "s390"],
  [40, "arm"],
  [42, "sh"],
  [43, "sparcv9"],
  [50, "ia_64"],
  [62, "x86_64"],
  [83, "avr"],
  [94, "xtensa"],
  [164, "hexagon"],
  [183, "aarch64"],
  [190, "cuda"],
  [224, "amdgpu"],
  [243, "riscv"],
  [247, "bpf"],
  [252, "csky"],
  [258, "loongarch"],
]);

/** The machine's name as it stands in sonames, `x86_64` in `soname(libz.so.1(x86_64))`; `machine-N` where unknown. */
export function machineName(id: number): string {
  return MACHINES.get(id) ?? `machine-${id}`;
}

export type ElfType = "relocatable" | "executable" | "shared" | "core" | "other";

const TYPES: readonly (ElfType | undefined)[] = [undefined, "relocatable", "executable", "shared", "core"];

/** The file type. Position-independent programs are "shared" too; `pie` tells them apart. */
export function elfType(id: number): ElfType {
  return TYPES[id] ?? "other";
}
