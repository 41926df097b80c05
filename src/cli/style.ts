// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Colours, and numbers as people read them. */

export interface Style {
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly red: (text: string) => string;
  readonly green: (text: string) => string;
  readonly yellow: (text: string) => string;
  readonly blue: (text: string) => string;
  readonly magenta: (text: string) => string;
}

const wrap = (on: number, off: number) => (text: string) => (text === "" ? "" : `\x1b[${on}m${text}\x1b[${off}m`);
const same = (text: string) => text;

/** Escape sequences of a terminal, or nothing. */
export function makeStyle(colour: boolean): Style {
  if (!colour) return { bold: same, dim: same, red: same, green: same, yellow: same, blue: same, magenta: same };
  return {
    bold: wrap(1, 22),
    dim: wrap(2, 22),
    red: wrap(31, 39),
    green: wrap(32, 39),
    yellow: wrap(33, 39),
    blue: wrap(34, 39),
    magenta: wrap(35, 39),
  };
}

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB"];

/** `1.5 MiB`; negative ones with their sign. */
export function formatBytes(bytes: number): string {
  let value = Math.abs(bytes);
  let unit = 0;
  while (value >= 1023.95 && unit < UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  const text = unit === 0 ? String(Math.round(value)) : value.toFixed(1);
  return `${bytes < 0 ? "-" : ""}${text} ${UNITS[unit]}`;
}

/** `35 ms`, `4.2 s`, `3 min 20 s`. */
export function formatDuration(milliseconds: number): string {
  if (milliseconds < 999.5) return `${Math.round(milliseconds)} ms`;
  const seconds = milliseconds / 1000;
  if (seconds < 99.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

/** `1 package`, `2 packages`. */
export function counted(count: number, word: string, plural = `${word}s`): string {
  return `${count} ${count === 1 ? word : plural}`;
}

// What a terminal would obey: a package must not be able to write to the screen of who lists it.
const CONTROL = /[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu;

/** A text from outside with what a terminal would obey replaced. Line feeds and tabs stay. */
export function printable(text: string): string {
  return text.replace(CONTROL, (char) => (char === "\n" || char === "\t" ? char : "\ufffd"));
}

/** Columns that a text takes on a terminal, escape sequences aside. */
export function textWidth(text: string): number {
  return Bun.stringWidth(text);
}

/** How a sequence of a terminal begins. */
const ESCAPE = "\u001b[";

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

/** A text padded with blanks to a width. */
export function pad(text: string, width: number, right = false): string {
  const blanks = " ".repeat(Math.max(0, width - textWidth(text)));
  return right ? blanks + text : text + blanks;
}

/** Lines of columns, each as wide as its widest cell. */
export function formatTable(rows: readonly (readonly string[])[], rightAligned: readonly number[] = []): string[] {
  const widths: number[] = [];
  for (const row of rows) row.forEach((cell, i) => (widths[i] = Math.max(widths[i] ?? 0, textWidth(cell))));
  return rows.map((row) =>
    row
      .map((cell, i) => {
        const right = rightAligned.includes(i);
        return i === row.length - 1 && !right ? cell : pad(cell, widths[i] ?? 0, right);
      })
      .join("  ")
      .trimEnd(),
  );
}
