// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Where in a recipe a directive of the macro language stands, and problems that name the place. */
import type { Problem } from "#formats/yaml";

/** A row of the recipe that is being expanded, and the directive in it. */
export interface Where {
  readonly row: string;
  readonly line: number | undefined;
  readonly indent: number;
  readonly column?: number;
  readonly width?: number;
}

/** A mistake in a script; `via` are the macros on the way to it. Without a file it is in a text of boulder's own. */
export function problemAt(
  file: string | undefined,
  at: Where,
  via: readonly string[],
  message: string,
  hint: string,
): Problem {
  const inside = via.length === 0 ? "" : ` (from ${via.join(" -> ")})`;
  return {
    severity: "error",
    code: "macro.invalid",
    message: message + inside,
    hint,
    place: { file: file ?? "boulder", line: at.line ?? 0, column: at.indent + (at.column ?? 0) + 1 },
    width: at.width ?? 1,
    source: " ".repeat(at.indent) + at.row,
  };
}
