// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** `moss state export`: the system model of a state. */
import { statSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { Failure } from "#base/errors";
import { openReader, stateNumber } from "#cli/moss/root";
import type { Invocation } from "#cli/spec";
import { writeFileAtomic } from "#sys/sync";

export function run(invocation: Invocation): void {
  const { ui, operands, options } = invocation;
  using root = openReader(invocation);
  const state = operands[0] === undefined ? root.active() : root.state(stateNumber(operands[0]));
  if (state === undefined) {
    throw new Failure("state.unknown", `Cannot export a state of "${root.directory}": none is live`);
  }
  const model = root.systemModel(state);
  const given = options.text("output");
  if (given === undefined) {
    if (ui.json) ui.value({ state: state.id, model });
    else ui.print(model.trimEnd());
    return;
  }
  const folder = given === "" || statSync(given, { throwIfNoEntry: false })?.isDirectory() === true;
  const path = folder ? join(given, `system-model-${hostname()}-fstxn-${state.id}.kdl`) : given;
  writeFileAtomic(path, model);
  if (ui.json) ui.value({ state: state.id, path });
  else ui.print(`Wrote ${path}`);
}
