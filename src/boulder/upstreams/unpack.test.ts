// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Tests of unpacking: real archives of each form, and archives that try to leave their folder. */
import { afterAll, expect, test } from "bun:test";
import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Failure } from "#base/errors";
import { run } from "#sys/process";
import { unpackArchive, unpackInTurns } from "./unpack";

const base = mkdtempSync(join(tmpdir(), "boulder-unpack-"));
afterAll(() => rmSync(base, { recursive: true, force: true }));

let counter = 0;
function fresh(): string {
  const folder = join(base, `out-${counter++}`);
  mkdirSync(folder);
  return folder;
}

function touched(path: string): string {
  writeFileSync(path, "");
  return path;
}

/** A small project with a program, a link, a hard link, a long name and a file of some size. */
function project(): string {
  const folder = join(fresh(), "proj-1.0");
  mkdirSync(join(folder, "src/deep"), { recursive: true });
  writeFileSync(join(folder, "configure"), "#!/bin/sh\nexit 0\n");
  chmodSync(join(folder, "configure"), 0o755);
  writeFileSync(join(folder, "src/deep/main.c"), "int main(void) { return 0; }\n".repeat(5000));
  writeFileSync(join(folder, "src", `${"n".repeat(150)}.txt`), "long");
  writeFileSync(join(folder, "empty"), "");
  symlinkSync("../configure", join(folder, "src/link"));
  linkSync(join(folder, "configure"), join(folder, "src/same"));
  utimesSync(join(folder, "configure"), 1_000_000_000, 1_000_000_000);
  return folder;
}

async function archive(folder: string, ...command: string[]): Promise<string> {
  const file = join(fresh(), "archive");
  const result = await run([...command.map((word) => (word === "FILE" ? file : word)), "proj-1.0"], {
    cwd: join(folder, ".."),
  });
  expect(result).toMatchObject({ code: 0 });
  return file;
}

const FORMS: readonly (readonly [string, readonly string[]])[] = [
  ["tar", ["tar", "-cf", "FILE"]],
  ["pax tar", ["tar", "--format=pax", "-cf", "FILE"]],
  ["gzip", ["tar", "--gzip", "-cf", "FILE"]],
  ["xz", ["tar", "--xz", "-cf", "FILE"]],
  ["bzip2", ["tar", "--bzip2", "-cf", "FILE"]],
  ["zstd", ["tar", "--zstd", "-cf", "FILE"]],
];

function expectProject(out: string): void {
  expect(readFileSync(join(out, "src/deep/main.c"), "utf8").length).toBe(145_000);
  expect(readFileSync(join(out, "src", `${"n".repeat(150)}.txt`), "utf8")).toBe("long");
  expect(statSync(join(out, "configure")).mode & 0o777).toBe(0o755);
  expect(Math.floor(statSync(join(out, "configure")).mtimeMs / 1000)).toBe(1_000_000_000);
  expect(readlinkSync(join(out, "src/link"))).toBe("../configure");
  expect(readFileSync(join(out, "src/same"), "utf8")).toContain("exit 0");
  expect(statSync(join(out, "empty")).size).toBe(0);
}

for (const [name, command] of FORMS) {
  test(`a ${name} archive is unpacked with its modes, times and links`, async () => {
    const file = await archive(project(), ...command);
    const out = fresh();
    unpackArchive(file, out, { stripDirs: 1, name: "x" });
    expectProject(out);
    expect(statSync(join(out, "src/same")).ino).toBe(statSync(join(out, "configure")).ino);
  });
}

test("a zip archive is unpacked with its modes, times and links", async () => {
  const folder = project();
  const file = join(fresh(), "archive.zip");
  const script = `
import os, sys, zipfile
out = zipfile.ZipFile(sys.argv[1], "w", zipfile.ZIP_DEFLATED)
for folder, names, files in os.walk("proj-1.0"):
    out.write(folder)
    for name in files:
        path = os.path.join(folder, name)
        if os.path.islink(path):
            info = zipfile.ZipInfo(path)
            info.create_system = 3
            info.external_attr = 0o120777 << 16
            out.writestr(info, os.readlink(path))
        else:
            info = zipfile.ZipInfo(path, (2001, 9, 9, 1, 46, 40))
            info.compress_type = zipfile.ZIP_DEFLATED
            info.create_system = 3
            info.external_attr = os.stat(path).st_mode << 16
            out.writestr(info, open(path, "rb").read())
out.close()
`;
  const result = await run(["python3", "-c", script, file], { cwd: join(folder, "..") });
  expect(result).toMatchObject({ code: 0 });
  const out = fresh();
  unpackArchive(file, out, { stripDirs: 1, name: "x" });
  expectProject(out);
  const bytes = readFileSync(file);
  bytes[bytes.indexOf("int main") + 60] = 1;
  const damaged = join(fresh(), "damaged.zip");
  const body = bytes.subarray(0, -40);
  writeFileSync(damaged, body);
  expect(() => unpackArchive(damaged, fresh(), { stripDirs: 1, name: "x" })).toThrow(Failure);
});

test("stripping drops as many components as are asked for", async () => {
  const file = await archive(project(), "tar", "-cf", "FILE");
  const whole = fresh();
  unpackArchive(file, whole, { stripDirs: 0, name: "x" });
  expect(readdirSync(whole)).toEqual(["proj-1.0"]);
  const deep = fresh();
  unpackArchive(file, deep, { stripDirs: 3, name: "x" });
  expect(readdirSync(deep)).toEqual(["main.c"]);
});

/** A tar archive with the entries given, made by Python, which writes any name. */
async function hostile(entries: string): Promise<string> {
  const file = join(fresh(), "hostile.tar");
  const script = `
import io, sys, tarfile
out = tarfile.open(sys.argv[1], "w")
def add(name, type=tarfile.REGTYPE, link="", body=b"x"):
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.mode = type, link, 0o6755
    info.size = len(body) if type == tarfile.REGTYPE else 0
    out.addfile(info, io.BytesIO(body))
SYM, LNK, DIR, CHR, FIFO = tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE
${entries}
out.close()
`;
  expect(await run(["python3", "-c", script, file])).toMatchObject({ code: 0 });
  return file;
}

const REFUSED: readonly (readonly [string, string, string])[] = [
  ["a name with ..", 'add("top/../../evil")', "leads out of it"],
  ["an absolute name", 'add("/tmp/boulder-evil")', "an absolute name"],
  ["a file through a symlink", 'add("top/a", SYM, "/tmp"); add("top/a/evil")', "goes through a link or a file"],
  ["a folder through a symlink", 'add("top/a", SYM, ".."); add("top/a/b", DIR)', "goes through a link or a file"],
  ["a hard link to outside", 'add("top/a", LNK, "../../etc/passwd")', "leads out of it"],
  ["a hard link to an absolute name", 'add("top/a", LNK, "/etc/passwd")', "an absolute name"],
  ["a hard link through a symlink", 'add("top/s", SYM, "/etc"); add("top/a", LNK, "top/s/passwd")', "through a link"],
  ["a hard link to a symlink", 'add("top/s", SYM, "/etc/passwd"); add("top/a", LNK, "top/s")', "no file of it"],
  ["a device", 'add("top/null", CHR)', "a character device"],
  ["a fifo", 'add("top/pipe", FIFO)', "a fifo"],
  ["a file in the place of a folder", 'add("top/a", DIR); add("top/a")', "in the place of a folder"],
];

for (const [what, entries, message] of REFUSED) {
  test(`an archive with ${what} is refused and writes nothing outside`, async () => {
    const file = await hostile(entries);
    const parent = fresh();
    let failure: unknown;
    try {
      unpackArchive(file, join(parent, "out"), { stripDirs: 1, name: "hostile.tar" });
    } catch (error) {
      failure = error;
    }
    expect(failure).toBeInstanceOf(Failure);
    expect(failure).toMatchObject({ code: "upstream.unsafe" });
    expect(String(failure)).toContain(message);
    expect(readdirSync(parent)).toEqual(["out"]);
    expect(existsSync("/tmp/boulder-evil")).toBe(false);
  });
}

test("a symlink that is replaced by a file is never written through", async () => {
  const outside = join(fresh(), "outside");
  writeFileSync(outside, "untouched");
  const file = await hostile(`add("top/a", SYM, "${outside}"); add("top/a", body=b"evil")`);
  const out = fresh();
  unpackArchive(file, out, { stripDirs: 1, name: "x" });
  expect(readFileSync(outside, "utf8")).toBe("untouched");
  expect(lstatSync(join(out, "a")).isFile()).toBe(true);
  // Set-id bits of an archive mean nothing here.
  expect(statSync(join(out, "a")).mode & 0o7000).toBe(0);
});

test("archives that are cut off anywhere, or are none, are refused", async () => {
  const whole = readFileSync(await archive(project(), "tar", "--xz", "-cf", "FILE"));
  for (const length of [0, 3, 100, whole.length - 1]) {
    const file = join(fresh(), "cut");
    writeFileSync(file, whole.subarray(0, length));
    expect(() => unpackArchive(file, fresh(), { stripDirs: 1, name: "x" })).toThrow(Failure);
  }
  const text = join(fresh(), "text");
  writeFileSync(text, "just a text");
  expect(() => unpackArchive(text, fresh(), { stripDirs: 1, name: "x" })).toThrow("expected a tar or zip archive");
});

test("an archive that grows beyond the limit is stopped", async () => {
  const file = await hostile('add("top/a", body=b"0" * 3000000)');
  expect(() => unpackArchive(file, fresh(), { stripDirs: 1, name: "x", maxBytes: 1 << 20 })).toThrow(
    expect.objectContaining({ code: "upstream.unsafe" }),
  );
});

test("unpacking ends between two pieces of a source that grows thousandfold", async () => {
  const folder = join(fresh(), "proj-1.0");
  mkdirSync(folder);
  for (const name of ["a", "b", "c"]) truncateSync(touched(join(folder, name)), 40 << 20);
  const file = await archive(folder, "tar", "--gzip", "-cf", "FILE");
  const out = fresh();
  const controller = new AbortController();
  const work = unpackInTurns(file, out, { stripDirs: 0, name: "zeros" }, controller.signal);
  controller.abort(new Failure("interrupted", "it was interrupted"));
  expect(await work.catch((error: unknown) => (error instanceof Failure ? error.code : error))).toBe("interrupted");
  expect(existsSync(join(out, "proj-1.0/c"))).toBe(false);
  const whole = fresh();
  await unpackInTurns(file, whole, { stripDirs: 1, name: "zeros" });
  expect(statSync(join(whole, "c")).size).toBe(40 << 20);
}, 60_000);
