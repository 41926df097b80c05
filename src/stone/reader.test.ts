// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** What the reader does with stones that are right, odd, or wrong in every way that we could think of. */
import { expect, test } from "bun:test";
import { concat, utf8 } from "#base/bytes";
import { Failure } from "#base/errors";
import { StoneReader } from "#stone/reader";
import { xxh3_128 } from "#sys/xxh3";
import * as forge from "#tests/cases/stone-forge";

/** Reads everything that an installation reads; the code of the failure, or "ok". */
function outcome(bytes: Uint8Array): string {
  try {
    using reader = StoneReader.fromBytes(bytes, "sample.stone", { expect: "binary" });
    reader.meta();
    reader.layout();
    reader.content({ begin() {}, data() {}, end() {} });
    return "ok";
  } catch (error) {
    if (error instanceof Failure) return error.code;
    throw error;
  }
}

const stone = (...payloads: forge.ForgedPayload[]) => forge.forge({ payloads });
const { index: slices, plain, digests } = forge.bodies("first body\n", "second\n");
const [first = new Uint8Array(16), second = new Uint8Array(16)] = digests;
const withLayout = (...entries: forge.ForgedEntry[]) =>
  stone(forge.meta(), forge.layout(entries), forge.index(slices), forge.content(plain));
const withIndex = (...records: forge.ForgedSlice[]) => stone(forge.meta(), forge.index(records), forge.content(plain));
const withMeta = (...records: Uint8Array[]) => stone(forge.meta([...forge.BASIC, ...records]));
const path = (target: string | Uint8Array) => withLayout({ type: 1, target, source: first });
const twoFrames = concat([
  forge.forgePayload(forge.meta(forge.BASIC.slice(0, 4))).subarray(32),
  forge.forgePayload(forge.meta(forge.BASIC.slice(4))).subarray(32),
]);
const metaStored = forge.forgePayload(forge.meta()).subarray(32);
const one = utf8("x");

const CASES: Readonly<Record<string, readonly [string, Uint8Array]>> = {
  "a whole package": ["ok", forge.sampleStone()],
  "metadata alone": ["ok", stone(forge.meta())],
  "payloads that are not compressed": [
    "ok",
    stone(
      forge.meta(forge.BASIC, { compression: 1 }),
      forge.index(slices, { compression: 1 }),
      forge.content(plain, { compression: 1 }),
    ),
  ],
  "a payload of a kind from the future": [
    "ok",
    stone(forge.meta(), { kind: 42, plain: one, records: 7, compression: 9, stored: one }),
  ],
  "texts that end in several NULs": [
    "ok",
    stone(forge.meta(forge.BASIC), forge.layout([{ type: 2, target: "bin/c\0\0", source: utf8("a\0") }])),
  ],
  "a count of records in the content header": [
    "ok",
    stone(forge.meta(), forge.index(slices), forge.content(plain, { records: 2 })),
  ],
  "bodies in any order with gaps between them": [
    "ok",
    stone(
      forge.meta(),
      forge.index([
        { start: 14n, end: 21n, digest: second },
        { start: 2n, end: 13n, digest: first },
      ]),
      forge.content(concat([utf8("??"), utf8("first body\n"), utf8("!"), utf8("second\n"), utf8("end")])),
    ),
  ],
  "an empty body in the middle of another's slice": [
    "ok",
    withIndex(...slices, { start: 3n, end: 3n, digest: xxh3_128(new Uint8Array(0)) }),
  ],
  "two zstd frames in one payload": ["ok", stone(forge.meta(forge.BASIC, { stored: twoFrames }))],
  "an unknown tag and an unknown type": ["ok", withMeta(forge.textRecord(999, "x"), forge.metaRecord(1000, 77, one))],
  "a dependency of a kind from the future": ["ok", withMeta(forge.metaRecord(8, 10, utf8("\u0063new\0")))],
  "the same entry twice": ["ok", withLayout({ type: 3, target: "share/d" }, { type: 3, target: "share/d" })],
  "an entry below a link that stays in /usr": [
    "ok",
    withLayout({ type: 2, target: "lib64", source: utf8("lib") }, { type: 1, target: "lib64/x", source: first }),
  ],

  "no bytes": ["stone.truncated", new Uint8Array(0)],
  "a wrong magic": ["stone.magic", forge.sampleStone({ magic: 0x006d6f7a })],
  "version 0": ["stone.version", forge.sampleStone({ version: 0 })],
  "version 2": ["stone.version", forge.sampleStone({ version: 2 })],
  "a damaged pattern": ["stone.header", forge.sampleStone({ pattern: "000001000002000003000004000005000006000008" })],
  "an index where a package is expected": ["stone.header", forge.sampleStone({ fileType: 3 })],
  "a delta where a package is expected": ["stone.header", forge.sampleStone({ fileType: 2 })],
  "more payloads promised than there are": ["stone.truncated", forge.sampleStone({ count: 5 })],
  "fewer payloads promised than there are": ["stone.payload", forge.sampleStone({ count: 3 })],
  "bytes after the last payload": ["stone.payload", forge.sampleStone({ trailing: one })],
  "a stored size behind the end": ["stone.truncated", stone(forge.meta(forge.BASIC, { storedSize: 100000n }))],
  "a stored size of 2^62": ["stone.payload", stone(forge.meta(forge.BASIC, { storedSize: 2n ** 62n }))],
  "a stored size that is negative elsewhere": [
    "stone.payload",
    stone(forge.meta(forge.BASIC, { storedSize: 2n ** 64n - 64n })),
  ],
  "a negative size in an unknown kind": [
    "stone.payload",
    stone({ kind: 42, plain: one, records: 0, storedSize: 2n ** 64n - 64n }),
  ],
  "no payloads at all": ["stone.meta", stone()],
  "no metadata": ["stone.meta", stone(forge.layout([]))],
  "metadata of two packages": ["stone.meta", stone(forge.meta(), forge.meta())],
  "two contents": [
    "stone.payload",
    stone(forge.meta(), forge.index(slices), forge.content(plain), forge.content(plain)),
  ],
  "an index without content": ["stone.index", stone(forge.meta(), forge.index(slices))],
  "a payload version from the future": ["stone.version", stone(forge.meta(forge.BASIC, { version: 2 }))],
  "an unknown compression": ["stone.payload", stone(forge.meta(forge.BASIC, { compression: 9, stored: one }))],
  "an uncompressed payload of two sizes": [
    "stone.payload",
    stone(forge.meta(forge.BASIC, { compression: 1, plainSize: 5n })),
  ],

  "a wrong checksum of metadata": ["stone.checksum", stone(forge.meta(forge.BASIC, { checksum: 1n }))],
  "a wrong checksum of content": [
    "stone.checksum",
    stone(forge.meta(), forge.index(slices), forge.content(plain, { checksum: 1n })),
  ],
  "a plain size that is too large": ["stone.payload", stone(forge.meta(forge.BASIC, { plainSize: 999n }))],
  "a plain size that is too small": ["stone.payload", stone(forge.meta(forge.BASIC, { plainSize: 100n }))],
  "a content size that is too small": [
    "stone.index",
    stone(forge.meta(), forge.index(slices), forge.content(plain, { plainSize: 5n })),
  ],
  "a content size that is too large": [
    "stone.payload",
    stone(forge.meta(), forge.index(slices), forge.content(plain, { plainSize: 50n })),
  ],
  "a record payload of 300 MiB, by its header": [
    "stone.limit",
    stone(forge.meta(forge.BASIC, { plainSize: 300n << 20n, stored: new Uint8Array(10_000) })),
  ],
  "record payloads of 300 MiB in all, by their headers": [
    "stone.limit",
    stone(
      ...Array.from({ length: 30 }, () => ({
        ...forge.layout([]),
        plainSize: 10n << 20n,
        stored: new Uint8Array(400),
      })),
    ),
  ],
  "more plain bytes than zstd can pack": ["stone.payload", stone(forge.meta(forge.BASIC, { plainSize: 50n << 20n }))],
  "a content of petabytes": ["stone.payload", stone(forge.meta(), forge.content(plain, { plainSize: 2n ** 50n }))],
  "a million bodies and one, by the header": [
    "stone.limit",
    stone(forge.meta(), {
      ...forge.index([]),
      records: 2 ** 20 + 1,
      plainSize: 32n * (2n ** 20n + 1n),
      stored: new Uint8Array(2000),
    }),
  ],
  "bytes that are not zstd": [
    "stone.zstd",
    stone(forge.meta(forge.BASIC, { stored: utf8("certainly no zstd frame") })),
  ],
  "a frame that is cut": ["stone.zstd", stone(forge.meta(forge.BASIC, { stored: metaStored.slice(0, -4) }))],
  "content in a frame that is cut": [
    "stone.zstd",
    stone(
      forge.meta(),
      forge.index(slices),
      forge.content(plain, { stored: forge.forgePayload(forge.content(plain)).slice(32, -2) }),
    ),
  ],
  "junk behind a frame": [
    "stone.zstd",
    stone(forge.meta(forge.BASIC, { stored: concat([metaStored, utf8("junk!!!!")]) })),
  ],

  "one record more promised": ["stone.record", stone(forge.meta(forge.BASIC, { records: 10 }))],
  "one record fewer promised": ["stone.record", stone(forge.meta(forge.BASIC, { records: 8 }))],
  "4 thousand million records promised": ["stone.record", stone(forge.meta(forge.BASIC, { records: 0xffffffff }))],
  "a text longer than the payload": ["stone.record", withMeta(forge.metaRecord(12, 9, utf8("MIT\0"), 50))],
  "a text that is not UTF-8": ["stone.record", withMeta(forge.metaRecord(12, 9, Uint8Array.of(0xff, 0xfe, 0)))],
  "a NUL within a text": ["stone.record", withMeta(forge.textRecord(12, "a\0b"))],
  "a dependency of no bytes": ["stone.record", withMeta(forge.metaRecord(8, 10, new Uint8Array(0)))],
  "an integer of the wrong length": ["stone.record", withMeta(forge.metaRecord(16, 8, new Uint8Array(4)))],
  "a mandatory field that is missing": ["stone.meta", stone(forge.meta(forge.BASIC.slice(1)))],
  "a mandatory text that is a number": [
    "stone.meta",
    stone(forge.meta([forge.numberRecord(1, 5n), ...forge.BASIC.slice(1)])),
  ],
  "a release above 2^53": ["stone.meta", stone(forge.meta([forge.numberRecord(11, 2n ** 60n), ...forge.BASIC]))],
  "a package name that is a path": [
    "stone.meta",
    stone(forge.meta([forge.textRecord(1, "../sample"), ...forge.BASIC.slice(1)])),
  ],
  "a package without a name": ["stone.meta", stone(forge.meta([forge.textRecord(1, ""), ...forge.BASIC.slice(1)]))],

  "a digest of 8 bytes": ["stone.layout", withLayout({ type: 1, target: "bin/a", source: first.subarray(0, 8) })],
  "a folder with source bytes": ["stone.layout", withLayout({ type: 3, target: "share/d", source: one })],
  "an entry of unknown type": ["stone.layout", withLayout({ type: 99, target: "bin/a" })],
  "an entry longer than the payload": ["stone.record", withLayout({ type: 3, target: "share/d", targetLength: 500 })],
  "a file with the mode of a folder": [
    "stone.layout",
    withLayout({ type: 1, target: "bin/a", source: first, mode: 0o040755 }),
  ],
  "a mode of 32 bits": ["stone.layout", withLayout({ type: 1, target: "bin/a", source: first, mode: 0xffffffff })],
  "a link to nothing": ["stone.layout", withLayout({ type: 2, target: "bin/a" })],
  "two different entries at one path": [
    "stone.layout",
    withLayout({ type: 1, target: "bin/a", source: first }, { type: 1, target: "bin/a", source: second }),
  ],
  "a file and a folder at one path": [
    "stone.layout",
    withLayout({ type: 1, target: "bin/a", source: first }, { type: 3, target: "bin/a" }),
  ],
  "an entry below a file": [
    "stone.layout",
    withLayout({ type: 1, target: "bin", source: first }, { type: 3, target: "bin/d" }),
  ],
  "an entry below a link out of /usr": [
    "stone.path",
    withLayout({ type: 2, target: "share/l", source: utf8("/tmp") }, { type: 1, target: "share/l/x", source: first }),
  ],
  "an entry below a relative link out of /usr": [
    "stone.path",
    withLayout(
      { type: 2, target: "share/l", source: utf8("../../../etc") },
      { type: 1, target: "share/l/x", source: first },
    ),
  ],
  "a file whose body is not there": [
    "stone.layout",
    withLayout({ type: 1, target: "bin/a", source: new Uint8Array(16) }),
  ],

  "an absolute path": ["stone.path", path("/etc/passwd")],
  "an empty path": ["stone.path", path("")],
  "a path that climbs": ["stone.path", path("../etc/passwd")],
  "a path that climbs later": ["stone.path", path("share/../../etc/x")],
  "a path with a dot": ["stone.path", path("./bin/x")],
  "a path with two slashes": ["stone.path", path("bin//x")],
  "a path that ends in a slash": ["stone.path", path("bin/x/")],
  "a path with a NUL": ["stone.path", path("bin/x\0y")],
  "a path with a line break": ["stone.path", path("bin/x\ny")],
  "a path that is not UTF-8": ["stone.path", path(Uint8Array.of(0x62, 0xff))],
  "a name of 256 bytes": ["stone.path", path(`bin/${"x".repeat(256)}`)],
  "a name of 129 characters of two bytes": ["stone.path", path(`bin/${"ü".repeat(129)}`)],
  "a path of 5000 bytes": ["stone.path", path("d/".repeat(2500).slice(0, -1))],
  "paths that imply a million folders": [
    "stone.limit",
    withLayout(...Array.from({ length: 600 }, (_, i) => ({ type: 3, target: `${i}/${"d/".repeat(2000)}x` }))),
  ],
  "a name of 255 bytes": ["ok", path(`bin/${"x".repeat(255)}`)],

  "a body that ends before it starts": ["stone.index", withIndex({ start: 5n, end: 1n, digest: first })],
  "a body behind the content": ["stone.index", withIndex({ start: 0n, end: 1000n, digest: first })],
  "a body at 2^60": ["stone.index", withIndex({ start: 2n ** 60n, end: 2n ** 60n, digest: first })],
  "a body with another's digest": ["stone.digest", withIndex({ start: 0n, end: 11n, digest: second })],
  "an empty body with a wrong digest": ["stone.digest", withIndex({ start: 3n, end: 3n, digest: first })],
  "bodies that overlap": [
    "stone.index",
    withIndex({ start: 0n, end: 11n, digest: first }, { start: 4n, end: 18n, digest: second }),
  ],
  "one digest for bodies of two sizes": [
    "stone.index",
    withIndex({ start: 0n, end: 11n, digest: first }, { start: 11n, end: 18n, digest: first }),
  ],
};

for (const [what, [expected, bytes]] of Object.entries(CASES)) {
  test(`${what}: ${expected}`, () => expect(outcome(bytes)).toBe(expected));
}

test("a byte order mark is part of a path, not dropped", () => {
  using reader = StoneReader.fromBytes(path("\ufeffbin/x"), "mark");
  expect(reader.layout().map((entry) => entry.path)).toEqual(["\ufeffbin/x"]);
});

test("a stone cut at any byte is refused with a code", () => {
  const whole = forge.sampleStone();
  for (let length = 0; length < whole.byteLength; length++) {
    expect(outcome(whole.slice(0, length))).toBe("stone.truncated");
  }
});

test("any bit flipped below a checksum is noticed, and any bit flipped elsewhere does no harm", () => {
  const whole = forge.sampleStone();
  using reader = StoneReader.fromBytes(whole, "sample");
  const bodies = reader.payloads.map(({ bodyOffset, storedSize }) => [bodyOffset, bodyOffset + storedSize] as const);
  for (let bit = 0; bit < whole.byteLength * 8; bit++) {
    const at = bit >> 3;
    const changed = whole.slice();
    changed[at] = (changed[at] ?? 0) ^ (1 << (bit & 7));
    const result = outcome(changed);
    if (bodies.some(([from, to]) => at >= from && at < to)) expect(result).not.toBe("ok");
  }
});
