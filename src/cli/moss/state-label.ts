// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** `moss state label`. */
import { Failure } from "#base/errors";
import { openMade } from "#cli/moss/engine";
import { stateNumber, waitOf } from "#cli/moss/root";
import { oneLine } from "#cli/moss/text";
import type { Invocation } from "#cli/spec";
import { labelState } from "#transition/label";

const LONGEST = 200;

export async function run(invocation: Invocation): Promise<void> {
  const { ui, operands, command } = invocation;
  const id = stateNumber(operands[0] ?? "");
  const label = oneLine(operands.slice(1).join(" "));
  if (label.length > LONGEST) {
    throw new Failure(
      "usage",
      `Cannot label the state "${id}": ${label.length} characters, expected at most ${LONGEST}`,
    );
  }
  using moss = await openMade(invocation);
  moss.root.state(id);
  labelState(moss.root, id, label, { command, wait: waitOf(invocation) });
  ui.event({ type: "labelled", state: id, label });
  ui.say(label === "" ? `State ${id} has no label.` : `State ${id} is labelled "${label}".`);
}
