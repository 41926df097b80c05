// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** What is asked of nodes and errors of the YAML parser: places, texts, and words for messages. */
import { isMap, isScalar, isSeq, type Node, type Scalar } from "yaml";

/** Where a node stands in its text, as UTF-16 offsets; the first one where it is nowhere. */
export function rangeOf(node: Node | undefined): readonly [number, number] {
  const range = node?.range;
  return range ? [range[0], range[1]] : [0, 1];
}

/** The text of a scalar as it was written; undefined where it is no text, number or boolean. */
export function sourceText(node: Scalar): string | undefined {
  if (typeof node.value === "string") return node.value;
  const value = node.value;
  if (typeof value === "number" || typeof value === "boolean" || typeof value === "bigint") {
    return node.source ?? String(value);
  }
  return undefined;
}

/** What a node is, in words for a message. */
export function describe(node: Node | undefined): string {
  if (node === undefined) return "empty";
  if (isMap(node)) return "a mapping";
  if (isSeq(node)) return "a list";
  if (isScalar(node)) {
    const text = sourceText(node);
    if (text === undefined) return "empty";
    return `"${text.length > 60 ? `${text.slice(0, 57)}...` : text}"`;
  }
  return "something else";
}

/** What the parser says of an error, without the lines that it quotes. */
export function syntaxMessage({ code, message }: { readonly code: string; readonly message: string }): string {
  if (code === "MULTIPLE_DOCS") return "A second document begins, expected one";
  return message.split("\n", 1)[0] ?? message;
}

/** How an error of the parser is mended, by its code; undefined where nothing more can be said than the error itself. */
export function syntaxHint(code: string): string | undefined {
  switch (code) {
    case "DUPLICATE_KEY":
      return "Remove one of the two, or join their values.";
    case "MULTIPLE_DOCS":
      return "Remove the line --- and what comes after it.";
    case "TAB_AS_INDENT":
      return "Indent with blanks.";
    case "BAD_SCALAR_START":
      return "Put the value in quotes.";
    case "BAD_INDENT":
    case "BLOCK_AS_IMPLICIT_KEY":
      return "Check the indentation; a value that contains a colon and a blank needs quotes.";
    default:
      return undefined;
  }
}
