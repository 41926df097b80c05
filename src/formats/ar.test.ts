// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** The ar shell of a .deb. */
import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { Failure } from "#base/errors";
import { readAr } from "#formats/ar";

interface Member {
  name: string;
  body: Uint8Array;
}

function pack(members: readonly Member[]): Buffer {
  const parts: Uint8Array[] = [Buffer.from("!<arch>\n")];
  for (const { name, body } of members) {
    const header = `${name.padEnd(16)}${"0".padEnd(12)}${"0".padEnd(6)}${"0".padEnd(6)}${"100644".padEnd(8)}`;
    parts.push(Buffer.from(`${header}${String(body.byteLength).padEnd(10)}\`\n`), body);
    if (body.byteLength % 2 === 1) parts.push(Buffer.from("\n"));
  }
  return Buffer.concat(parts);
}

const readerOf = (bytes: Uint8Array) => (offset: number, length: number) => bytes.subarray(offset, offset + length);

test("members are found with their bodies", () => {
  const member = fc.record({
    name: fc.stringMatching(/^[a-z][a-z.-]{0,14}$/),
    body: fc.uint8Array({ maxLength: 40 }),
  });
  fc.assert(
    fc.property(fc.array(member, { maxLength: 6 }), (members) => {
      const file = pack(members);
      const found = readAr(readerOf(file), file.byteLength, "x.deb");
      expect(
        found.map(({ name, offset, size }) => ({ name, body: new Uint8Array(file.subarray(offset, offset + size)) })),
      ).toEqual(members);
    }),
  );
});

test("a file that is cut off anywhere within its last member is refused", () => {
  const file = pack([
    { name: "debian-binary", body: Buffer.from("2.0\n") },
    { name: "control.tar", body: Buffer.alloc(10) },
  ]);
  for (let length = 0; length < file.byteLength; length++) {
    const cut = file.subarray(0, length);
    const atMemberEnd = length === 8 || length === 8 + 64;
    if (atMemberEnd) expect(readAr(readerOf(cut), length, "x.deb").length).toBe(length === 8 ? 0 : 1);
    else expect(() => readAr(readerOf(cut), length, "x.deb")).toThrow(Failure);
  }
});

test("a size that lies, or is no number, is refused", () => {
  const file = pack([{ name: "a", body: Buffer.alloc(4) }]);
  for (const size of ["9999999999", "-4", "4x", ""]) {
    const bad = Buffer.from(file);
    bad.write(size.padEnd(10), 8 + 48);
    expect(() => readAr(readerOf(bad), bad.byteLength, "x.deb")).toThrow(Failure);
  }
});
