// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Macros that autoconf did not find: packages bring them in files of `/usr/share/aclocal`, whose names say little of them. */
import { concat, fromUtf8, hex } from "#base/bytes";
import type { StoneReader } from "#stone/reader";

const FILE = /^share\/aclocal(?:-[\d.]+)?\/[^/]+\.m4$/;
/** A file of macros beyond this nobody writes. */
const LIMIT = 1 << 20;

/** A test for the text that defines a macro. */
function definitionOf(macro: string): RegExp {
  return new RegExp(`\\b(?:AC_DEFUN(?:_ONCE)?|AU_DEFUN|AU_ALIAS|m4_define)\\(\\s*\\[?${macro}\\]?\\s*,`);
}

/** Whether a package has a file of macros that defines this one. `macro` is a plain word. */
export function definesMacro(stone: StoneReader, macro: string): boolean {
  const wanted = new Set(
    stone.layout().flatMap((entry) => (entry.kind === "regular" && FILE.test(entry.path) ? [hex(entry.digest)] : [])),
  );
  if (wanted.size === 0) return false;
  const pattern = definitionOf(macro);
  let found = false;
  let parts: Uint8Array[] | undefined;
  let size = 0;
  stone.content({
    begin: (record) => {
      const small = record.end - record.start <= LIMIT;
      parts = !found && small && wanted.has(hex(record.digest)) ? [] : undefined;
      size = 0;
    },
    data: (chunk) => {
      size += chunk.byteLength;
      if (size <= LIMIT) parts?.push(chunk.slice());
    },
    end: () => {
      if (parts !== undefined) found ||= pattern.test(fromUtf8(concat(parts)) ?? "");
    },
  });
  return found;
}
