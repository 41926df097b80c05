// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** The root that a command line names, opened for asking or for changing. */
import { Failure } from "#base/errors";
import { callerOutside } from "#cli/moss/namespace";
import type { Invocation } from "#cli/spec";
import { MossRoot } from "#transition/root";

function optionsOf({ options }: Invocation): { readonly directory: string; readonly cache?: string } {
  const cache = options.text("cache");
  return { directory: options.text("directory") ?? "/", ...(cache === undefined ? {} : { cache }) };
}

/** For asking: nothing is made, no lock is taken, no rights are needed. Throws root.invalid. */
export function openReader(invocation: Invocation): MossRoot {
  const { directory, ...rest } = optionsOf(invocation);
  return MossRoot.open(directory, { ...rest, readOnly: true });
}

/** Milliseconds that `--wait` lets pass until another writer has ended. */
export function waitOf({ options }: Invocation): number {
  const text = options.text("wait");
  if (text === undefined) return 0;
  if (text === "forever") return Number.POSITIVE_INFINITY;
  if (!/^\d{1,6}$/.test(text)) {
    throw new Failure("usage", `Cannot use "${text}" for --wait: expected seconds, such as --wait=60`);
  }
  return Number(text) * 1000;
}

/** Who runs this, as far as the environment says: whoever called sudo or doas rather than root. */
export function userName(): string {
  const { SUDO_USER, DOAS_USER, USER, LOGNAME } = process.env;
  const uid = process.getuid?.();
  return SUDO_USER ?? DOAS_USER ?? USER ?? LOGNAME ?? callerOutside() ?? (uid === 0 ? "root" : `uid ${uid ?? "?"}`);
}

/** The number of a state as typed. Throws `usage`. */
export function stateNumber(text: string): number {
  const number = /^\d{1,10}$/.test(text) ? Number(text) : 0;
  if (number >= 1 && number <= 0xffff_ffff) return number;
  throw new Failure("usage", `Cannot use "${text}" as a state: expected its number`, {
    hint: '"moss state list" shows the states that there are.',
  });
}
