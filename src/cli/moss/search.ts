// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** `moss search` and `moss search-file`. */
import { Failure } from "#base/errors";
import { nearest } from "#base/nearest";
import { openForAsking } from "#cli/moss/engine";
import { fittedTable } from "#cli/moss/table";
import { oneLine, versionText } from "#cli/moss/text";
import type { Invocation } from "#cli/spec";
import { printable, type Style } from "#cli/style";
import { isKind, KINDS, type Kind } from "#model/dependency";
import { search, searchFiles } from "#moss/search";

/** Kinds by the words that people use for them. */
function kindOf(word: string): Kind {
  const kind = word === "library" ? "soname" : word;
  if (isKind(kind)) return kind;
  const near = nearest(kind, Object.keys(KINDS));
  throw new Failure(
    "usage",
    `Cannot use "${word}" for --provides: unknown kind, expected ${Object.keys(KINDS).join(", ")}`,
    near === undefined ? {} : { hint: `Did you mean "${near}"?` },
  );
}

/** A text with the words in bold. */
function marked(text: string, words: readonly string[], style: Style): string {
  const lower = text.toLowerCase();
  const word = words.find((item) => lower.includes(item.toLowerCase()));
  if (word === undefined || word === "") return text;
  const at = lower.indexOf(word.toLowerCase());
  return text.slice(0, at) + style.bold(text.slice(at, at + word.length)) + text.slice(at + word.length);
}

export async function run(invocation: Invocation): Promise<void> {
  const { ui, operands, options, verb } = invocation;
  using moss = openForAsking(invocation);
  if (verb.name === "search-file") {
    const found = await searchFiles(moss, operands[0] ?? "", { installed: options.flag("installed") });
    if (ui.json) ui.value(found.map(({ path, ...rest }) => ({ path: `/usr/${path}`, ...rest })));
    else {
      for (const { path, owners, installed } of found) {
        ui.print(`/usr/${printable(path)} from ${owners.join(", ")}${installed ? "" : " (not installed)"}`);
      }
    }
    return;
  }
  const provides = options.text("provides");
  const hits = await search(moss, operands, {
    installed: options.flag("installed"),
    ...(provides === undefined ? {} : { kind: kindOf(provides) }),
  });
  if (ui.json) {
    ui.value(
      hits.map(({ name, meta, installed, collection, where }) => ({
        name,
        version: meta.version,
        release: meta.release,
        summary: meta.summary,
        installed,
        ...(collection === undefined ? {} : { collection }),
        where,
      })),
    );
    return;
  }
  if (hits.length === 0) ui.note(`Nothing is found for "${operands.join(" ")}".`);
  const { style } = ui;
  const rows = hits.map(({ name, meta, installed }) => [
    marked(name, operands, style),
    versionText(meta),
    installed ? "installed" : "",
    marked(oneLine(meta.summary), operands, style),
  ]);
  for (const line of fittedTable(rows, { least: { 1: 12 } })) ui.print(line);
}
