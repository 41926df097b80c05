// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** System calls that a container is refused, tried for real inside by programs of 64 and 32 bits, and what still works. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { chmodSync, existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Machine, refusedCalls } from "#container/refused";
import { type ContainerOptions, type ContainerResult, runInRoot } from "#container/run";
import { seccompFilter } from "#container/seccomp";
import { SmallRoot } from "../../tests/support/small-root.ts";

const [EPERM, ENOTTY, ENOSYS, EAFNOSUPPORT] = [1, 25, 38, 97];
const [TIOCSTI, TIOCLINUX] = [0x5412, 0x541c];
const HERE: Machine = process.arch === "arm64" ? "arm64" : "x64";

let root: SmallRoot;
beforeAll(() => {
  root = new SmallRoot();
});
afterAll(() => root[Symbol.dispose]());

/** In the machine's own root, which has Perl (and mostly a compiler). */
async function here(script: string, options: Partial<ContainerOptions> = {}): Promise<ContainerResult> {
  return await runInRoot({ root: "/", command: ["sh", "-c", script], ...options });
}

/** Error numbers of system calls with their arguments, made by Perl; 0 where one succeeds. */
async function errors(calls: readonly number[][], options: Partial<ContainerOptions> = {}): Promise<number[]> {
  const program = `for (split /;/, shift) {
    my ($call, @args) = map { $_ + 0 } split /,/;
    print syscall($call, @args) < 0 ? $! + 0 : 0, " " }`;
  const words = calls.map((call) => call.join(",")).join(";");
  const result = await runInRoot({ root: "/", command: ["perl", "-e", program, words], ...options });
  expect(result).toMatchObject({ code: 0, stderr: "" });
  return result.stdout.trim().split(" ").map(Number);
}

const WAYS: Partial<ContainerOptions>[] = [{}, { fakeroot: true }, { nested: true }, { init: true }];

test.each(WAYS)("what reaches past a container is refused: %p", async (options) => {
  const { forbidden, absent } = refusedCalls(HERE, options.init === true || options.nested === true);
  expect(
    await errors(
      forbidden.map((call) => [call, -1, 0, 0, 0, 0]),
      options,
    ),
  ).toEqual(forbidden.map(() => EPERM));
  expect(
    await errors(
      absent.map((call) => [call, -1, 0, 0, 0, 0]),
      options,
    ),
  ).toEqual(absent.map(() => ENOSYS));
});

test("the same calls reach the kernel outside: it is the filter that answers", () => {
  const { absent, forbidden, ioctl } = refusedCalls(HERE, true);
  const program = "open(N, '<', '/dev/null'); print syscall($ARGV[0] + 0, $ARGV[1] + 0, 0, 0) < 0 ? $! + 0 : 0";
  const outside = (call: number | undefined, first: number): number =>
    Number(Bun.spawnSync(["perl", "-e", program, String(call), String(first)]).stdout.toString());
  // keyctl(-1), add_key(null), io_uring_setup(-1), ioctl(-1)
  const keyctl = forbidden[2];
  expect(outside(keyctl, -1)).not.toBe(EPERM);
  expect(outside(ioctl[0], -1)).toBe(9);
  expect(absent).toHaveLength(3);
});

test("no characters can be put into a terminal's input, whatever the upper half of the request is", async () => {
  const ioctl = refusedCalls(HERE, false).ioctl[0] ?? -1;
  const requests = [TIOCSTI, TIOCLINUX, TIOCSTI + 2 ** 32, 0x5401].map((request) => [ioctl, 0, request, 0]);
  expect(await errors(requests, { fakeroot: true })).toEqual([EPERM, EPERM, EPERM, ENOTTY]);
});

test("the machine's host cannot be talked to past the network namespace", async () => {
  const socket = refusedCalls(HERE, false).socket[0] ?? -1;
  const [local, vsock] = [1, 40];
  expect(
    await errors([
      [socket, vsock, 1, 0],
      [socket, local, 1, 0],
    ]),
  ).toEqual([EAFNOSUPPORT, 0]);
});

/** What mounts the control groups in namespaces of one's own, and puts their first limit up. */
const LIFT = `my ($unshare, $mount) = @ARGV; my $type = "cgroup2"; my $none = "none"; my $where = "/tmp/groups"; mkdir $where;
  my $new = syscall($unshare + 0, 0x12020000) < 0 ? $! + 0 : 0;
  $new == 0 or syscall($unshare + 0, 0x10020000) == 0 or die $!;
  print $new, " ", syscall($mount + 0, $none, $where, $type, 0, 0) < 0 ? $! + 0 : 0`;

test("control groups cannot be mounted by what they hold, though other namespaces can be made", async () => {
  const numbers = HERE === "x64" ? ["272", "165"] : ["97", "40"];
  const lift = async (options: Partial<ContainerOptions>) =>
    (await runInRoot({ root: "/", command: ["perl", "-e", LIFT, ...numbers], ...options })).stdout;
  expect(await lift({})).toBe("1 1");
  expect(await lift({ fakeroot: true })).toBe("1 1");
  // A container within may, and has its groups below.
  expect(await lift({ nested: true })).toMatch(/^0 /);
});

/** A program of 32 bits that makes one call and ends with its error number: no compiler for these need be there. */
function program32(call: number, args: readonly number[]): Buffer {
  const load = (opcode: number, value: number): Buffer => {
    const bytes = Buffer.alloc(5);
    bytes.writeUInt8(opcode);
    bytes.writeUInt32LE(value >>> 0, 1);
    return bytes;
  };
  const [first = 0, second = 0, third = 0] = args;
  const code = Buffer.concat([
    load(0xbb, first), // mov ebx
    load(0xb9, second), // mov ecx
    load(0xba, third), // mov edx
    load(0xb8, call), // mov eax
    Buffer.from("cd80f7d889c3", "hex"), // int 0x80; neg eax; mov ebx, eax
    load(0xb8, 1), // exit
    Buffer.from("cd80", "hex"),
  ]);
  const [header, segment, base] = [52, 32, 0x10000];
  const size = header + segment + code.length;
  const file = Buffer.alloc(header + segment);
  file.write("\x7fELF\x01\x01\x01", "latin1");
  file.writeUInt16LE(2, 16); // an executable
  file.writeUInt16LE(3, 18); // of the 386
  file.writeUInt32LE(1, 20);
  file.writeUInt32LE(base + header + segment, 24); // where it starts
  file.writeUInt32LE(header, 28);
  for (const [at, value] of [header, segment, 1].entries()) file.writeUInt16LE(value, 40 + at * 2);
  // One segment: all of the file, readable and executable.
  for (const [at, value] of [1, 0, base, base, size, size, 5, 0x1000].entries()) {
    file.writeUInt32LE(value, header + at * 4);
  }
  return Buffer.concat([file, code]);
}

test.skipIf(HERE !== "x64")("programs of 32 bits run, and are refused the same by their own numbers", async () => {
  const { forbidden, absent, ioctl } = refusedCalls("x86", false);
  const cases: [expected: number, call: number, args: number[]][] = [
    ...forbidden.map((call): [number, number, number[]] => [EPERM, call, [-1, 0, 0]]),
    ...absent.map((call): [number, number, number[]] => [ENOSYS, call, [-1, 0, 0]]),
    ...ioctl.map((call): [number, number, number[]] => [EPERM, call, [0, TIOCSTI, 0]]),
    ...ioctl.map((call): [number, number, number[]] => [ENOTTY, call, [0, 0x5401, 0]]),
  ];
  for (const [at, [, call, args]] of cases.entries()) {
    writeFileSync(join(root.path, `usr/bin/call-${at}`), program32(call, args), { mode: 0o755 });
    chmodSync(join(root.path, `usr/bin/call-${at}`), 0o755);
  }
  // A kernel without such programs cannot start the one that only ends.
  writeFileSync(join(root.path, "usr/bin/plain32"), program32(20, []), { mode: 0o755 });
  const own = Bun.spawnSync([join(root.path, "usr/bin/plain32")]);
  const script = `plain32; echo $?; for i in $(seq 0 ${cases.length - 1}); do call-$i; echo $?; done`;
  const result = await runInRoot({ root: root.path, command: ["sh", "-c", script], fakeroot: true });
  const [plain, ...codes] = result.stdout.trim().split("\n").map(Number);
  if (own.exitCode === null || own.exitCode === 126) return;
  expect(plain).not.toBe(126);
  expect(codes).toEqual(cases.map(([expected]) => expected));
});

test("numbers of x32 are none", async () => {
  if (HERE !== "x64") return;
  expect(await errors([[0x4000_0000 + 39], [39]])).toEqual([ENOSYS, 0]);
});

test("the filter is on, with no new rights, for every process inside", async () => {
  for (const options of WAYS) {
    const { stdout } = await here("sh -c 'grep -E \"^(NoNewPrivs|Seccomp):\" /proc/self/status'", options);
    expect(stdout.replace(/\s+/g, " ")).toBe("NoNewPrivs: 1 Seccomp: 2 ");
  }
});

test.skipIf(Bun.which("gcc") === null)("a compiler, threads, pipes and sockets work under it", async () => {
  const source = `#include <pthread.h>\n#include <stdio.h>\nstatic void *f(void *p) { return p; }
    int main(void) { pthread_t t; void *r; pthread_create(&t, 0, f, (void *)7); pthread_join(t, &r); printf("%d\\n", (int)(long)r); }`;
  const script = "cat > /tmp/a.c && gcc -O2 -pthread -flto -o /tmp/a /tmp/a.c && /tmp/a";
  const result = await here(script, { input: source });
  expect(result).toMatchObject({ code: 0, stdout: "7\n" });
});

test.skipIf(!existsSync("/usr/bin/python3"))("Python's processes, sockets and event loops work under it", async () => {
  const script = `import asyncio, multiprocessing, socket, subprocess, os, platform
def work(q): q.put(platform.machine())
q = multiprocessing.Queue(); p = multiprocessing.Process(target=work, args=(q,)); p.start(); q.get(); p.join()
a, b = socket.socketpair(); a.send(b"x"); assert b.recv(1) == b"x"
async def main():
    p = await asyncio.create_subprocess_exec("/usr/bin/true"); assert await p.wait() == 0
asyncio.run(main()); os.getrandom(8); os.memfd_create("m"); print("ok", os.cpu_count() > 0)`;
  const result = await runInRoot({ root: "/", command: ["/usr/bin/python3", "-c", script], fakeroot: true });
  expect(result).toMatchObject({ code: 0, stdout: "ok True\n", stderr: "" });
});

test("every number of the tables is judged as it says, on every machine, and nothing next to it", () => {
  const arch = { x64: 0xc000_003e, x86: 0x4000_0003, arm64: 0xc000_00b7 };
  const [allow, errno] = [0x7fff_0000, 0x0005_0000];
  for (const machine of ["x64", "x86", "arm64"] as const) {
    const filter = seccompFilter(false, machine === "arm64" ? "arm64" : "x64");
    const { forbidden, absent, ioctl, socket, flags } = refusedCalls(machine, false);
    for (let call = 0; call < 470; call++) {
      const expected = forbidden.includes(call) ? errno | EPERM : absent.includes(call) ? errno | ENOSYS : allow;
      expect([call, run(filter, [call, arch[machine], 0, 0, 3, 0, 0x5401, 0])]).toEqual([call, expected]);
    }
    for (const call of ioctl) expect(run(filter, [call, arch[machine], 0, 0, 3, 0, TIOCSTI, 9])).toBe(errno | EPERM);
    for (const call of socket) expect(run(filter, [call, arch[machine], 0, 0, 40, 0, 0, 0])).toBe(errno | EAFNOSUPPORT);
    for (const call of flags) {
      expect(run(filter, [call, arch[machine], 0, 0, 0x1202_0000, 0, 0, 0])).toBe(errno | EPERM);
      expect(run(filter, [call, arch[machine], 0, 0, 0x1002_0000, 0, 0x0200_0000, 0])).toBe(allow);
    }
    expect(run(filter, [1, 0x1234, 0, 0, 0, 0, 0, 0])).toBe(errno | ENOSYS);
  }
});

/** What a program of the five instructions that we use gives for a description, in words. */
function run(program: Buffer, words: readonly number[]): number {
  let loaded = 0;
  for (let at = 0; at < program.length; at += 8) {
    const [code, yes, no] = [program.readUInt16LE(at), program.readUInt8(at + 2), program.readUInt8(at + 3)];
    const value = program.readUInt32LE(at + 4);
    if (code === 0x06) return value;
    if (code === 0x20) loaded = words[value / 4] ?? Number.NaN;
    else if (code === 0x45) at += 8 * ((loaded & value) === 0 ? no : yes);
    else at += 8 * ((code === 0x15 ? loaded === value : loaded >= value) ? yes : no);
  }
  throw new Error("it ends without an answer");
}
