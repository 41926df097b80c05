// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** `version`, of every program. */
import type { Invocation } from "#cli/spec";

export function run({ ui, program, options }: Invocation): void {
  const { name, version } = program;
  const runtime = `Bun ${Bun.version}`;
  const machine = `${process.platform} ${process.arch}`;
  if (ui.json) ui.value({ name, version, runtime, machine });
  else ui.print(options.flag("full") ? `${name} ${version} (${runtime}, ${machine})` : `${name} ${version}`);
}
