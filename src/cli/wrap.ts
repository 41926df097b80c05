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

/** What begins an item of a list, with the blanks around it. */
const ITEM = /^\s*(?:[-*+•]|\d{1,3}[.)])\s+/;

/**
 * A text whose lines end where its author's screen did, in lines of at most `width` columns: lines of a paragraph, and
 * of an item of a list, are joined first. Indented lines that belong to no item stay lines of their own.
 */
export function reflowed(text: string, width: number): string[] {
  const blocks: { readonly first: string; readonly indent: string; readonly words: string[]; item: boolean }[] = [];
  for (const line of printable(text).trimEnd().replaceAll("\t", "    ").split("\n")) {
    const body = line.trim();
    const marker = ITEM.exec(line)?.[0];
    const indent = /^ */.exec(line)?.[0] ?? "";
    const last = blocks.at(-1);
    // An item goes on in lines under its text; a paragraph, in lines at the margin.
    const goesOn =
      last !== undefined &&
      last.words.length > 0 &&
      (last.item ? indent.length >= last.indent.length : indent === "" && last.indent === "");
    if (body === "") blocks.push({ first: "", indent: "", words: [], item: false });
    else if (marker !== undefined) {
      blocks.push({ first: marker, indent: " ".repeat(marker.length), words: [line.slice(marker.length)], item: true });
    } else if (goesOn) last.words.push(body);
    else blocks.push({ first: indent, indent, words: [body], item: false });
  }
  return blocks.flatMap(({ first, indent, words }) => {
    const room = Math.max(10, width - indent.length);
    return wrapped(words.join(" "), room).map((line, i) => ((i === 0 ? first : indent) + line).trimEnd());
  });
}
