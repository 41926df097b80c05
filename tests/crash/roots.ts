// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Roots for tests: made from small stones, looked at as they lie on the disk. */
import { createHash } from "node:crypto";
import { chmodSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Failure } from "#base/errors";
import { type Content, type MadeStone, makeStone } from "#tests/crash/stones";
import { type ApplyResult, apply } from "#transition/apply";
import type { TransitionEvent } from "#transition/events";
import type { Hooks } from "#transition/hooks";
import { describeProblem } from "#transition/problems";
import type { MossRoot } from "#transition/root";
import { verifyRoot } from "#transition/verify";

/** A folder for roots and stones that is removed at the end. */
export class TestRoots {
  readonly base: string;
  #counter = 0;

  constructor(name: string) {
    this.base = mkdtempSync(join(tmpdir(), `${name}-`));
    // Users without rights look at roots in it.
    chmodSync(this.base, 0o755);
  }

  directory(): string {
    const directory = join(this.base, `root-${this.#counter++}`);
    mkdirSync(directory);
    return directory;
  }

  stone(name: string, files: Readonly<Record<string, Content>>, version = "1"): MadeStone {
    return makeStone(join(this.base, `stones-${this.#counter++}`), name, files, version);
  }

  remove(): void {
    rmSync(this.base, { recursive: true, force: true });
  }
}

export const MODEL = "packages {\n}\n";

/** Makes a state of exactly these packages live. */
export async function install(
  root: MossRoot,
  stones: readonly MadeStone[],
  hooks: Hooks = {},
  events: TransitionEvent[] = [],
): Promise<ApplyResult> {
  return await apply(
    root,
    {
      selections: stones.map(({ id }) => ({ id, explicit: true })),
      stones: new Map(stones.map(({ id, path }) => [id, path])),
      summary: `Install ${stones.map(({ name }) => name).join(" ")}`,
      command: "moss install",
      systemModel: MODEL,
      hooks,
    },
    (event) => events.push(event),
  );
}

/** A package of which each version has a file of its own. */
export function sampleTool(roots: TestRoots, version: string): MadeStone {
  return roots.stone("tool", { "bin/tool": `tool ${version}`, [`share/tool/v${version}`]: version }, version);
}

/** A package with a file among those of the sample tool. */
export function sampleExtra(roots: TestRoots): MadeStone {
  return roots.stone("extra", { "bin/extra": { body: "extra", mode: 0o755 }, "share/tool/extra": "x" });
}

/** What a check of a root finds, in words. */
export function problemsOf(root: MossRoot): string[] {
  return verifyRoot(root).problems.map(describeProblem);
}

/** Why trees were written in full. */
export function fullBuilds(events: readonly TransitionEvent[]): string[] {
  return events.flatMap((event) => (event.kind === "full-build" ? [event.reason] : []));
}

/** The failure that some work must end with. */
export async function refusal(work: Promise<unknown>): Promise<Failure> {
  try {
    await work;
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}

/** Everything below a directory: path, type, mode, owner and content, without what differs between equal trees. */
export function snapshot(directory: string, at = ""): string[] {
  return readdirSync(join(directory, at))
    .sort()
    .flatMap((name) => {
      const path = at === "" ? name : `${at}/${name}`;
      if (path === ".stateID") return [];
      const stat = lstatSync(join(directory, path));
      const what = `${path} ${(stat.mode & 0o7777).toString(8)} ${stat.uid}:${stat.gid}`;
      if (stat.isSymbolicLink()) return [`${path} -> ${readlinkSync(join(directory, path))}`];
      if (stat.isDirectory()) return [`${what} directory`, ...snapshot(directory, path)];
      return [
        `${what} ${createHash("sha256")
          .update(readFileSync(join(directory, path)))
          .digest("hex")}`,
      ];
    });
}
