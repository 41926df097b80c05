// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** The words of the command line, and the program itself as a user runs it. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseBind, parseSize, parseVariable } from "#cli/moss-container/run";
import { run } from "#sys/process";
import { processesWith } from "../../../tests/support/machine-state.ts";
import { SmallRoot } from "../../../tests/support/small-root.ts";

const COMMAND = [process.execPath, join(import.meta.dir, "../../../bin/moss-container.ts")];

let root: SmallRoot;
beforeAll(() => {
  root = new SmallRoot();
});
afterAll(() => root[Symbol.dispose]());

const inRoot = async (...words: string[]): Promise<{ code: number; stdout: string; stderr: string }> =>
  await run([...COMMAND, "-D", root.path, ...words]);

test("sizes, binds and variables are read as they are written", () => {
  expect(["512", "1K", "1.5m", "2GiB", "1TB"].map(parseSize)).toEqual([512, 1024, 1572864, 2 ** 31, 2 ** 40]);
  for (const text of ["", "0", "-1", "1X", "M", "1e9", "99999999T"]) expect(() => parseSize(text)).toThrow("as a size");
  expect(parseBind("/a", true)).toEqual({ source: "/a", target: "/a", readOnly: true });
  expect(parseBind("/a\\:b:/c", false)).toEqual({ source: "/a:b", target: "/c", readOnly: false });
  expect(parseVariable("A=b=c")).toEqual(["A", "b=c"]);
  expect(parseVariable("PATH")).toEqual(["PATH", process.env["PATH"] ?? ""]);
  expect(() => parseVariable("NOT_SET_ANYWHERE")).toThrow("it is not set");
});

test("streams and exit code are the program's own, and its options are not ours", async () => {
  expect(await inRoot("--", "sh", "-c", "cat; echo problem >&2; exit 7")).toEqual({
    code: 7,
    stdout: "",
    stderr: "problem\n",
  });
  expect((await inRoot("ls", "-D", "/etc/motd")).stderr).toContain("ls:");
  const piped = await run([...COMMAND, "-D", root.path, "cat"], { input: "through\n" });
  expect(piped).toEqual({ code: 0, stdout: "through\n", stderr: "" });
});

test("switches reach the container", async () => {
  const shared = root.folder("shared");
  writeFileSync(join(shared, "in"), "shared\n");
  const words = ["-f", "-b", `${shared}:/work`, "--ro-bind", `${shared}:/ro`, "-e", "NAME=value", "-C", "/work"];
  const script = "id -u; pwd; echo $NAME; cat in; echo out > out; echo no > /ro/in || hostname; echo x > /mem/x";
  const result = await inRoot(...words, "--tmpfs", "/mem", "--hostname", "box", "--", "sh", "-c", script);
  expect(result.stdout).toBe("0\n/work\nvalue\nshared\nbox\n");
  expect(readFileSync(join(shared, "out"), "utf8")).toBe("out\n");
  expect((await inRoot("-u", "12:13", "--", "sh", "-c", "id -u; id -g")).stdout).toBe("12\n13\n");
  expect((await inRoot("--read-only", "touch", "/x")).code).toBe(1);
  const full = await inRoot("--scratch", "2M", "dd", "if=/dev/zero", "of=/tmp/x", "bs=65536", "count=32");
  expect(full.stderr).toContain("No space left on device");
});

test("the time-out is 124, and its account can be had for people and for programs", async () => {
  const people = await inRoot("--usage", "--timeout", "1", "sleep", "50");
  expect(people.code).toBe(124);
  expect(people.stderr).toMatch(/^1\.\d+ s, 0\.\d+ s of processor time; largest process [\d.]+ MiB/);
  const programs = await inRoot("--json", "--memory", "100M", "sh", "-c", "exit 5");
  expect(programs.stdout).toBe("");
  expect(JSON.parse(programs.stderr)).toMatchObject({ code: 5, timedOut: false, usage: { enforced: {} } });
});

test("a mistake is told in one line with what to do, and nothing runs", async () => {
  const absent = await run([...COMMAND, "-D", "/nowhere", "true"]);
  expect(absent).toMatchObject({ code: 1, stdout: "" });
  expect(absent.stderr).toStartWith('Error: Cannot run in "/nowhere"');
  expect((await inRoot("--read-only", "--writable", "true")).code).toBe(2);
  expect((await inRoot("--memory", "much", "true")).code).toBe(2);
  expect((await inRoot("--no-such-option", "true")).code).toBe(2);
  expect((await inRoot("no-such-program")).code).toBe(127);
});

test("a signal to the program ends the container whole", async () => {
  const mark = `6${process.pid}.25`;
  const child = Bun.spawn([...COMMAND, "-D", root.path, "sleep", mark], { stdio: ["ignore", "ignore", "inherit"] });
  while (!processesWith(mark).some((line) => /^\d+ sleep /.test(line))) await Bun.sleep(5);
  child.kill("SIGTERM");
  expect(await child.exited).toBe(130);
  expect(processesWith(mark)).toEqual([]);
});
