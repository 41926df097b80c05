// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Nodes of states' trees that are lost or damaged, made again from the packages of the states. */
import { Failure } from "#base/errors";
import type { ReadTransaction } from "#moss-db/index";
import { decodeFiles } from "#store/files";
import { GENERATED, generatedRecord } from "#transition/os-release";
import type { Problem } from "#transition/problems";
import type { MossRoot } from "#transition/root";
import { FILES, NODES, STATES, type StateRecord } from "#transition/schema";
import { readSelections } from "#transition/selections";
import type { PackageFiles } from "#tree/entry";
import { type MergedTree, mergeAll } from "#tree/merge";

/** Writes the nodes of every state whose tree comes out as recorded. What cannot be had again a second check shows. */
export function restoreNodes(root: MossRoot, problems: readonly Problem[]): void {
  if (!problems.some((problem) => problem.where === "database" && problem.what === "node")) return;
  for (const state of root.states()) {
    const tree = root.view((tx) => mergeState(tx, state));
    if (tree?.key !== state.tree.key) continue;
    root.database.update((tx) => {
      for (const [key, node] of tree.nodes) tx.bucket(NODES).set(key, node);
    });
  }
}

function mergeState(tx: ReadTransaction, state: StateRecord): MergedTree | undefined {
  if (!tx.bucket(STATES).has(state.id)) return undefined;
  try {
    const packages: PackageFiles[] = readSelections(tx, state.selections).map(({ id, name }) => {
      const encoded = tx.bucket(FILES).get(id);
      return { name, records: encoded === undefined ? [] : decodeFiles(encoded) };
    });
    const generated = generatedRecord(state.osRelease);
    if (generated !== undefined) packages.push({ name: GENERATED, records: [generated] });
    return mergeAll(packages);
  } catch (error) {
    if (error instanceof Failure) return undefined;
    throw error;
  }
}
