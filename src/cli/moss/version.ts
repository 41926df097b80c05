// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** `moss version`. */
import type { Invocation } from "#cli/spec";

export function run({ ui, program }: Invocation): void {
  if (ui.json) ui.value({ name: program.name, version: program.version });
  else ui.print(`${program.name} ${program.version}`);
}
