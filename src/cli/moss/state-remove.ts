// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** `moss state prune` and `moss state remove`: states go, and with them what only they need. */
import { finishEarlier, openForAsking, openMade } from "#cli/moss/engine";
import { askToGoOn, sinceStart } from "#cli/moss/result";
import { waitOf } from "#cli/moss/root";
import { fittedTable } from "#cli/moss/table";
import { formatTime, givenBack, oneLine } from "#cli/moss/text";
import { watch } from "#cli/moss/watch";
import type { Invocation } from "#cli/spec";
import { counted, formatDuration } from "#cli/style";
import { statesOf } from "#moss/states";
import { prunable, type RemoveResult, removeStates } from "#transition/prune";
import { liveState } from "#transition/refusals";

const KEEP = 10;

export async function run(invocation: Invocation): Promise<void> {
  const { ui, operands, options, command, verb } = invocation;
  const wait = waitOf(invocation);
  const keep = options.number("keep", 1) ?? KEEP;
  using moss = options.flag("dry-run") ? openForAsking(invocation) : await openMade(invocation);
  const { root } = moss;
  if (!options.flag("dry-run")) await finishEarlier(invocation, moss);
  const states =
    verb.name === "prune"
      ? prunable(root, { keep, includeNewer: options.flag("include-newer") })
      : statesOf(root, operands).map((id) => root.state(id));
  const live = root.active()?.id;
  for (const { id } of states) if (id === live) throw liveState(id);
  ui.event({ type: "plan", remove: states.map(({ id }) => id) });
  if (states.length === 0) {
    ui.say("There is no state to remove.");
    return;
  }
  ui.say(ui.style.bold(`${counted(states.length, "state")} will be removed:`));
  const rows = states.map(({ id, created, summary }) => [String(id), formatTime(created), oneLine(summary)]);
  for (const line of fittedTable(rows, { right: [0], indent: "  " })) ui.say(line);
  if (options.flag("dry-run")) return;
  askToGoOn(ui, "Do you wish to continue?");
  const started = sinceStart();
  using watcher = watch(ui);
  const result = await removeStates(
    root,
    states.map(({ id }) => id),
    { command, wait },
    watcher.on,
  );
  watcher[Symbol.dispose]();
  tell(invocation, result, sinceStart() - started);
}

function tell({ ui }: Invocation, result: RemoveResult, took: number): void {
  const { states, packages, trees, assets, bytes, held, unswept } = result;
  ui.event({ type: "done", states: states.map(({ id }) => id), packages, trees, assets, bytes, held, unswept });
  ui.say(
    `${ui.style.green(`${counted(states.length, "state")} removed`)}: ${counted(packages, "package")}, ${counted(trees, "tree")} and ${counted(assets, "file")} of the store went, ${givenBack(bytes, held)}, in ${formatDuration(took)}.`,
  );
  if (unswept !== undefined) ui.warn(`The store was not swept: ${unswept}`);
}
