// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Texts in lines that fit. */
import { printable, textWidth } from "#cli/style";

/** A paragraph in lines of at most `width` columns. */
export function wrapped(text: string, width: number): string[] {
  return printable(text)
    .split("\n")
    .flatMap((paragraph) => {
      const lines: string[] = [];
      let line = "";
      for (const word of paragraph.split(/\s+/).filter((item) => item !== "")) {
        if (line !== "" && textWidth(line) + 1 + textWidth(word) > width) {
          lines.push(line);
          line = word;
        } else line = line === "" ? word : `${line} ${word}`;
      }
      return [...lines, line];
    });
}
