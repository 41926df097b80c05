// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Whether files can be links into the store, said before the work begins where they cannot. */
import { existsSync, statSync } from "node:fs";
import { dirname } from "node:path";
import type { Ui } from "#cli/ui";

function device(path: string): number {
  return existsSync(path) ? statSync(path).dev : device(dirname(path));
}

/** Says that files will be copied where the store is on another file system than the tree. */
export function noteCopies(ui: Ui, store: string, target: string): void {
  if (device(store) === device(target)) return;
  ui.note(`The store (${store}) is on another file system than ${target}, so files are copied, not linked.`);
}
