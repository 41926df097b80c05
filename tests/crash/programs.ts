// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** The programs that a walk can kill: the small one of these tests, and moss itself. */
import { join } from "node:path";
import { type Build, nameOf } from "#tests/crash/packages";

/** Command lines of a program. */
export interface Program {
  /** From one set of builds to another, given with the paths of all its stones. */
  set(before: readonly Build[], after: ReadonlyMap<Build, string>): readonly string[];
  activate(state: number): readonly string[];
  prune(keep: number): readonly string[];
  recover(): readonly string[];
  verify(): readonly string[];
}

export type ProgramName = "child" | "moss";

const CHILD = join(import.meta.dir, "child.fixture.ts");
const MOSS = join(import.meta.dir, "../../bin/moss.ts");

function child(root: string): Program {
  const command = (verb: string, ...rest: readonly string[]) => [process.execPath, CHILD, verb, root, ...rest];
  return {
    set: (_, after) => command("set", ...after.values()),
    activate: (state) => command("activate", String(state)),
    prune: (keep) => command("prune", String(keep)),
    recover: () => command("recover"),
    verify: () => command("verify"),
  };
}

function moss(root: string): Program {
  const command = (...words: readonly string[]) => [process.execPath, MOSS, "-D", root, "-y", ...words];
  return {
    set: (before, after) => {
      const fresh = [...after].filter(([build]) => !before.includes(build)).map(([, path]) => path);
      const names = [...after.keys()].map(nameOf);
      const gone = before.map(nameOf).filter((name) => !names.includes(name));
      if (gone.length > 0) return command("remove", ...gone);
      // Where there is nothing new, a command that finds so.
      return fresh.length > 0 ? command("install", ...fresh) : command("install", ...after.values());
    },
    activate: (state) => command("state", "activate", String(state)),
    prune: (keep) => command("state", "prune", "--include-newer", "--keep", String(keep)),
    recover: () => command("recover"),
    verify: () => command("verify"),
  };
}

export function programOf(name: ProgramName, root: string): Program {
  return name === "moss" ? moss(root) : child(root);
}
