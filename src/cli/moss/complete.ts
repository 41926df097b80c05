// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** What moss can complete: names of packages, collections and states of the root that is named so far. */
import type { Candidate } from "#cli/candidates";
import { complete } from "#cli/complete";
import { openForAsking } from "#cli/moss/engine";
import type { Completion, Invocation } from "#cli/spec";
import { printable } from "#cli/style";

export async function run(invocation: Invocation): Promise<void> {
  const { options } = invocation;
  await complete(invocation, (kind, given) => {
    const text = (name: string) => given.get(name) ?? options.text(name);
    return lookUp({ ...invocation, options: { ...options, text } }, kind);
  });
}

async function lookUp(invocation: Invocation, kind: Completion): Promise<Candidate[]> {
  using moss = openForAsking(invocation);
  if (kind === "installed")
    return moss.root
      .packages(moss.root.active())
      .map(({ name, summary }) => ({ word: name, help: printable(summary) }));
  if (kind === "available") return (await moss.catalogue()).names().map((word) => ({ word }));
  if (kind === "collection")
    return (await moss.collections()).map(({ name, description }) => ({ word: name, help: description }));
  if (kind === "state")
    return moss.root.states().map(({ id, summary }) => ({ word: String(id), help: printable(summary) }));
  return [];
}
