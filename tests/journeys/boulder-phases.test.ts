// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Single phases of a build, the target it is for, and the events that it leaves and tells. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "#sys/process";
import { HAVE_TINY, TinyBoulder } from "#tests/support/tiny-boulder";

let tiny: TinyBoulder;
beforeAll(async () => {
  if (HAVE_TINY) tiny = await new TinyBoulder().begin();
});
afterAll(() => tiny?.[Symbol.dispose]());

const STEPS = `setup: |
    echo setup >> steps
build: |
    echo build >> steps
install: |
    echo install >> steps
    mkdir -p %(installroot)/usr/share/sample
    cp steps %(installroot)/usr/share/sample
check: |
    echo check >> steps
    cat %(installroot)/usr/share/sample/steps
`;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

interface Told {
  readonly time: string;
  readonly kind: string;
  readonly phase?: string;
  readonly log?: string;
  readonly from?: number;
  readonly to?: number;
  readonly code?: string;
}

const logs = (): string => join(tiny.cache, "builds/sample-1-1/logs");
const steps = (): string => readFileSync(join(tiny.cache, "builds/sample-1-1/build/x86_64/steps"), "utf8");
const events = (): Told[] =>
  readFileSync(join(logs(), "events.jsonl"), "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Told);
const lines = (text: string): Record<string, unknown>[] =>
  text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);

test.skipIf(!HAVE_TINY)("one phase is run alone, and a later one in the same folders", async () => {
  tiny.recipe(STEPS);
  expect((await tiny.failure(["--only", "install"])).message).toContain("no build of it was begun");
  for (const phase of ["setup", "build", "install", "check", "check"]) {
    const result = await tiny.build(["--only", phase]);
    expect([result.code, result.stderr]).toEqual([0, expect.stringContaining(`Only ${phase} was run`)]);
  }
  expect(steps()).toBe("setup\nbuild\ninstall\ncheck\ncheck\n");
  expect(readdirSync(tiny.out)).toEqual([]);
  expect((await tiny.failure(["--only", "workload"])).message).toContain("the recipe has no such phase for x86_64");
  expect((await tiny.failure(["--only", "setup", "--from", "build"])).code).toBe("usage");
  // What was installed by one phase alone is not taken for what this build installs.
  expect((await tiny.build(["--from", "install"])).code).toBe(0);
  expect(readdirSync(tiny.out)).toContain("sample-1-1-1-x86_64.stone");
});

test.skipIf(!HAVE_TINY)("a build goes on in the target that failed, and those before it install again", async () => {
  const recipe = (stop: string) => {
    const phase = (name: string, more = "") =>
      `${name}: |\n    if [ "${stop}" = "${name}-%(libsuffix)" ]; then exit 1; fi\n${more}`;
    const install = "    mkdir -p %(installroot)%(libdir)\n    echo a > %(installroot)%(libdir)/a\n";
    tiny.recipe(`emul32: true\n${phase("setup")}${phase("build")}${phase("install", install)}`);
  };
  let told = 0;
  /** Phases since the last look: going on writes behind what was told before. */
  const ran = (): string[] => {
    const all = events().filter(({ kind }) => kind === "phase");
    const fresh = all.slice(told).map(({ log, phase }) => `${/emul32/.test(log ?? "") ? 32 : 64} ${phase}`);
    told = all.length;
    return fresh;
  };
  recipe("build-32");
  expect((await tiny.failure()).message).toContain("build for emul32/x86_64 failed");
  expect(ran()).toEqual(["32 setup", "32 build"]);
  recipe("build-");
  expect((await tiny.failure(["--from", "build"])).message).toContain("build for x86_64 failed");
  expect(ran()).toEqual(["32 build", "32 install", "64 setup", "64 build"]);
  recipe("none");
  expect((await tiny.failure(["--only", "workload"])).message).toContain("the recipe has no such phase for x86_64");
  const result = await tiny.build(["--from", "build", "--keep"]);
  expect([result.code, result.stderr]).toEqual([0, expect.anything()]);
  expect(ran()).toEqual(["32 install", "64 build", "64 install"]);
  const installed = readdirSync(join(tiny.cache, "builds/sample-1-1/install/usr"));
  expect(installed.sort()).toEqual(["lib", "lib32"]);
});

test.skipIf(!HAVE_TINY)("a build with a workload goes on in the stage that failed", async () => {
  const recipe = (works: string) => tiny.recipe(`${STEPS}workload: |\n    echo workload >> steps\n    ${works}\n`);
  recipe("false");
  expect((await tiny.failure()).message).toContain("workload for x86_64 failed");
  const missing = await tiny.failure(["--from", "install"]);
  expect([missing.code, missing.message]).toEqual([
    "usage",
    expect.stringContaining('in the stage "one", which the last build had come to'),
  ]);
  expect(missing.hint).toBe("It has setup, build, workload.");
  recipe("true");
  const result = await tiny.build(["--from", "workload", "--keep"]);
  expect([result.code, result.stderr]).toEqual([0, expect.anything()]);
  const phases = events().flatMap(({ kind, phase }) => (kind === "phase" ? [phase] : []));
  expect(phases.slice(-5)).toEqual(["workload", "setup", "build", "install", "check"]);
  expect(steps()).toBe("setup\nbuild\ninstall\ncheck\n");
});

test.skipIf(!HAVE_TINY)("every byte of a log has a time in the events beside it", async () => {
  tiny.recipe("build: |\n    echo first\n    sleep 0.05\n    echo second\n    cat nowhere\n");
  await tiny.failure();
  const told = events();
  expect(told.filter(({ time }) => !TIME.test(time))).toEqual([]);
  const times = told.map(({ time }) => Date.parse(time));
  expect(times).toEqual(times.toSorted((a, b) => a - b));
  expect(told.map(({ kind }) => kind)).toContain("resolved");
  expect(told.find(({ kind }) => kind === "phase")?.phase).toBe("build");
  const log = readFileSync(join(logs(), "x86_64-build.log"));
  const ranges = told.filter(({ kind, log: name }) => kind === "output" && name === "x86_64-build.log");
  const rangeOf = (text: string): Told | undefined => {
    const offset = log.indexOf(`\n${text}\n`) + 1;
    return offset === 0 ? undefined : ranges.find(({ from = 0, to = 0 }) => from <= offset && offset < to);
  };
  const [first, second] = [rangeOf("first"), rangeOf("second")];
  expect([first?.kind, second?.kind]).toEqual(["output", "output"]);
  expect(first).not.toEqual(second);
  // The ranges follow each other and leave nothing out.
  expect(ranges.map(({ from }) => from)).toEqual([0, ...ranges.slice(0, -1).map(({ to }) => to)]);
  expect(ranges.at(-1)?.to).toBe(log.byteLength);
  expect([told.at(-1)?.kind, told.at(-1)?.code]).toEqual(["failed", "build.failed"]);
});

test.skipIf(!HAVE_TINY)("--json tells the time of every event of a build", async () => {
  tiny.recipe(STEPS);
  const result = await tiny.build(["--json"]);
  const told = lines(result.stdout).filter(({ type }) => type !== "result" && type !== "progress");
  expect([result.code, told.length > 10]).toEqual([0, true]);
  expect(told.filter(({ time }) => typeof time !== "string" || !TIME.test(time))).toEqual([]);
});

test.skipIf(!HAVE_TINY)("a target of another machine is planned and split, and its build refused", async () => {
  tiny.recipe(STEPS);
  const recipe = join(tiny.base, "recipe");
  const error = await tiny.failure(["--target", "aarch64"]);
  expect([error.code, error.message]).toEqual([
    "container.unavailable",
    'Cannot build "sample" for aarch64: this machine is x86_64, expected aarch64',
  ]);
  const plan = await run([...tiny.command, "plan", recipe, "--target", "aarch64", "--json"]);
  const value = JSON.parse(plan.stdout) as { architecture: string; targets: string[]; unresolved: string };
  expect([value.architecture, value.targets]).toEqual(["aarch64", ["aarch64"]]);
  expect(value.unresolved).toContain("for aarch64: tiny of its collections is for x86_64");
  const split = await run([...tiny.command, "split", recipe, "--target", "aarch64", "--paths", "-"], {
    input: "/usr/lib/libsample.so\n",
  });
  expect([split.code, split.stdout]).toEqual([0, "/usr/lib/libsample.so\tsample-devel\n"]);
  expect((await tiny.failure(["--target", "emul32/x86_64"])).message).toContain("it has no 32-bit side");
  expect(existsSync(join(tiny.out, "sample-1-1-1-aarch64.stone"))).toBe(false);
});

test.skipIf(!HAVE_TINY)("a build that installs nothing fails", async () => {
  tiny.recipe("build: |\n    echo built\n");
  const error = await tiny.failure();
  expect([error.code, error.hint]).toEqual(["package.empty", expect.stringContaining("%(installroot)")]);
});
