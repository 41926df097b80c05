// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Roots that could not be changed to the end are refused before anything begins. */
import { afterAll, expect, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { errnoCode } from "#base/errors";
import { install, refusal, TestRoots } from "#tests/crash/roots";
import { MossRoot } from "#transition/root";

const base = new TestRoots("checks");
afterAll(() => base.remove());
const tool = base.stone("tool", { "lib/tool": "tool" });

test.each(["lib", "lib.next", "bin.next"])(
  "a folder where the link /%s would be made changes nothing",
  async (name) => {
    const directory = base.directory();
    mkdirSync(`${directory}/${name}`);
    writeFileSync(`${directory}/${name}/mine`, "mine");
    using root = MossRoot.open(directory);
    const failure = await refusal(install(root, [tool]));
    expect(failure.code).toBe("root.invalid");
    expect(failure.message).toContain(`/${name} `);
    expect([root.states(), existsSync(root.usr)]).toEqual([[], false]);
    rmSync(`${directory}/${name}`, { recursive: true });
    await install(root, [tool]);
    expect(readFileSync(`${directory}/lib/tool`, "utf8")).toBe("tool");
  },
);

test("a lock that is a link is not written through", async () => {
  const directory = base.directory();
  const precious = `${directory}/precious`;
  writeFileSync(precious, "precious");
  mkdirSync(`${directory}/.moss`);
  symlinkSync(precious, `${directory}/.moss/lock`);
  using root = MossRoot.open(directory);
  const error = await install(root, [tool]).catch((thrown: unknown) => thrown);
  expect(errnoCode(error)).toBe("ELOOP");
  expect(readFileSync(precious, "utf8")).toBe("precious");
});

test("the holder of the lock is named also where it has not yet written its name over the last one's", async () => {
  const directory = base.directory();
  using root = MossRoot.open(directory);
  const lock = `${directory}/.moss/lock`;
  writeFileSync(lock, '{"pid":4194305,"command":"one that is gone"}');
  const script =
    'echo held; sleep 0.04; printf "{\\"pid\\":%s,\\"command\\":\\"the holder\\"}      " $$ > "$0"; exec sleep 20';
  const holder = Bun.spawn(["flock", "--no-fork", lock, "sh", "-c", script, lock], { stdout: "pipe" });
  await holder.stdout.getReader().read();
  const failure = await refusal(install(root, [tool]));
  holder.kill();
  expect([failure.code, failure.exitCode]).toEqual(["root.busy", 9]);
  expect(failure.message).toContain("(the holder)");
});
