// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Options that make no container are refused before anything starts; programs are looked up without leaving the root. */
import { afterAll, expect, test } from "bun:test";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Failure } from "#base/errors";
import { checkOptions } from "#container/check";
import { resolveIn, startFailure } from "#container/command";
import { firstProcess, waitUntilEnded } from "#container/ended";
import type { ContainerOptions } from "#container/options";
import { scratchPoint, within } from "#container/scratch";

const base = mkdtempSync(join(tmpdir(), "moss-check-"));
afterAll(() => rmSync(base, { recursive: true }));

function codeOf(options: Partial<ContainerOptions>): string {
  try {
    checkOptions({ root: base, command: ["true"], ...options });
    return "accepted";
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    expect(error.message).toMatch(/^Cannot .+: .+/);
    return error.code;
  }
}

test("roots that are none are refused", () => {
  writeFileSync(join(base, "file"), "");
  expect(codeOf({})).toBe("accepted");
  expect(codeOf({ root: join(base, "absent") })).toBe("root.invalid");
  expect(codeOf({ root: join(base, "file") })).toBe("root.invalid");
  expect(codeOf({ root: [] })).toBe("usage");
});

test("words that a program cannot be given are refused", () => {
  const refused: Partial<ContainerOptions>[] = [
    { command: [] },
    { command: ["a\0b"] },
    { env: { A: "b\0c" } },
    { env: { "A=B": "c" } },
    { env: { "": "c" } },
    { cwd: "relative" },
    { cwd: "/a/../../etc" },
    { binds: [{ source: base, target: "relative" }] },
    { binds: [{ source: base, target: "/a/../.." }] },
    { binds: [{ source: join(base, "absent"), target: "/a" }] },
    { uid: -1 },
    { uid: 1.5 },
    { gid: 2 ** 32 },
    { timeout: 0 },
    { timeout: Number.NaN },
    { scratchSize: -5 },
    { limits: { memory: 0 } },
    { limits: { pids: 1.5 } },
  ];
  for (const options of refused) expect([options, codeOf(options)]).toEqual([options, "usage"]);
});

test("contradictions are refused", () => {
  expect(codeOf({ root: [base, base], access: "writable" })).toBe("usage");
  expect(codeOf({ access: "read-only", keep: base })).toBe("usage");
  expect(codeOf({ fakeroot: true, uid: 7 })).toBe("usage");
  expect(codeOf({ nested: true, uid: 7 })).toBe("usage");
});

test("a program is looked up inside the root, whatever its links say", () => {
  const root = join(base, "root");
  mkdirSync(join(root, "usr/bin"), { recursive: true });
  writeFileSync(join(root, "usr/bin/tool"), "");
  chmodSync(join(root, "usr/bin/tool"), 0o644);
  symlinkSync("/usr/bin", join(root, "bin"));
  symlinkSync("../../../../../../usr/bin/tool", join(root, "usr/bin/up"));
  symlinkSync("loop", join(root, "usr/bin/loop"));
  expect(resolveIn([root], "/bin/tool")?.file).toBe(join(root, "usr/bin/tool"));
  expect(resolveIn([root], "/bin/up")?.file).toBe(join(root, "usr/bin/tool"));
  expect(resolveIn([root], "/bin/loop")).toBeUndefined();
  expect(startFailure([root], "tool", "/bin", "/")).toBe(126);
  expect(startFailure([root], "absent", "/bin", "/")).toBe(127);
  expect(startFailure([join(base, "empty"), root], "./tool", "", "/usr/bin")).toBe(126);
});

test("the place for the layers hides nothing that the container needs", () => {
  expect(within("/a/b", "/a")).toBe(true);
  expect(within("/ab", "/a")).toBe(false);
  const some = scratchPoint(["/mnt/root", "/usr/bin/bwrap"]);
  expect(some.made).toBe(false);
  expect(some.path).not.toBe("/mnt");
  const everywhere = ["/mnt", "/media", "/srv", "/opt", "/home", "/var/tmp", "/tmp", "/run", "/root"];
  const made = scratchPoint(everywhere.map((folder) => `${folder}/x`));
  expect(made.made).toBe(true);
  rmSync(made.path, { recursive: true });
});

test("a killed container is waited for by its first process", async () => {
  expect(firstProcess("child\t42\n{}")).toBe(42);
  expect(firstProcess("")).toBeUndefined();
  const child = Bun.spawn(["sleep", "0.2"]);
  await waitUntilEnded(child.pid);
  expect(await child.exited).toBe(0);
  await waitUntilEnded(undefined);
});
