// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** The engine on the root that a command line names. */
import type { Invocation } from "#cli/spec";
import { Moss } from "#moss/moss";

/** For asking: nothing is made, no lock is taken. Throws root.invalid. */
export function openForAsking({ options }: Invocation): Moss {
  return open(options.text("directory"), options.text("cache"), true);
}

/** For changing. Throws root.invalid, root.readonly. */
export async function openForChange({ options }: Invocation): Promise<Moss> {
  const directory = options.text("directory");
  if (process.geteuid?.() !== 0) await (await import("#cli/moss/namespace")).enterNamespace(directory ?? "/");
  return open(directory, options.text("cache"), false);
}

function open(directory = "/", cache: string | undefined, readOnly: boolean): Moss {
  return Moss.open(directory, cache === undefined ? { readOnly } : { readOnly, cache });
}
