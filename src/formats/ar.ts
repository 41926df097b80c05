// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** The outer shell of a .deb: the common `ar` archive (deb(5), ar(5)). Only its headers are read here. */
import { Failure } from "#base/errors";
import type { ReadAt } from "#formats/read-at";

export interface ArMember {
  readonly name: string;
  /** Offset of the body in the archive, in bytes. */
  readonly offset: number;
  readonly size: number;
}

const MAGIC = "!<arch>\n";
const HEADER = 60;
const MAX_MEMBERS = 64;

function invalid(name: string, found: string, expected: string): Failure {
  return new Failure("deb.invalid", `Cannot read the archive "${name}": ${found}, expected ${expected}`);
}

/**
 * The members of an ar archive of at most 64 members. Bodies may not reach beyond `fileSize`.
 * @param name what the archive is called in error messages.
 */
export function readAr(readAt: ReadAt, fileSize: number, name: string): ArMember[] {
  const text = (bytes: Uint8Array) => Buffer.from(bytes).toString("latin1");
  if (text(readAt(0, MAGIC.length)) !== MAGIC) throw invalid(name, "no ar magic", '"!<arch>" at its start');
  const members: ArMember[] = [];
  let at = MAGIC.length;
  while (at < fileSize) {
    if (members.length === MAX_MEMBERS) throw invalid(name, "too many members", `at most ${MAX_MEMBERS}`);
    const header = text(readAt(at, HEADER));
    if (header.length < HEADER) throw invalid(name, `it ends in the header at ${at}`, `${HEADER} bytes`);
    if (header.slice(58) !== "`\n") throw invalid(name, `a damaged header at ${at}`, "its end mark");
    const digits = header.slice(48, 58).trimEnd();
    if (!/^\d{1,10}$/.test(digits)) throw invalid(name, `the size "${digits}" at ${at}`, "decimal digits");
    const size = Number(digits);
    const offset = at + HEADER;
    if (offset + size > fileSize) throw invalid(name, `a member of ${size} bytes at ${at}`, "a size within the file");
    // Some writers end names with a slash, as the System V form of ar does.
    members.push({ name: header.slice(0, 16).trimEnd().replace(/\/$/, ""), offset, size });
    at = offset + size + (size % 2);
  }
  return members;
}
