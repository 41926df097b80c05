// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** The outer program is started before its steps are known: what happens where they do not come, or not all of them. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { closeSync, mkdirSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { outerCommand, Steps } from "#container/outer";
import { runInRoot } from "#container/run";
import { SmallRoot } from "../../tests/support/small-root.ts";

setDefaultTimeout(60_000);

let root: SmallRoot;
let folder: string;
beforeAll(() => {
  root = new SmallRoot();
  folder = mkdtempSync(join(tmpdir(), "helper-test-"));
});
afterAll(() => {
  root[Symbol.dispose]();
  rmSync(folder, { recursive: true });
});

/** The outer program with these bytes as its steps: its exit code and its report. */
async function outer(steps: Uint8Array): Promise<{ code: number; report: string }> {
  writeFileSync(join(folder, "steps"), steps);
  writeFileSync(join(folder, "report"), "");
  const fds = [openSync(join(folder, "report"), "w"), openSync(join(folder, "steps"), "r")] as const;
  const child = Bun.spawn(outerCommand(), { stdio: ["ignore", "ignore", "ignore", ...fds] });
  for (const fd of fds) closeSync(fd);
  return { code: await child.exited, report: readFileSync(join(folder, "report"), "utf8") };
}

test("steps are done only where all of them have come, whatever bytes they hold", async () => {
  const made = join(folder, "a\nfolder ü");
  const steps = new Steps().mkdir(made).exec(["/bin/sh", "-c", 'test "$0" = "x\ny " && test -z "$1"', "x\ny ", ""]);
  for (const length of [0, 3, 4, 20, steps.length - 1]) {
    expect(await outer(steps.subarray(0, length))).toEqual({ code: 125, report: "" });
  }
  expect(await outer(Buffer.concat([steps, Buffer.from("more")]))).toEqual({ code: 125, report: "" });
  // None of these has made the folder.
  mkdirSync(made);
  rmSync(made, { recursive: true });
  expect(await outer(steps)).toEqual({ code: 0, report: "" });
  expect(readdirSync(made)).toEqual([]);
});

const failure = async (run: Promise<unknown>): Promise<unknown> =>
  await run.then(
    () => undefined,
    (error: unknown) => error,
  );

function children(): string[] {
  return readdirSync("/proc/self/task").flatMap((task) =>
    readFileSync(join("/proc/self/task", task, "children"), "utf8")
      .trim()
      .split(" "),
  );
}

test("options that make no container leave neither process nor descriptor", async () => {
  const open = (): number => readdirSync("/proc/self/fd").length;
  const mistakes = async (): Promise<void> => {
    for (let i = 0; i < 8; i++) {
      const early = runInRoot({ root: join(folder, "none"), command: ["true"], input: "text" });
      expect(await failure(early)).toMatchObject({ code: "root.invalid" });
      // Seen only when everything else has been planned: more layers than one mount can name.
      const layers = Array.from({ length: 500 }, () => root.path);
      const late = runInRoot({ root: layers, command: ["true"] });
      expect(await failure(late)).toMatchObject({ code: "container.failed" });
    }
  };
  await runInRoot({ root: root.path, command: ["true"] });
  await mistakes();
  const count = open();
  await mistakes();
  expect(children().filter((pid) => pid !== "")).toEqual([]);
  for (let i = 0; i < 400 && open() > count; i++) await Bun.sleep(5);
  expect(open()).toBeLessThanOrEqual(count);
});

test("the helper ends when its caller is killed before there are steps", async () => {
  const script = `import { Helper } from ${JSON.stringify(join(import.meta.dir, "helper.ts"))};
    const helper = Helper.start({ root: "/", command: ["true"] });
    console.log(helper.child.pid);
    await Bun.sleep(60_000);`;
  const parent = Bun.spawn([process.execPath, "-e", script], { stdio: ["ignore", "pipe", "inherit"] });
  const reader = parent.stdout.getReader();
  const pid = Number(Buffer.from((await reader.read()).value ?? []).toString());
  const lives = (): boolean => {
    try {
      return !/^State:\s*Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
    } catch {
      return false;
    }
  };
  expect(lives()).toBe(true);
  parent.kill("SIGKILL");
  await parent.exited;
  for (let i = 0; i < 400 && lives(); i++) await Bun.sleep(5);
  expect(lives()).toBe(false);
});

test("steps may be longer than a pipe holds; what the kernel cannot execute is said", async () => {
  const many = Array.from({ length: 3 }, () => "x".repeat(100_000));
  const counted = await runInRoot({ root: root.path, command: ["sh", "-c", 'echo "$#:${#1}"', "sh", ...many] });
  expect(counted.stdout).toBe("3:100000\n");
  const long = runInRoot({ root: root.path, command: ["sh", "-c", "true", "x".repeat(200_000)] });
  const told = await failure(long);
  expect(told).toMatchObject({ code: "container.failed" });
  expect(String(told)).toContain("too long");
});
