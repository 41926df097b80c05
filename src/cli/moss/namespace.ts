// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * Users without rights change roots of their own in a user namespace: there they may enter directories that nobody may
 * (mode 0) and read files that their owner may not, as root can. Owners are recorded as ever, so that the tree is the same.
 */
import { statSync } from "node:fs";
import { isCompiled } from "#sys/data";
import { become } from "#sys/exec";
import { run } from "#sys/process";

const MARK = "MOSS_IN_NAMESPACE";

/** The user who called, where this runs in a namespace of theirs: there they look like root. */
export function callerOutside(): string | undefined {
  return process.env[MARK];
}

function environment(uid: number): Record<string, string> {
  const set = Object.entries(process.env).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as const],
  );
  return Object.fromEntries([...set, [MARK, `uid ${uid}`]]);
}

/**
 * Starts this command again in a user namespace where that helps: the user is not root, and owns the root. Comes back
 * where it does not, and where the machine gives none; most packages have no need of it.
 */
export async function enterNamespace(directory: string): Promise<void> {
  const uid = process.geteuid?.() ?? 0;
  if (uid === 0 || process.env[MARK] !== undefined) return;
  if (statSync(directory, { throwIfNoEntry: false })?.uid !== uid) return;
  const unshare = Bun.which("unshare");
  if (unshare === null) return;
  const words = [unshare, "--user", "--map-root-user", "--"];
  const possible = await run([...words, "true"]).catch(() => undefined);
  if (possible?.code !== 0) return;
  const own = isCompiled ? [process.execPath] : [process.execPath, process.argv[1] ?? ""];
  become(unshare, [...words, ...own, ...process.argv.slice(2)], environment(uid));
}
