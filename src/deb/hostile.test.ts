// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Packages that mean harm, and packages cut off anywhere: a coded error, and nothing written. */
import { afterEach, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { Failure } from "#base/errors";
import { importDebs } from "#deb/import";
import { hasDpkgDeb, makeDeb } from "#tests/support/debs";
import { removeTemporary, temporary } from "#tests/support/imported";

afterEach(removeTemporary);

interface Member {
  readonly path: string;
  readonly body?: string;
  /** ustar's type: 0 regular, 1 hardlink, 2 symlink, 3 character device, 5 folder. */
  readonly type?: string;
  readonly link?: string;
  /** What the header says, where it lies. */
  readonly size?: number;
}

function tar(members: readonly Member[]): Buffer {
  const blocks: Buffer[] = [];
  for (const { path, body = "", type = "0", link = "", size } of members) {
    const header = Buffer.alloc(512);
    header.write(path, 0, 100);
    header.write("0000644\0", 100);
    header.write("0000000\0", 108);
    header.write("0000000\0", 116);
    header.write(`${(size ?? Buffer.byteLength(body)).toString(8).padStart(11, "0")}\0`, 124);
    header.write("00000000000\0", 136);
    header.write("        ", 148);
    header.write(type, 156);
    header.write(link, 157, 100);
    header.write("ustar\0", 257);
    header.write("00", 263);
    const sum = header.reduce((total, byte) => total + byte, 0);
    header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
    const data = Buffer.alloc(Math.ceil(Buffer.byteLength(body) / 512) * 512);
    data.write(body);
    blocks.push(header, data);
  }
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}

function ar(members: readonly (readonly [string, Buffer])[]): Buffer {
  const parts: Buffer[] = [Buffer.from("!<arch>\n")];
  for (const [name, body] of members) {
    const fields = [name.padEnd(16), "0".padEnd(12), "0".padEnd(6), "0".padEnd(6), "100644".padEnd(8)];
    parts.push(Buffer.from(`${fields.join("")}${String(body.byteLength).padEnd(10)}\`\n`), body);
    if (body.byteLength % 2 === 1) parts.push(Buffer.from("\n"));
  }
  return Buffer.concat(parts);
}

const CONTROL = "Package: evil\nVersion: 1\nArchitecture: all\nMaintainer: x\nDescription: x\n";

function deb(data: Buffer, control: readonly Member[] = [{ path: "./control", body: CONTROL }]): Buffer {
  return ar([
    ["debian-binary", Buffer.from("2.0\n")],
    ["control.tar.gz", gzipSync(tar(control))],
    ["data.tar.gz", gzipSync(data)],
  ]);
}

/** Imports bytes as a package; the failure, with nothing left in the collection. */
async function refusal(bytes: Uint8Array): Promise<Failure> {
  const folder = temporary();
  const path = join(folder, "evil.deb");
  const outDir = join(folder, "out");
  writeFileSync(path, bytes);
  const failed = await importDebs({
    words: [path],
    outDir,
    cache: join(folder, "cache"),
    profile: "fast",
    jobs: 1,
  }).then(
    () => undefined,
    (error: unknown) => error,
  );
  const left = existsSync(outDir) ? readdirSync(outDir).filter((name) => name !== ".moss-deb.lock") : [];
  expect(left).toEqual([]);
  expect(readdirSync(folder).sort()).toEqual(existsSync(outDir) ? ["cache", "evil.deb", "out"] : ["evil.deb"]);
  if (failed instanceof Failure) return failed;
  if (failed instanceof Error) throw failed;
  throw new Error("it was imported");
}

const HOSTILE: Readonly<Record<string, readonly Member[]>> = {
  "a path that climbs out": [{ path: "./usr/../../etc/cron.d/x", body: "x" }],
  "a path that ends in its own parent": [{ path: "./usr/share/..", body: "x" }],
  "a hardlink to a file that is not in the package": [{ path: "./usr/x", type: "1", link: "./etc/shadow" }],
  "a hardlink that climbs out": [{ path: "./usr/x", type: "1", link: "../../etc/shadow" }],
  "two files at one path": [
    { path: "./bin/x", body: "1" },
    { path: "./usr/bin/x", body: "2" },
  ],
  "a file below its own link": [
    { path: "./usr/share/x", type: "2", link: "/etc" },
    { path: "./usr/share/x/passwd", body: "root::0:0" },
  ],
  "a file below its own file": [
    { path: "./usr/share/x", body: "file" },
    { path: "./usr/share/x/y", body: "below" },
  ],
  "a member larger than the archive": [{ path: "./usr/x", size: 0o77777777777 }],
};

for (const [what, members] of Object.entries(HOSTILE)) {
  test(`${what} is refused`, async () => {
    expect((await refusal(deb(tar(members)))).code).toMatch(/^(deb\.invalid|format\.invalid|stone\.write)$/);
  });
}

test("a control file that lies is refused", async () => {
  const data = tar([{ path: "./usr/x", body: "x" }]);
  const controls = [
    "",
    "Package: ../../evil\nVersion: 1\nArchitecture: all\nDescription: x\n",
    "Package: evil\nVersion: ../1\nArchitecture: all\nDescription: x\n",
    "Package: evil\nArchitecture: all\nDescription: x\n",
    "Version: 1\nArchitecture: all\nDescription: x\n",
    "no field at all\n",
  ];
  for (const control of controls) {
    const failure = await refusal(deb(data, [{ path: "./control", body: control }]));
    expect([control, failure.code]).toEqual([control, expect.stringMatching(/^(deb|format)\.invalid$/)]);
  }
});

test("a bomb of zeros is refused before it takes memory or disk", async () => {
  // The header promises one byte; behind it come 300 MB that no member accounts for.
  const zeros = Buffer.alloc(300 << 20);
  const failure = await refusal(
    ar([
      ["debian-binary", Buffer.from("2.0\n")],
      ["control.tar.gz", gzipSync(Buffer.concat([tar([{ path: "./control", body: "x".repeat(9 << 20) }])]))],
      ["data.tar.gz", gzipSync(zeros, { level: 1 })],
    ]),
  );
  expect(failure.code).toMatch(/^(deb|format)\.invalid$/);
}, 30_000);

test.skipIf(!hasDpkgDeb)("a package that is cut off at any place is refused", async () => {
  const good = readFileSync(
    makeDeb(temporary(), {
      name: "good",
      compression: "gzip",
      files: { "/usr/bin/g": "g".repeat(3000), "/etc/g": "c" },
    }),
  );
  const places = [
    0,
    1,
    7,
    8,
    60,
    67,
    68,
    72,
    73,
    131,
    132,
    140,
    200,
    300,
    500,
    good.byteLength - 20,
    good.byteLength - 1,
  ];
  for (const length of places.filter((at) => at < good.byteLength)) {
    const failure = await refusal(good.subarray(0, length));
    expect([length, failure.code]).toEqual([length, expect.stringMatching(/^(deb|format)\.invalid$/)]);
  }
});
