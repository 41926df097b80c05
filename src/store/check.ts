// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Whether a file on disk is what its identity says: type, size, bytes, mode, owner, attributes. */
import { type BigIntStats, lstatSync, type Stats } from "node:fs";
import { errnoCode } from "#base/errors";
import { type AssetIdentity, modeOnDisk } from "#store/names";
import { canOwn } from "#store/owner";
import { decodeXattrs, readXattrs } from "#store/xattrs";
import { hashFile } from "#sys/sha256";

/** In what a thing on disk is not as it should be. */
export type Difference = "missing" | "extra" | "type" | "content" | "mode" | "owner" | "target" | "attributes";

export interface Finding {
  readonly difference: Difference;
  /** What is there and what should be, for people. */
  readonly found: string;
  readonly expected: string;
}

export interface FileCheck extends AssetIdentity {
  readonly size: number;
  /** The encoded attributes, where it has some. */
  readonly attributes?: Uint8Array;
}

/**
 * What differs at `path` from a file; nothing where it is right. `content` true reads its bytes; false leaves them unread, so
 * that only their number counts; a text is their SHA-256, where that is known.
 */
export function checkFile(path: string, expected: FileCheck, content: boolean | string = true): Finding[] {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return [{ difference: "missing", found: "nothing", expected: "a file" }];
  if (!stat.isFile()) return [{ difference: "type", found: kindOf(stat), expected: "a file" }];
  const findings = checkOwnerAndMode(stat, { ...expected, mode: modeOnDisk(expected.mode) });
  const other = checkBytes(path, stat, expected, content);
  if (other !== undefined) findings.unshift(other);
  if (expected.attributes !== undefined) findings.push(...checkAttributes(path, expected.attributes));
  return findings;
}

function checkBytes(path: string, stat: Stats, expected: FileCheck, content: boolean | string): Finding | undefined {
  if (stat.size !== expected.size) {
    return { difference: "content", found: `${stat.size} bytes`, expected: `${expected.size} bytes` };
  }
  if (content === false) return undefined;
  const found = content === true ? hashOrError(path) : content;
  return found === expected.sha256 ? undefined : { difference: "content", found, expected: expected.sha256 };
}

/** A disk that cannot read a file any more is damage of the file, not the end of a check. */
function hashOrError(path: string): string {
  try {
    return hashFile(path);
  } catch (error) {
    return `unreadable (${errnoCode(error) ?? "error"})`;
  }
}

/** What differs in owner and mode, as far as whoever made the thing could have set them. */
export function checkOwnerAndMode(
  stat: Pick<Stats, "mode" | "uid" | "gid">,
  expected: { readonly mode: number; readonly uid: number; readonly gid: number },
): Finding[] {
  const findings: Finding[] = [];
  const owned = stat.uid === expected.uid && stat.gid === expected.gid;
  const able = owned || canOwn(expected.uid, expected.gid);
  // What is not ours was made by somebody with more rights: an id that has no name in this namespace is shown as another.
  const mode = able || stat.uid !== process.geteuid?.() ? expected.mode : expected.mode & ~0o6000;
  if ((stat.mode & 0o7777) !== mode) {
    findings.push({ difference: "mode", found: octal(stat.mode & 0o7777), expected: octal(mode) });
  }
  if (able && !owned) {
    findings.push({
      difference: "owner",
      found: `${stat.uid}:${stat.gid}`,
      expected: `${expected.uid}:${expected.gid}`,
    });
  }
  return findings;
}

/** What differs in the attributes of a file or directory. What the system itself adds (labels) is no difference. `counts` says which a thing of its kind can have. */
export function checkAttributes(
  path: string,
  encoded: Uint8Array,
  counts: (name: string) => boolean = () => true,
): Finding[] {
  if (!canOwn(0, 0)) return [];
  const found = readXattrs(path);
  for (const [name, value] of decodeXattrs(encoded)) {
    const other = found.get(name);
    if (!counts(name)) continue;
    if (other !== undefined && Buffer.compare(other, value) === 0) continue;
    return [
      { difference: "attributes", found: other === undefined ? `no ${name}` : `another ${name}`, expected: name },
    ];
  }
  return [];
}

/** What is there, for people: "a file". */
export function kindOf(stat: Stats | BigIntStats): string {
  if (stat.isFile()) return "a file";
  if (stat.isDirectory()) return "a directory";
  return stat.isSymbolicLink() ? "a symlink" : "a special file";
}

function octal(mode: number): string {
  return mode.toString(8).padStart(4, "0");
}
