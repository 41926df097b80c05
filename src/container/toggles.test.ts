// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** The two switches, fakeroot and network, on and off; and containers without rights or within each other. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { lstatSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type ContainerOptions, type ContainerResult, runInRoot } from "#container/run";
import { run } from "#sys/process";
import { SmallRoot } from "../../tests/support/small-root.ts";

const BUN = process.execPath;
const PROGRAM = join(import.meta.dir, "../../bin/moss-container.ts");
const IS_ROOT = process.getuid?.() === 0;

let root: SmallRoot;
beforeAll(() => {
  root = new SmallRoot();
});
afterAll(() => root[Symbol.dispose]());

async function sh(script: string, options: Partial<ContainerOptions> = {}): Promise<ContainerResult> {
  return await runInRoot({ root: root.path, command: ["sh", "-c", script], ...options });
}

const GIVE_AWAY = "touch /tmp/f && chown 12:34 /tmp/f && stat -c %u:%g /tmp/f";

test.skipIf(!IS_ROOT)("with fakeroot a file can be given to anyone, and that is seen", async () => {
  const result = await sh(GIVE_AWAY, { fakeroot: true });
  expect(result.stdout).toBe("12:34\n");
  const keep = root.folder("given");
  await sh("touch /given && chown 12:34 /given", { fakeroot: true, keep });
  const { uid, gid } = lstatSync(join(keep, "upper/given"));
  expect([uid, gid]).toEqual([12, 34]);
});

test("without fakeroot it cannot", async () => {
  const result = await sh(GIVE_AWAY);
  expect(result.code).not.toBe(0);
  // The other owner does not even exist there, which some kernels call invalid.
  expect(result.stderr).toMatch(/Operation not permitted|Invalid argument/);
});

test("fakeroot gives none of the rights that reach beyond the container", async () => {
  const result = await sh("grep -h Cap /proc/self/status || cat /proc/self/status", { fakeroot: true });
  const effective = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)$/m.exec(result.stdout)?.[1] ?? "f"}`);
  const [admin, netAdmin, mknod, module, ptrace, boot] = [21n, 12n, 27n, 16n, 19n, 22n];
  for (const right of [admin, netAdmin, mknod, module, ptrace, boot]) expect((effective >> right) & 1n).toBe(0n);
  expect((await sh("mount -t tmpfs none /tmp", { fakeroot: true })).code).not.toBe(0);
  expect((await sh("hostname stolen", { fakeroot: true })).code).not.toBe(0);
});

test("with network a socket to a server outside connects; without it does not", async () => {
  const greeted: string[] = [];
  using server = Bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      open: (socket) => {
        greeted.push("hello");
        socket.write("from outside\n");
        socket.end();
      },
      data: () => undefined,
    },
  });
  const connect = `nc -w 2 127.0.0.1 ${server.port} < /dev/null`;
  const off = await sh(connect);
  expect(off.stdout).toBe("");
  expect(off.code).not.toBe(0);
  expect(greeted).toEqual([]);
  const on = await sh(connect, { network: true });
  expect(on.stdout).toBe("from outside\n");
  expect(greeted).toEqual(["hello"]);
});

test("without network there is a loopback, and nothing else", async () => {
  const result = await sh("ls /proc/self/net > /dev/null; cat /proc/net/dev; ip addr show lo");
  const devices = [...result.stdout.matchAll(/^\s*(\w+):\s+\d+\s/gm)].map(([, name]) => name);
  expect(devices).toEqual(["lo"]);
  expect(result.stdout).toContain("127.0.0.1/8");
  const talk = "(echo inside | nc -l -p 7777 127.0.0.1 &) ; sleep 0.2; nc -w 2 127.0.0.1 7777 < /dev/null";
  expect((await sh(talk)).stdout).toBe("inside\n");
});

test("with network names are looked up as on the host", async () => {
  const result = await sh("cat /etc/resolv.conf", { network: true });
  expect(result.stdout).toBe(readFileSync("/etc/resolv.conf", "utf8"));
});

/** What the program prints when an ordinary user starts it. */
async function asOrdinaryUser(args: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const user = IS_ROOT ? ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--no-new-privs"] : [];
  return await run([...user, BUN, PROGRAM, "-D", root.path, ...args], {
    cwd: "/",
    env: { PATH: "/usr/bin:/usr/sbin" },
  });
}

test("an ordinary user needs no rights for a container", async () => {
  const plain = await asOrdinaryUser(["--", "sh", "-c", "id -u; echo x > /etc/new && cat /etc/new"]);
  expect(plain).toMatchObject({ code: 0, stdout: "1000\nx\n" });
  const rooted = await asOrdinaryUser([
    "--fakeroot",
    "--",
    "sh",
    "-c",
    "id -u; rm -rf /usr/bin/echo; ls /proc | wc -l",
  ]);
  expect(rooted.code).toBe(0);
  expect(rooted.stdout.startsWith("0\n")).toBe(true);
  expect(lstatSync(join(root.path, "usr/bin/echo")).isSymbolicLink()).toBe(true);
});

test("an ordinary user's init is process 1, sees the processors alone in /sys, and can mount", async () => {
  const script = "echo $$; ls /sys/devices/system; mount -t tmpfs none /etc && ls /etc; mkdir /sys/x || echo no";
  const result = await asOrdinaryUser(["--init", "--", "sh", "-c", script]);
  expect(result).toMatchObject({ code: 0, stdout: "1\ncpu\nno\n" });
});

test("an ordinary user's containers keep their bounds and exit codes too", async () => {
  expect((await asOrdinaryUser(["--", "sh", "-c", "exit 9"])).code).toBe(9);
  expect((await asOrdinaryUser(["--timeout", "1", "--", "sleep", "60"])).code).toBe(124);
  const bounded = await asOrdinaryUser(["--memory", "64M", "--", "sh", "-c", "tail /dev/zero"]);
  expect(bounded.code).not.toBe(0);
});

test.each(["user", "fakeroot"])("a container runs in a container (%s)", async (kind) => {
  const inner = kind === "fakeroot" ? ["--fakeroot"] : [];
  const result = await runInRoot({
    root: "/",
    command: [BUN, PROGRAM, "-D", "/inner", ...inner, "--", "sh", "-c", "id -u; echo x > /etc/motd; cat /etc/motd"],
    // The two programs lie in folders that could be /tmp or /root, which are new inside.
    binds: [
      { source: BUN, target: BUN, readOnly: true },
      { source: join(import.meta.dir, "../.."), target: join(import.meta.dir, "../.."), readOnly: true },
      { source: root.path, target: "/inner" },
    ],
    nested: true,
  });
  expect(result).toMatchObject({ code: 0, stdout: `${kind === "fakeroot" ? 0 : 1000}\nx\n` });
  expect(readFileSync(join(root.path, "etc/motd"), "utf8")).toBe("unchanged\n");
});
