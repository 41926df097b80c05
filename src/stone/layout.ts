// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** From raw layout records to entries that may be installed: paths, modes, digests and repeats are judged here. */
import { equalBytes, fromUtf8, hex } from "#base/bytes";
import type { LayoutEntry } from "#model/layout";
import { stoneFailure, TYPE_BITS } from "#stone/format";
import type { LayoutRecord } from "#stone/layout-records";
import { linkDestination, linkProblem, pathProblem } from "#stone/paths";

const TYPE_MASK = 0o170000;
const MODE_MAX = 0o177777;
const DIGEST_SIZE = 16;

/** Judges one record. Throws `stone.path` for a path, `stone.layout` for anything else that is not right. */
function layoutEntry(record: LayoutRecord, name: string): LayoutEntry {
  const { uid, gid, target: path, type, source } = record;
  const problem = pathProblem(path);
  if (problem !== undefined) {
    throw stoneFailure("stone.path", name, `${problem} in ${JSON.stringify(path)}, expected a plain path below /usr`);
  }
  const bad = (what: string) => stoneFailure("stone.layout", name, `${what} at "${path}"`);
  if (type === "unknown") throw bad(`an entry of unknown type ${record.typeId}, expected types 1 to 7,`);
  const bits = record.mode & TYPE_MASK;
  if (record.mode > MODE_MAX || (bits !== 0 && bits !== TYPE_BITS[type])) {
    throw bad(`mode 0${record.mode.toString(8)}, expected the mode of a ${type},`);
  }
  const mode = record.mode & 0o7777;
  if (type === "regular") {
    if (source.byteLength !== DIGEST_SIZE)
      throw bad(`a digest of ${source.byteLength} bytes, expected ${DIGEST_SIZE},`);
    return { kind: type, path, uid, gid, mode, digest: source };
  }
  if (type === "symlink") {
    const target = fromUtf8(source);
    if (target === undefined) throw bad("a link text that is not UTF-8, expected text,");
    const wrong = linkProblem(target);
    if (wrong !== undefined) throw bad(`${wrong}, expected a path,`);
    return { kind: type, path, uid, gid, mode, target };
  }
  if (source.byteLength !== 0) throw bad(`${source.byteLength} bytes of source for a ${type}, expected none,`);
  return { kind: type, path, uid, gid, mode };
}

/** Are two entries the same, wherever they stand? Their attributes come later and do not count. */
export function sameEntry(a: LayoutEntry, b: LayoutEntry): boolean {
  if (a.kind !== b.kind || a.mode !== b.mode || a.uid !== b.uid || a.gid !== b.gid) return false;
  if (a.kind === "regular" && b.kind === "regular") return equalBytes(a.digest, b.digest);
  if (a.kind === "symlink" && b.kind === "symlink") return a.target === b.target;
  return true;
}

/**
 * All entries of a package. The same entry twice counts once; two different ones at one path, an entry below a file,
 * and an entry below a link that leads out of /usr are refused (`stone.layout`, `stone.path`), and more than `most`
 * folders, named or implied (`stone.limit`). An entry below a link that stays within /usr is kept as it is: the tree
 * that it is merged into decides where it goes.
 */
export function layoutEntries(records: readonly LayoutRecord[], name: string, most: number): LayoutEntry[] {
  const byPath = new Map<string, LayoutEntry>();
  for (const record of records) {
    const entry = layoutEntry(record, name);
    const other = byPath.get(entry.path);
    if (other === undefined) byPath.set(entry.path, entry);
    else if (!sameEntry(entry, other)) {
      throw stoneFailure("stone.layout", name, `two different entries at "${entry.path}", expected one`);
    }
  }
  const problem = parentsProblem(byPath, most);
  if (problem !== undefined) throw stoneFailure(problem.code, name, problem.text);
  return [...byPath.values()];
}

/** What is wrong with the parents of entries: one below a file, or below a link that leads out of /usr, or too many. */
export function parentsProblem(byPath: ReadonlyMap<string, LayoutEntry>, most: number): ParentProblem | undefined {
  const judged = new Set<string>();
  for (const path of byPath.keys()) {
    const problem = parentProblem(path, byPath, judged);
    if (problem !== undefined) return problem;
    // A path of 4 KiB implies 2,000 folders: a small file could ask for more of them than any memory holds.
    if (judged.size > most) return { code: "stone.limit", text: `more than ${most} folders, expected fewer` };
  }
  return undefined;
}

export interface ParentProblem {
  readonly code: "stone.layout" | "stone.path" | "stone.limit";
  readonly text: string;
}

function parentProblem(
  path: string,
  byPath: ReadonlyMap<string, LayoutEntry>,
  judged: Set<string>,
): ParentProblem | undefined {
  for (let slash = path.lastIndexOf("/"); slash > 0; slash = path.lastIndexOf("/", slash - 1)) {
    const parent = path.slice(0, slash);
    if (judged.has(parent)) return undefined;
    judged.add(parent);
    const entry = byPath.get(parent);
    if (entry === undefined || entry.kind === "directory") continue;
    if (entry.kind !== "symlink") {
      const text = `"${path}" lies below "${parent}", a ${entry.kind}, expected a directory`;
      return { code: "stone.layout", text };
    }
    if (linkDestination(parent, entry.target) === undefined) {
      const text = `"${path}" lies below "${parent}", a link to "${entry.target}", expected no link out of /usr`;
      return { code: "stone.path", text };
    }
  }
  return undefined;
}

/** Throws `stone.layout` where a regular entry names a body that the package does not hold. */
export function checkBodies(entries: readonly LayoutEntry[], digests: ReadonlySet<string>, name: string): void {
  for (const entry of entries) {
    if (entry.kind === "regular" && !digests.has(hex(entry.digest))) {
      throw stoneFailure("stone.layout", name, `"${entry.path}" has no body in the package, expected one in its index`);
    }
  }
}
