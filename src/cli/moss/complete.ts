// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

import { type Candidate, candidates, completionScript, SHELLS } from "#cli/completion";
import { openForAsking } from "#cli/moss/engine";
import type { Completion, Invocation } from "#cli/spec";
import { printable } from "#cli/style";

/** The hidden verb `__complete`, which the scripts of shells ask, and `moss completion`, which prints those scripts. */

const MOST = 500;

export async function run(invocation: Invocation): Promise<void> {
  const { ui, operands, program, verb } = invocation;
  if (verb.name === "completion") {
    const shell = SHELLS.find((name) => name === operands[0]) ?? "bash";
    ui.print(completionScript(program, shell).trimEnd());
    return;
  }
  const { words, kind, prefix } = candidates(program, operands);
  const found = kind === undefined ? words : await lookUp(rootOf(invocation), kind);
  if (kind === "file" || kind === "directory") {
    ui.print(`:${kind}`);
    return;
  }
  for (const { word, help } of found.filter((item) => item.word.startsWith(prefix)).slice(0, MOST)) {
    ui.print(help === undefined || help === "" ? word : `${word}\t${help}`);
  }
}

/** The invocation with the root that the words typed so far name; they need not be a whole command line. */
function rootOf(invocation: Invocation): Invocation {
  const { operands, options } = invocation;
  let directory: string | undefined;
  operands.slice(0, -1).forEach((word, i) => {
    if (word === "-D" || word === "--directory") directory = operands[i + 1];
    else if (word.startsWith("--directory=")) directory = word.slice("--directory=".length);
    else if (/^-D./.test(word)) directory = word.slice(2);
  });
  const text = (name: string) => (name === "directory" ? (directory ?? options.text(name)) : options.text(name));
  return { ...invocation, options: { ...options, text } };
}

async function lookUp(invocation: Invocation, kind: Completion): Promise<Candidate[]> {
  // Completing must never print an error into the line that is being typed.
  try {
    using moss = openForAsking(invocation);
    if (kind === "installed")
      return moss.root
        .packages(moss.root.active())
        .map(({ name, summary }) => ({ word: name, help: printable(summary) }));
    if (kind === "available") return (await moss.catalogue()).names().map((word) => ({ word }));
    if (kind === "collection")
      return (await moss.collections()).map(({ name, description }) => ({
        word: name,
        help: description,
      }));
    if (kind === "state")
      return moss.root.states().map(({ id, summary }) => ({ word: String(id), help: printable(summary) }));
    return [];
  } catch {
    return [];
  }
}
