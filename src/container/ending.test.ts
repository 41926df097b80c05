// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** How a container ends: exit codes, signals, time-outs, cancelling; and that nothing of it is left. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, setDefaultTimeout, test } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { type ContainerOptions, type ContainerResult, runInRoot } from "#container/run";
import { type MachineState, machineState, processesWith } from "../../tests/support/machine-state.ts";
import { SmallRoot } from "../../tests/support/small-root.ts";

setDefaultTimeout(60_000);

let root: SmallRoot;
let before: MachineState;
beforeAll(() => {
  root = new SmallRoot();
});
afterAll(() => root[Symbol.dispose]());

// Every test here also shows that its containers left no mount, process, folder or control group.
beforeEach(() => {
  before = machineState(root.path);
});
afterEach(async () => {
  expect(machineState(root.path)).toEqual(before);
});

async function run(command: string[], options: Partial<ContainerOptions> = {}): Promise<ContainerResult> {
  return await runInRoot({ root: root.path, command, ...options });
}
const sh = async (script: string, options: Partial<ContainerOptions> = {}): Promise<ContainerResult> =>
  await run(["sh", "-c", script], options);

const BOTH = [{ fakeroot: false }, { fakeroot: true }];

test.each(BOTH)("the exit code is the program's own: %p", async (options) => {
  for (const code of [0, 1, 42, 255]) expect((await sh(`exit ${code}`, options)).code).toBe(code);
  expect((await run(["true"], options)).signal).toBeUndefined();
});

test.each(BOTH)("a program that a signal ends gives 128 and the number, with its name: %p", async (options) => {
  expect(await sh("kill -KILL $$", options)).toMatchObject({ code: 137, signal: "SIGKILL" });
  expect(await sh("kill -TERM $$", options)).toMatchObject({ code: 143, signal: "SIGTERM" });
  expect(await sh("kill -SEGV $$", options)).toMatchObject({ code: 139, signal: "SIGSEGV" });
});

test.each(BOTH)("127 where there is no such program, 126 where it cannot be executed: %p", async (options) => {
  expect((await run(["no-such-program"], options)).code).toBe(127);
  expect((await run(["/usr/bin/no-such-program"], options)).code).toBe(127);
  expect((await run(["/usr/bin/not-executable"], options)).code).toBe(126);
  expect((await run(["/usr"], options)).code).toBe(126);
});

test("a folder to work in that is not there is a failure of the container, told as such", async () => {
  const failure = await run(["true"], { cwd: "/nowhere" }).catch((error: unknown) => error);
  expect(failure).toMatchObject({ code: "container.failed" });
});

test("a program with a great deal to say on both streams is heard to the end", async () => {
  const result = await sh("seq 200000; seq 200000 >&2");
  expect(result.stdout.length).toBe(result.stderr.length);
  expect(result.stdout.endsWith("\n200000\n")).toBe(true);
});

test("output comes as it is written, and input is read", async () => {
  const chunks: string[] = [];
  const result = await runInRoot(
    { root: root.path, command: ["sh", "-c", "cat; sleep 0.1; echo end >&2"], input: "from the caller" },
    (chunk, stream) => chunks.push(`${stream}:${new TextDecoder().decode(chunk)}`),
  );
  expect(chunks).toEqual(["stdout:from the caller", "stderr:end\n"]);
  expect(result.stdout).toBe("");
});

/** Programs that leave their parent, session and signals behind, each with `marker` in its command line. */
const daemons = (marker: string): string =>
  `for i in 1 2 3; do setsid sh -c 'trap "" TERM HUP INT; (setsid sleep ${marker} &); sleep ${marker}' & done`;
const marker = (): string => `7${process.pid}.${Math.floor(Math.random() * 1e9)}`;

test.each(BOTH)("what a program left running dies with it: %p", async (options) => {
  const mark = marker();
  const result = await sh(`${daemons(mark)}; sleep 0.2; ps | grep -c ${mark}; exit 3`, {
    ...options,
    // The output would stay open for as long as one of them lives.
    timeout: 20_000,
  });
  expect(result.timedOut).toBe(false);
  expect(result.code).toBe(3);
  expect(Number(result.stdout)).toBeGreaterThanOrEqual(6);
  expect(processesWith(mark)).toEqual([]);
});

test.each(BOTH)("the whole tree is killed at a time-out, which gives 124: %p", async (options) => {
  const mark = marker();
  const result = await sh(`${daemons(mark)}; trap "" TERM; sleep ${mark}; sleep ${mark}`, { ...options, timeout: 300 });
  expect(result).toMatchObject({ code: 124, timedOut: true, cancelled: false });
  expect(processesWith(mark)).toEqual([]);
});

test.each(BOTH)("the whole tree is killed when the caller cancels, which gives 130: %p", async (options) => {
  const mark = marker();
  const stop = new AbortController();
  const running = sh(`${daemons(mark)}; echo ready; sleep ${mark}`, { ...options, signal: stop.signal });
  while (processesWith(mark).length < 6) await Bun.sleep(5);
  stop.abort();
  expect(await running).toMatchObject({ code: 130, cancelled: true, timedOut: false });
  expect(processesWith(mark)).toEqual([]);
});

test("a container that is cancelled before it began never runs", async () => {
  const result = await sh("echo ran", { signal: AbortSignal.abort() });
  expect(result).toMatchObject({ code: 130, stdout: "" });
});

test.each(BOTH)("at whatever moment it is cancelled, nothing is left: %p", async (options) => {
  const mark = marker();
  const codes = new Set<number>();
  for (let delay = 0; delay < 14; delay += 0.5) {
    const stop = new AbortController();
    const running = sh(`sleep ${mark}`, { ...options, signal: stop.signal });
    await Bun.sleep(delay);
    stop.abort();
    codes.add((await running).code);
    expect(processesWith(mark)).toEqual([]);
  }
  expect([...codes]).toEqual([130]);
});

test("orphans are reaped by process 1 while the program runs", async () => {
  // Each inner shell ends at once, and its child, then an orphan, a moment later.
  const script = `for i in $(seq 20); do sh -c '(sleep 0.05 &)'; done; sleep 0.6
    for p in /proc/[0-9]*; do test -d $p && while read -r l; do case $l in State:*Z*) echo zombie;; esac; done < $p/status; done; echo end`;
  for (const options of BOTH) expect((await sh(script, options)).stdout).toBe("end\n");
});

test("an init is process 1; its power-off gives 0, its restart 133", async () => {
  const init = { init: true, fakeroot: true };
  expect((await sh("echo $$", init)).stdout).toBe("1\n");
  expect(await sh("poweroff -f; sleep 9", init)).toMatchObject({ code: 0 });
  expect(await sh("reboot -f; sleep 9", init)).toMatchObject({ code: 133 });
  expect(await sh("mount -t tmpfs none /etc && ls /etc", init)).toMatchObject({ code: 0, stdout: "" });
});

test("an init can make control groups of its own where the caller can, and they go with it", async () => {
  const script =
    "test -w /sys/fs/cgroup/cgroup.procs || exit 77; cd /sys/fs/cgroup; mkdir -p a/b && echo 1 > a/b/cgroup.procs && cat /proc/1/cgroup";
  const result = await sh(script, { init: true });
  expect(result.code).toBeOneOf([0, 77]);
  if (result.code === 0) expect(result.stdout).toContain("0::/a/b");
});

test("many containers at once do not disturb each other, and leave no descriptor open", async () => {
  const open = (): number => readdirSync("/proc/self/fd").length;
  const many = async (): Promise<void> => {
    const results = await Promise.all(
      Array.from(
        { length: 24 },
        async (_, i) => await sh(`echo ${i} > /etc/motd; sleep 0.05; cat /etc/motd; exit ${i}`),
      ),
    );
    for (const [i, result] of results.entries()) expect(result).toMatchObject({ code: i, stdout: `${i}\n` });
  };
  // The runtime opens some for its own threads, once.
  await many();
  const count = open();
  await many();
  // It closes those of processes that have ended a little later.
  for (let i = 0; i < 400 && open() > count; i++) await Bun.sleep(5);
  expect(open()).toBeLessThanOrEqual(count);
});

test("a container whose parent is killed dies too", async () => {
  const mark = marker();
  const script = `import { runInRoot } from ${JSON.stringify(join(import.meta.dir, "run.ts"))};
    await runInRoot({ root: ${JSON.stringify(root.path)}, command: ["sleep", "${mark}"] });`;
  const parent = Bun.spawn([process.execPath, "-e", script], { stdio: ["ignore", "pipe", "inherit"] });
  const inContainer = (): string[] => processesWith(mark).filter((line) => /^\d+ sleep /.test(line));
  while (inContainer().length === 0) await Bun.sleep(5);
  parent.kill("SIGKILL");
  await parent.exited;
  for (let i = 0; i < 400 && processesWith(mark).length > 0; i++) await Bun.sleep(5);
  expect(processesWith(mark)).toEqual([]);
});
