// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Bounds of a container and the account of what it used. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { join } from "node:path";
import { hierarchies, ownGroups } from "#container/cgroup";
import { subordinate } from "#container/identity";
import { type ContainerOptions, type ContainerResult, type Limits, runInRoot } from "#container/run";
import { machineState, processesWith } from "../../tests/support/machine-state.ts";
import { SmallRoot } from "../../tests/support/small-root.ts";

const MIB = 2 ** 20;
let root: SmallRoot;
beforeAll(() => {
  root = new SmallRoot();
});
afterAll(() => root[Symbol.dispose]());

async function bounded(
  script: string,
  limits: Limits,
  options: Partial<ContainerOptions> = {},
): Promise<ContainerResult> {
  const command = ["sh", "-c", script];
  return await runInRoot({ root: root.path, command, fakeroot: true, limits, timeout: 60_000, ...options });
}

test("memory is bounded for all processes together", async () => {
  // `tail` keeps all that it reads while no line ends.
  const result = await bounded("head -c 100000000 /dev/zero | tail > /dev/null", { memory: 32 * MIB });
  expect(result.timedOut).toBe(false);
  expect(result.usage.enforced["memory"]).toBeOneOf(["cgroup", "rlimit"]);
  expect(result.code).not.toBe(0);
  if (result.usage.enforced["memory"] === "cgroup") {
    expect(result.usage.outOfMemory).toBeGreaterThan(0);
    expect(result.usage.memoryPeak).toBeLessThanOrEqual(33 * MIB);
  }
  const enough = await bounded("head -c 10000000 /dev/zero | tail > /dev/null", { memory: 200 * MIB });
  expect(enough.code).toBe(0);
});

test("what is written to the dropped layer counts, and has a bound of its own", async () => {
  const full = await runInRoot({
    root: root.path,
    command: ["dd", "if=/dev/zero", "of=/big", "bs=65536", "count=512"],
    scratchSize: 8 * MIB,
  });
  expect(full.code).not.toBe(0);
  expect(full.stderr).toContain("No space left on device");
});

test("every place in memory has a bound: that of the dropped layer, or a part of it", async () => {
  const options = { root: root.path, scratchSize: 16 * MIB, tmpfs: ["/more"], fakeroot: true };
  const write = async (path: string, mib: number): Promise<string> => {
    const command = ["dd", "if=/dev/zero", `of=${path}`, "bs=65536", `count=${mib * 16}`];
    const { code, stderr } = await runInRoot({ ...options, command });
    return code === 0 ? "written" : (/No space left|Read-only/.exec(stderr)?.[0] ?? stderr);
  };
  for (const [folder, mib] of [
    ["", 15],
    ["/tmp", 8],
    ["/more", 8],
    ["/run", 2],
    ["/dev/shm", 15],
    ["/dev", 15],
  ] as const) {
    expect([folder, await write(`${folder}/big`, mib)]).toEqual([folder, "written"]);
    expect([folder, await write(`${folder}/big`, mib + 2)]).toEqual([folder, "No space left"]);
  }
});

test("processes are bounded: one that forks for ever is stopped, and nothing is left of it", async () => {
  const result = await bounded("f() { f | f & }; i=0; while [ $i -lt 200 ]; do sleep 30 & i=$((i+1)); done; echo all", {
    pids: 40,
  });
  expect(result.stdout).not.toContain("all");
  expect(result.stderr).toContain("can't fork");
  const bomb = await bounded("b() { b | b & b; }; b", { pids: 64 }, { timeout: 1500 });
  expect(bomb.code).not.toBe(0);
});

test("processor time, sizes of files and open files are bounded", async () => {
  expect(await bounded("while :; do :; done", { cpuSeconds: 1 })).toMatchObject({ code: 137, signal: "SIGKILL" });
  const file = await bounded("yes > /big; stat -c %s /big", { fileSize: 100_000 });
  expect(file.stdout).toBe("100000\n");
  const opened = await bounded("exec 10<&0 11<&0 12<&0 13<&0 14<&0 15<&0 && echo opened", { openFiles: 12 });
  expect(opened.stdout).toBe("");
  expect(file.usage.enforced["fileSize"]).toBe("rlimit");
  // A second of processor time is many of the clock where others want it too.
}, 60_000);

test("the account tells time, processor time and memory", async () => {
  const { usage } = await bounded("i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done; sleep 0.2", {
    memory: 500 * MIB,
  });
  expect(usage.userMs + usage.systemMs).toBeGreaterThan(20);
  expect(usage.wallMs).toBeGreaterThan(200);
  expect(usage.processPeak).toBeGreaterThan(100_000);
});

test("control groups of a caller that was killed are gone with the next container that has bounds", async () => {
  const script = `import { runInRoot } from ${JSON.stringify(join(import.meta.dir, "run.ts"))};
    process.stdout.write(String(process.pid));
    await runInRoot({ root: ${JSON.stringify(root.path)}, command: ["sleep", "600"], limits: { pids: 50 } });`;
  const caller = Bun.spawn([process.execPath, "-e", script], { stdio: ["ignore", "pipe", "inherit"] });
  const sleeping = (): boolean => processesWith("sleep 600").some((line) => /^\d+ sleep /.test(line));
  while (!sleeping()) await Bun.sleep(5);
  caller.kill("SIGKILL");
  await caller.exited;
  while (sleeping()) await Bun.sleep(5);
  // The kernel lets go of a group a moment after its last process has ended.
  for (let i = 0; i < 100 && machineState(root.path, caller.pid).groups.length > 0; i++) {
    await bounded("true", { pids: 50 });
  }
  expect(machineState(root.path, caller.pid).groups).toEqual([]);
});

test("groups of a process are found in version 1, version 2 and where a part of the tree is mounted", () => {
  const mounts = hierarchies(
    [
      "30 24 0:26 / /sys/fs/cgroup/unified rw,nosuid - cgroup2 cgroup2 rw",
      "31 24 0:27 /part /sys/fs/cgroup/mem\\040ory rw - cgroup cgroup rw,memory",
      "32 24 0:28 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct",
      "garbage",
    ].join("\n"),
  );
  expect(mounts.get("2")).toEqual({ mount: "/sys/fs/cgroup/unified", from: "/" });
  expect(mounts.get("memory")).toEqual({ mount: "/sys/fs/cgroup/mem ory", from: "/part" });
  expect(mounts.get("cpuacct")?.mount).toBe("/sys/fs/cgroup/cpu,cpuacct");
  const own = ownGroups("4:memory:/a:b\n3:cpu,cpuacct:/c\n0::/user.slice\n\nnonsense");
  expect(Object.fromEntries(own)).toEqual({ memory: "/a:b", cpu: "/c", cpuacct: "/c", "2": "/user.slice" });
});

test("ranges of ids that an administrator gave are found by name or number, if they are large enough", () => {
  const text = "other:1:65536\nme:100:10\nme:200000:65536\n1001:300000:70000\n";
  expect(subordinate(text, "me", 5)).toEqual({ start: 200000, count: 65536 });
  expect(subordinate(text, "nobody", 1001)).toEqual({ start: 300000, count: 65536 });
  expect(subordinate(text, "stranger", 7)).toBeUndefined();
});
