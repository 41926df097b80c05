// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Packages from apt's text, in whatever pieces it comes. */
import { expect, test } from "bun:test";
import { AvailableReader } from "#deb/available";

const SHA256 = "a1".repeat(32);

function block(name: string, description: Uint8Array): Buffer {
  return Buffer.concat([
    Buffer.from(`Package: ${name}\nVersion: 1:2-3\nArchitecture: all\nDepends: a (>= 1) | b, c\nDescription: `),
    description,
    Buffer.from(`\n more of it\nSize: 12\nInstalled-Size: 3\nSHA256: ${SHA256}\nFilename: pool/${name}.deb\n\n`),
  ]);
}

test("fields are the same however the text is cut, and those that are not UTF-8 push out nothing", () => {
  const bad = Buffer.alloc(300_000, 0xff);
  const names = ["one", "two", "three", "four", "five"];
  const text = Buffer.concat(names.map((name) => block(name, bad)));
  for (const step of [1000, 4099, 1 << 20, text.length]) {
    const reader = new AvailableReader("amd64");
    for (let at = 0; at < text.length; at += step) reader.write(text.subarray(at, at + step));
    const items = reader.end();
    expect(items.map(({ name }) => name)).toEqual(names);
    for (const item of items) {
      expect(item.summary.length).toBe(bad.length);
      expect([item.version, item.source, item.homepage, item.path]).toEqual([
        "1:2-3",
        item.name,
        "",
        `pool/${item.name}.deb`,
      ]);
      expect([item.size, item.installedSize, item.sha256]).toEqual([12, 3072, SHA256]);
      expect(item.relations).toEqual({ depends: "a (>= 1) | b, c" });
    }
  }
});
