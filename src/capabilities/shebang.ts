// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Scripts: the program of the `#!` line. */
import { fromUtf8 } from "#base/bytes";
import { programOf } from "#capabilities/binary";
import { type Handler, NOTHING, type PackageFile } from "#capabilities/file";
import type { Capability } from "#model/dependency";

/** The kernel reads no more of the line than this. */
const LINE_LIMIT = 256;

/** The interpreter that a script names, through `env` where it does: an absolute path or a bare name. */
export function interpreterOf(file: PackageFile): string | undefined {
  if (file.kind !== "regular" || file.size < 4) return undefined;
  const start = file.readAt(0, LINE_LIMIT);
  if (start[0] !== 0x23 || start[1] !== 0x21) return undefined;
  const end = start.indexOf(0x0a);
  const line = fromUtf8(start.subarray(2, end < 0 ? start.byteLength : end));
  const [program, ...rest] = line?.trim().split(/\s+/) ?? [];
  if (program === undefined || program === "") return undefined;
  if (!/(^|\/)env$/.test(program)) return program;
  // env's own options and assignments stand before the program's name.
  return rest.find((word) => !word.startsWith("-") && !word.includes("="));
}

/** The capability that an interpreter's path or bare name asks for; undefined where it lies in no program folder. */
function interpreterCapability(named: string): Capability | undefined {
  if (!/^[\w./+-]+$/.test(named)) return undefined;
  return programOf(named.startsWith("/") ? named : `/usr/bin/${named}`);
}

const READ_BY_PEOPLE = /^\/usr\/share\/(doc|man|info|licenses|locale)\/|\/(examples?|tests?)\//;

export const shebang: Handler = {
  name: "shebang",
  concerns: (file) => file.kind === "regular" && (file.mode & 0o111) !== 0 && !READ_BY_PEOPLE.test(file.path),
  decide(file) {
    const named = interpreterOf(file);
    const needed = named === undefined ? undefined : interpreterCapability(named);
    if (needed === undefined) return NOTHING;
    // What people start needs its interpreter; a script elsewhere may be an extra that few use.
    return /^\/usr\/s?bin\//.test(file.path) ? { depends: [needed] } : { wants: [needed] };
  },
};
