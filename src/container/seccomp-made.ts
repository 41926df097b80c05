// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** The filters as text, made when the programs are built: making one takes a program that has just started 1 ms. */
import { seccompFilter } from "#container/seccomp";

/** Hexadecimal digits of each machine's filters. */
export function filterTexts(): Record<"x64" | "arm64", { plain: string; contains: string }> {
  const of = (arch: string): { plain: string; contains: string } => ({
    plain: seccompFilter(false, arch).toString("hex"),
    contains: seccompFilter(true, arch).toString("hex"),
  });
  return { x64: of("x64"), arm64: of("arm64") };
}
