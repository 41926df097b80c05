// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Whether a tree on disk is what its Merkle tree says: everything there, nothing more, each thing as recorded. */
import { accessSync, constants, lstatSync, readdirSync, readFileSync, readlinkSync, type Stats } from "node:fs";
import { errnoCode, Failure } from "#base/errors";
import { checkAttributes, checkFile, checkOwnerAndMode, type Finding, kindOf } from "#store/check";
import { assetName } from "#store/names";
import type { Problem } from "#transition/problems";
import type { TreeSource } from "#transition/source";
import type { Generated } from "#transition/staging";
import type { DirectoryNode, FileNode, RootRef, TreeEntry } from "#tree/entry";
import { loadNode } from "#tree/load";

export interface TreeToCheck {
  readonly place: string;
  /** Path of its `usr`. */
  readonly usr: string;
  readonly tree: RootRef;
  readonly generated: Generated;
}

export interface TreeChecks {
  /** Asset names by the inodes that are known to be right. */
  readonly good: ReadonlyMap<number, string>;
  readonly bytes: boolean;
  /** Paths to look at, and those of the directories above them; all where absent. */
  readonly only?: ReadonlySet<string>;
  /** Called for what this process has no right to look at, of which then nothing is said. Without it, it has every right. */
  readonly onUnread?: (path: string) => void;
  /** Called for files that are right though the store does not have their inode. */
  readonly salvage: (asset: string, path: string) => void;
  readonly onEntry: () => void;
}

/** Calls `report` with each problem of a tree. Directories whose nodes are damaged are passed over: the database's check tells. */
export function verifyTree(
  source: TreeSource,
  what: TreeToCheck,
  checks: TreeChecks,
  report: (problem: Problem) => void,
): void {
  const generated = new Map([
    [".stateID", String(what.generated.state)],
    ["lib/system-model.kdl", what.generated.systemModel],
  ]);
  const tell = (path: string, packages: readonly string[], findings: readonly Finding[]) => {
    for (const finding of findings) {
      report({ where: "tree", place: what.place, state: what.generated.state, path, packages, ...finding });
    }
  };
  const wanted = (path: string) => checks.only?.has(path) ?? true;
  const directory = (path: string, key: string) => {
    const folder = path === "" ? what.usr : `${what.usr}/${path}`;
    if (isClosed(folder, checks, constants.R_OK | constants.X_OK)) return;
    const disk = new Set(names(folder));
    for (const entry of entriesOf(source, key)) {
      const here = path === "" ? entry.name : `${path}/${entry.name}`;
      disk.delete(entry.name);
      if (!wanted(here)) continue;
      checks.onEntry();
      const findings = checkUnlessGone(() => checkEntry(source, `${what.usr}/${here}`, entry, checks));
      tell(here, entry.owners, findings);
      const descend = entry.kind === "directory" && !findings.some(({ difference }) => isAbsent(difference));
      if (descend) directory(here, entry.key);
    }
    for (const name of [...disk].sort()) {
      const here = path === "" ? name : `${path}/${name}`;
      if (wanted(here) && !generated.has(here))
        tell(here, [], [{ difference: "extra", found: "something", expected: "nothing" }]);
    }
  };
  directory("", what.tree.key);
  for (const [path, text] of generated) {
    const file = `${what.usr}/${path}`;
    if (wanted(path) && !isClosed(file, checks, constants.R_OK)) {
      tell(
        path,
        [],
        checkUnlessGone(() => checkGenerated(file, text)),
      );
    }
  }
}

/** Is a path closed to this process? Then it is said to be unread. */
function isClosed(path: string, { onUnread }: TreeChecks, rights: number): boolean {
  if (onUnread === undefined) return false;
  try {
    accessSync(path, rights);
    return false;
  } catch (error) {
    if (errnoCode(error) !== "EACCES") return false;
    onUnread(path);
    return true;
  }
}

/** A writer may take away what is being looked at, such as an old tree; whoever asked finds out whether it may. */
function checkUnlessGone(check: () => Finding[]): Finding[] {
  try {
    return check();
  } catch (error) {
    if (errnoCode(error) !== "ENOENT" && errnoCode(error) !== "ENOTDIR") throw error;
    return [{ difference: "missing", found: "nothing", expected: "what was there a moment ago" }];
  }
}

function isAbsent(difference: Finding["difference"]): boolean {
  return difference === "missing" || difference === "type";
}

function names(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

function entriesOf(source: TreeSource, key: string): readonly TreeEntry[] {
  try {
    return loadNode(source, key);
  } catch (error) {
    if (error instanceof Failure) return [];
    throw error;
  }
}

function checkEntry(source: TreeSource, path: string, entry: TreeEntry, checks: TreeChecks): Finding[] {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return [{ difference: "missing", found: "nothing", expected: `a ${entry.kind}` }];
  if (entry.kind === "file") return checkRegular(source, path, stat, entry, checks);
  const right = entry.kind === "directory" ? stat.isDirectory() : stat.isSymbolicLink();
  if (!right) return [{ difference: "type", found: kindOf(stat), expected: `a ${entry.kind}` }];
  if (entry.kind === "directory") return checkDirectory(source, path, stat, entry);
  const target = readlinkSync(path);
  const findings: Finding[] = checkOwnerAndMode(stat, { ...entry, mode: stat.mode & 0o7777 });
  if (target !== entry.target) findings.push({ difference: "target", found: target, expected: entry.target });
  const encoded = entry.xattrs === undefined ? undefined : source.attributes(entry.xattrs);
  return encoded === undefined
    ? findings
    : [...findings, ...checkAttributes(path, encoded, (name) => !name.startsWith("user."))];
}

function checkRegular(source: TreeSource, path: string, stat: Stats, entry: FileNode, checks: TreeChecks): Finding[] {
  const asset = assetName(entry);
  if (checks.good.get(stat.ino) === asset) return [];
  const attributes = entry.xattrs === undefined ? undefined : source.attributes(entry.xattrs);
  const bytes = checks.bytes && !isClosed(path, checks, constants.R_OK);
  const findings = checkFile(path, { ...entry, ...(attributes === undefined ? {} : { attributes }) }, bytes);
  if (findings.length === 0) checks.salvage(asset, path);
  return findings;
}

function checkDirectory(source: TreeSource, path: string, stat: Stats, entry: DirectoryNode): Finding[] {
  const findings = checkOwnerAndMode(stat, entry);
  const encoded = entry.xattrs === undefined ? undefined : source.attributes(entry.xattrs);
  return encoded === undefined ? findings : [...findings, ...checkAttributes(path, encoded)];
}

function checkGenerated(path: string, text: string): Finding[] {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return [{ difference: "missing", found: "nothing", expected: "a file" }];
  if (!stat.isFile()) return [{ difference: "type", found: kindOf(stat), expected: "a file" }];
  return readFileSync(path, "utf8") === text
    ? []
    : [{ difference: "content", found: "another text", expected: "moss's own" }];
}
