// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** The name of this machine's architecture as ELF, stones and sonames have it. */

const MACHINES: Readonly<Record<string, string>> = { x64: "x86_64", arm64: "aarch64" };

/** The machine's name as sonames and stones have it: `x86_64`. */
export function machineName(): string {
  return MACHINES[process.arch] ?? process.arch;
}
