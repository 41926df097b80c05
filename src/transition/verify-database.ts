// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Whether everything that the states name is in the database, and is what its key says. */
import { describeError, Failure } from "#base/errors";
import type { PackageId } from "#model/package";
import type { ReadTransaction } from "#moss-db/index";
import { decodeFiles } from "#store/files";
import { xattrsDigest } from "#store/xattrs";
import type { Problem } from "#transition/problems";
import { ATTRIBUTES, FILES, NODES, PACKAGES, STATES, type StatePackage, TEXTS, TREES } from "#transition/schema";
import { readSelections } from "#transition/selections";
import { childKeys, decodeNode, encodeAgain } from "#tree/node";

/** Gives the problems of the database, and calls `onNode` as nodes are done. */
export function verifyDatabase(tx: ReadTransaction, onNode: (done: number) => void): Problem[] {
  const problems: Problem[] = [];
  const packages = new Map<PackageId, string>();
  const roots = new Map<string, string>();
  for (const state of tx.bucket(STATES).values()) {
    roots.set(state.tree.key, `of state ${state.id}`);
    if (!tx.bucket(TEXTS).has(state.systemModel)) {
      problems.push({ where: "database", what: "state", name: String(state.id), found: "its system model is missing" });
    }
    for (const { id, name } of selectionsOf(tx, state.id, state.selections, state.packages, problems))
      packages.set(id, name);
  }
  for (const [place, tree] of tx.bucket(TREES).entries()) roots.set(tree.tree.key, `of the tree ${place}`);
  for (const id of tx.bucket(PACKAGES).keys()) if (!packages.has(id)) packages.set(id, id);
  for (const [id, name] of packages) {
    const found = damageOfPackage(tx, id);
    if (found !== undefined)
      problems.push({ where: "database", what: "package", name: name === id ? id : `${name} ${id}`, found });
  }
  return [...problems, ...verifyNodes(tx, roots, onNode)];
}

function selectionsOf(
  tx: ReadTransaction,
  id: number,
  parts: Readonly<Record<string, string>>,
  count: number,
  problems: Problem[],
): StatePackage[] {
  const report = (found: string) =>
    problems.push({ where: "database", what: "selections", name: `of state ${id}`, found });
  try {
    const list = readSelections(tx, parts);
    if (list.length !== count) report(`${list.length} packages, expected ${count}`);
    return list;
  } catch (error) {
    report(describeError(error));
    return [];
  }
}

/** What is wrong with the rows of a package, or undefined. */
export function damageOfPackage(tx: ReadTransaction, id: PackageId): string | undefined {
  if (!tx.bucket(PACKAGES).has(id)) return "missing";
  const encoded = tx.bucket(FILES).get(id);
  if (encoded === undefined) return "its list of files is missing";
  try {
    for (const { path, xattrs } of decodeFiles(encoded)) {
      const found = xattrs === undefined ? undefined : tx.bucket(ATTRIBUTES).get(xattrs);
      if (xattrs !== undefined && (found === undefined || xattrsDigest(found) !== xattrs)) {
        return `the attributes of usr/${path} are missing`;
      }
    }
    return undefined;
  } catch (error) {
    return describeError(error);
  }
}

function verifyNodes(
  tx: ReadTransaction,
  roots: ReadonlyMap<string, string>,
  onNode: (done: number) => void,
): Problem[] {
  const problems: Problem[] = [];
  const seen = new Set<string>();
  const todo = [...roots.entries()];
  for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
    const [key, path] = next;
    if (seen.has(key)) continue;
    seen.add(key);
    const report = (found: string) => problems.push({ where: "database", what: "node", name: `${key} ${path}`, found });
    const encoded = tx.bucket(NODES).get(key);
    if (encoded === undefined) {
      report("missing");
      continue;
    }
    try {
      const node = decodeNode(encoded);
      if (encodeAgain(node).key !== key) report("another content than its key says");
      for (const child of childKeys(node)) todo.push([child, path]);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      report(error.message);
    }
    onNode(seen.size);
  }
  return problems;
}
