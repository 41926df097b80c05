// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** What a program in a container sees, and what it cannot reach or change. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { type ContainerOptions, type ContainerResult, runInRoot } from "#container/run";
import { SmallRoot } from "../../tests/support/small-root.ts";

let root: SmallRoot;
beforeAll(() => {
  root = new SmallRoot();
});
afterAll(() => root[Symbol.dispose]());

async function sh(script: string, options: Partial<ContainerOptions> = {}): Promise<ContainerResult> {
  return await runInRoot({ root: root.path, command: ["sh", "-c", script], ...options });
}

async function output(script: string, options: Partial<ContainerOptions> = {}): Promise<string> {
  const result = await sh(script, options);
  expect(result.stderr).toBe("");
  expect(result.code).toBe(0);
  return result.stdout.trim();
}

/** Every entry of a folder with all that an `lstat` tells but the time of access, and the bytes of files. */
function picture(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .sort()
    .map((name) => {
      const path = join(folder, name);
      const { mode, uid, gid, size, mtimeMs, ctimeMs, ino, nlink } = lstatSync(path);
      const body = lstatSync(path).isFile() && size < 1000 ? readFileSync(path, "latin1") : "";
      return JSON.stringify([name, mode, uid, gid, size, mtimeMs, ctimeMs, ino, nlink, body]);
    });
}

test("device nodes work, and only the harmless ones are there", async () => {
  const names = (await output("ls /dev")).split(/\s+/);
  for (const name of ["null", "zero", "full", "random", "urandom", "tty", "ptmx", "pts", "shm"]) {
    expect(names).toContain(name);
  }
  expect(names.filter((name) => /^(sd|vd|nvme|loop|mem|kmsg|port|fuse)/.test(name))).toEqual([]);
  expect(await output("echo lost > /dev/null; head -c 4 /dev/zero | wc -c; head -c 16 /dev/urandom | wc -c")).toBe(
    "4\n16",
  );
  expect((await sh("echo x > /dev/full")).code).not.toBe(0);
});

test.each([{ fakeroot: false }, { fakeroot: true }, { nested: true }])(
  "/proc holds the container's processes alone: %p",
  async (options) => {
    const marker = `sleep 31.${process.pid}`;
    const other = Bun.spawn(marker.split(" "));
    try {
      const seen = await output("ps; ls -d /proc/[0-9]* | wc -l", options);
      expect(seen).not.toContain(marker);
      expect(seen).toContain("ps");
      expect(Number(seen.split("\n").at(-1))).toBeLessThan(10);
      expect((await sh(`kill ${other.pid}`, options)).code).not.toBe(0);
      expect(other.killed).toBe(false);
    } finally {
      other.kill();
      await other.exited;
    }
  },
);

test("of /sys only the processors are seen, and not even root writes there", async () => {
  const seen = await output("find /sys -maxdepth 4 -type d | grep -v cpu/; ls /sys/devices/system/cpu/online");
  expect(seen.split("\n").sort()).toEqual([
    "/sys",
    "/sys/devices",
    "/sys/devices/system",
    "/sys/devices/system/cpu",
    "/sys/devices/system/cpu/online",
    "/sys/fs",
    "/sys/fs/cgroup",
  ]);
  for (const line of ["mkdir /sys/fs/cgroup/x", "mkdir /sys/x", "echo 0 > /sys/devices/system/cpu/cpu1/online"]) {
    expect((await sh(line, { fakeroot: true })).code).not.toBe(0);
  }
});

test("the command line of process 1, which all inside can read, names no path or variable of the host", async () => {
  const shared = root.folder("shared-name");
  const options = { binds: [{ source: shared, target: "/work" }], env: { GIVEN: "some-value" } };
  for (const fakeroot of [true, false]) {
    const line = await output("cat /proc/1/cmdline", { ...options, fakeroot });
    expect(line).toContain("bwrap");
    for (const word of [root.base, "shared-name", "some-value", "/mnt"]) expect(line).not.toContain(word);
  }
});

test("what steers the kernel cannot be written through /proc, not even by root", async () => {
  // "h" only prints a help text into the kernel's log, should this ever get through.
  for (const line of ["echo h > /proc/sysrq-trigger", "echo 1 > /proc/sys/kernel/dmesg_restrict"]) {
    expect((await sh(line, { fakeroot: true })).code).not.toBe(0);
  }
});

/** Changes each path inside to what the host must not see, and gives what the host sees of it then. */
async function changed(path: string, fakeroot: boolean): Promise<{ before: string; after: string }> {
  const look = () => {
    const { mode, uid, gid, mtimeMs } = lstatSync(path);
    return JSON.stringify([mode, uid, gid, mtimeMs]);
  };
  const { mode, uid, gid, mtime, atime } = lstatSync(path);
  const before = look();
  try {
    await sh(`chmod 0642 ${path}; chown 1:1 ${path}; touch -d 2001-01-01 ${path}`, { fakeroot });
    return { before, after: look() };
  } finally {
    // Were it to get through, the machine is to be as it was.
    if (look() !== before && process.geteuid?.() === 0) {
      chmodSync(path, mode);
      chownSync(path, uid, gid);
      utimesSync(path, atime, mtime);
    }
  }
}

test("no mode, owner or time of the host's devices or of its /proc can be changed", async () => {
  for (const path of ["/dev/full", "/dev/tty", "/proc/uptime", "/proc/sys/kernel/ostype"]) {
    for (const fakeroot of [true, false]) {
      const { before, after } = await changed(path, fakeroot);
      // The kernel shows times of /proc as they come.
      const fields = (text: string) => (JSON.parse(text) as unknown[]).slice(0, path.startsWith("/proc") ? 3 : 4);
      expect(fields(after)).toEqual(fields(before));
    }
  }
});

test("stdin is no device node of the host", async () => {
  const host = lstatSync("/dev/null");
  const seen = await output("stat -L -c '%t:%T %i' /proc/self/fd/0; wc -c", { fakeroot: true });
  const [number, inode, size] = seen.split(/\s+/);
  expect([number, size]).toEqual(["1:3", "0"]);
  expect(Number(inode)).not.toBe(host.ino);
});

test("/tmp, /run and further folders are empty, in memory and writable", async () => {
  writeFileSync(join(root.path, "var/lib/hidden"), "x");
  const script = "ls /tmp /run /var/lib; for d in /tmp /run /var/lib; do echo new > $d/f && cat $d/f; done";
  const seen = await output(script, { tmpfs: ["/var/lib"], fakeroot: true });
  expect(seen).not.toContain("hidden");
  expect(seen.match(/new/g)).toHaveLength(3);
  expect(await output("stat -f -c %T /tmp")).toBe("tmpfs");
  expect(readdirSync(join(root.path, "var/lib"))).toEqual(["hidden"]);
});

test("each of the namespaces is another than the caller's", async () => {
  const script = "for n in mnt pid ipc uts net user; do stat -L -c '%i' /proc/self/ns/$n; done";
  const inside = (await output(script)).split("\n");
  const outside = ["mnt", "pid", "ipc", "uts", "net", "user"].map((name) =>
    String(statSync(`/proc/self/ns/${name}`).ino),
  );
  expect(inside).toHaveLength(6);
  for (const [index, inode] of inside.entries()) expect(inode).not.toBe(outside[index] ?? "");
});

test("process 1 stands outside, and nobody inside gets through it to the host", async () => {
  // Its root is the host's. Asking for it is what tracing would need too.
  const script = "for what in root cwd fd ns exe environ; do ls -L /proc/1/$what/ && echo through; done; true";
  for (const fakeroot of [true, false]) {
    for (const nested of [true, false]) {
      const { stdout, stderr } = await sh(script, { fakeroot, nested });
      expect(stdout).toBe("");
      expect(stderr.match(/denied|No such|cannot/gi)?.length ?? 0).toBeGreaterThanOrEqual(6);
    }
  }
});

test("the command inherits no descriptor but its streams", async () => {
  for (const fakeroot of [true, false]) {
    expect(await output("ls /proc/self/fd | tr '\\n' ' '", { fakeroot })).toBe("0 1 2 3");
  }
});

test("the host's name is not seen; another can be given", async () => {
  expect(await output("hostname")).toBe("moss");
  expect(await output("hostname", { hostname: "build-1" })).toBe("build-1");
  expect(hostname()).not.toBe("build-1");
});

test("nothing of the caller's environment is seen; what is given is", async () => {
  process.env["MOSS_TEST_SECRET"] = "secret";
  try {
    const names = (await output("env", { env: { GIVEN: "a b=c" } })).split("\n");
    expect(names).toContain("GIVEN=a b=c");
    expect(names.join("\n")).not.toContain("secret");
    const known = ["PATH", "HOME", "LANG", "PWD", "GIVEN", "SHLVL", "OLDPWD"];
    expect(names.map((line) => line.split("=")[0] ?? "").filter((name) => !known.includes(name))).toEqual([]);
  } finally {
    Reflect.deleteProperty(process.env, "MOSS_TEST_SECRET");
  }
});

test("the working folder is the one asked for", async () => {
  expect(await output("pwd", { cwd: "/usr/bin" })).toBe("/usr/bin");
  expect(await output("pwd")).toBe("/");
});

test("the user is an ordinary one, root with fakeroot, or whoever is asked for; names are found", async () => {
  expect(await output("id -u; id -g")).toBe("1000\n1000");
  expect(await output("id -un", { fakeroot: true })).toBe("root");
  expect(await output("id -u; id -g; id -un", { uid: 4711, gid: 42 })).toBe("4711\n42\nuser");
});

test("binds are seen where asked; a read-only one cannot be written, the other reaches the host", async () => {
  const shared = root.folder("shared");
  writeFileSync(join(shared, "in"), "from outside\n");
  const script = "cat /work/in; echo out > /work/out; echo no > /fixed/in; cat /one";
  const result = await sh(script, {
    binds: [
      { source: shared, target: "/work" },
      { source: shared, target: "/fixed", readOnly: true },
      { source: join(shared, "in"), target: "/one", readOnly: true },
    ],
  });
  expect(result.stdout).toBe("from outside\nfrom outside\n");
  expect(result.stderr).toContain("Read-only file system");
  expect(readFileSync(join(shared, "out"), "utf8")).toBe("out\n");
  expect(readFileSync(join(shared, "in"), "utf8")).toBe("from outside\n");
});

test("whatever runs inside, nothing below the overlay changes", async () => {
  const before = picture(root.path);
  const script = `
    echo changed > /etc/motd; chmod 777 /usr/bin; chown 5:6 /etc/motd; touch -d 2001-01-01 /usr
    mkdir -p /new/folder; rm -f /usr/bin/not-executable; cat /etc/motd; rm -rf /usr /etc /var /bin /sbin`;
  const result = await sh(script, { fakeroot: true });
  expect(result.stdout).toBe("changed\n");
  expect(picture(root.path)).toEqual(before);
});

test("a read-only root takes nothing but /tmp, /run and binds, and makes no folder in it", async () => {
  const before = picture(root.path);
  const bind = { source: root.folder("target"), target: "/not/there/yet" };
  const result = await sh("echo x > /etc/motd; echo x > /new; echo ok > /not/there/yet/f; echo ok > /tmp/f", {
    access: "read-only",
    fakeroot: true,
    binds: [bind],
  });
  expect(result.stderr.match(/Read-only file system/g)).toHaveLength(2);
  expect(readFileSync(join(bind.source, "f"), "utf8")).toBe("ok\n");
  expect(picture(root.path)).toEqual(before);
});

test("with writable the root itself is written", async () => {
  using own = new SmallRoot();
  await output("echo changed > /etc/motd", { root: own.path, access: "writable", fakeroot: true });
  expect(readFileSync(join(own.path, "etc/motd"), "utf8")).toBe("changed\n");
});

test("what was written can be kept, and is there again the next time", async () => {
  const keep = root.folder("keep");
  await output("echo kept > /etc/mine", { keep, fakeroot: true });
  expect(readFileSync(join(keep, "upper/etc/mine"), "utf8")).toBe("kept\n");
  expect(existsSync(join(root.path, "etc/mine"))).toBe(false);
  expect(await output("cat /etc/mine", { keep, fakeroot: true })).toBe("kept");
});

test("several roots lie over each other, the first on top", async () => {
  const top = root.folder("top");
  mkdirSync(join(top, "etc"), { recursive: true });
  writeFileSync(join(top, "etc/motd"), "from the top\n");
  expect(await output("cat /etc/motd; test -x /usr/bin/sh && echo below", { root: [top, root.path] })).toBe(
    "from the top\nbelow",
  );
});

test("the minimum of /etc is there where the root has none, never over what it has", async () => {
  expect(await output("cat /etc/hosts")).toContain("127.0.0.1 localhost");
  const own = root.folder("own");
  mkdirSync(join(own, "etc"), { recursive: true });
  writeFileSync(join(own, "etc/passwd"), "root:x:0:0:me:/:/bin/sh\n");
  expect(await output("cat /etc/passwd", { root: [own, root.path] })).toBe("root:x:0:0:me:/:/bin/sh");
  expect((await sh("cat /etc/hosts", { etc: false })).code).not.toBe(0);
});

test("odd names of folders stay what they are", async () => {
  const odd = join(root.base, 'a:b,c\\d"e f');
  mkdirSync(join(odd, "etc"), { recursive: true });
  writeFileSync(join(odd, "etc/odd"), "found\n");
  expect(await output("cat /etc/odd", { root: [odd, root.path] })).toBe("found");
});

test("rights of a file of another owner stand in the way without fakeroot", async () => {
  if (process.getuid?.() !== 0) return;
  writeFileSync(join(root.path, "etc/private"), "secret\n", { mode: 0o600 });
  chownSync(join(root.path, "etc/private"), 77, 77);
  expect((await sh("cat /etc/private")).code).not.toBe(0);
  expect(await output("cat /etc/private", { fakeroot: true })).toBe("secret");
});
