// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Part of the bench `transaction`: writes the live tree of a root in full, elsewhere. `_blit.ts ROOT OUT` prints milliseconds. */
import { mkdirSync } from "node:fs";
import { syncFileSystem } from "#sys/sync";
import { MossRoot } from "#transition/root";
import { TreeSource } from "#transition/source";
import { blitTo } from "#transition/staging";

const [directory = "", out = ""] = process.argv.slice(2);
using root = MossRoot.open(directory, { readOnly: true });
const state = root.active();
if (state === undefined) throw new Error(`${directory} has no state`);
mkdirSync(out);
const started = performance.now();
root.view((tx) => blitTo(root, new TreeSource(tx), out, state.tree, () => {}));
const linked = performance.now();
syncFileSystem(out);
console.log(`${(linked - started).toFixed(1)} ${(performance.now() - linked).toFixed(1)}`);
