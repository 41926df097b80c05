// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Packages, states and times as people read them. */
import { printable, textWidth } from "#cli/style";
import { formatVersion } from "#model/package";

/** How a sequence of a terminal begins. */
const ESCAPE = "\u001b[";

/** `2026-11-24 23:30`, by the clock of whoever reads. */
export function formatTime(milliseconds: number): string {
  const time = new Date(milliseconds);
  const two = (value: number) => String(value).padStart(2, "0");
  const day = `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`;
  return `${day} ${two(time.getHours())}:${two(time.getMinutes())}`;
}

/** A line that is no wider than `width` columns; escape sequences take none, and are kept. */
export function cut(line: string, width: number): string {
  if (textWidth(line) <= width) return line;
  let out = "";
  let left = width - 1;
  line.split(ESCAPE).forEach((part, i) => {
    const end = i === 0 ? 0 : part.indexOf("m") + 1;
    if (i > 0) out += ESCAPE + part.slice(0, end);
    for (const char of part.slice(end)) {
      const columns = textWidth(char);
      // What does not fit ends the text; the sequences that follow must still be there.
      left = columns > left ? -1 : left - columns;
      if (left >= 0) out += char;
    }
  });
  return `${out}…`;
}

/** `version-release` of a package, which nobody has checked for what a terminal would obey. */
export function versionText(meta: Parameters<typeof formatVersion>[0]): string {
  return printable(formatVersion(meta));
}

/** A text of a package on one line. */
export function oneLine(text: string): string {
  return printable(text).replace(/\s+/g, " ").trim();
}
