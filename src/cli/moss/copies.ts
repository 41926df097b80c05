// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Whether files can be links into the store, said before the work begins where they cannot. */
import { formatBytes } from "#cli/style";
import type { Ui } from "#cli/ui";
import type { Plan } from "#moss/plan";
import { placingOf } from "#moss/space";
import type { MossRoot } from "#transition/root";

/** Says how files get into a tree, and what that costs, where they cannot be links. `directory` is that of a tree elsewhere. */
export function noteCopies(ui: Ui, root: MossRoot, plan: Plan, directory?: string): void {
  const { strategy, bytes } = placingOf(root, plan, directory);
  if (strategy === "link" || (strategy === "copy" && bytes === 0)) return;
  ui.event({ type: "placing", strategy, bytes });
  const where = `The store (${root.store}) cannot be linked from ${directory ?? root.directory}`;
  ui.note(
    strategy === "clone"
      ? `${where}, so files are cloned: they share their blocks with it.`
      : `${where}, so files are copied: about ${formatBytes(bytes)}.`,
  );
}
