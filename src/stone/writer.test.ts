// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** What the writer makes, judged by a second reader that knows nothing of ours. */
import { afterAll, describe, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { utf8 } from "#base/bytes";
import type { LayoutEntry } from "#model/layout";
import type { PackageMeta } from "#model/package";
import { PROFILES } from "#stone/compression";
import { StoneReader } from "#stone/reader";
import { BodySet, type Profile, type StonePackage, writeStone, writeStoneSync } from "#stone/writer";
import { readFrameHeader } from "#stone/zstd-frame";
import { sha256Hex } from "#sys/sha256";
import { decodePlainly, type PlainStone } from "#tests/support/plain-stone";

const folder = mkdtempSync(join(tmpdir(), "stone-writer-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const META: PackageMeta = {
  name: "sample",
  version: "1.0",
  release: 4,
  buildRelease: 2,
  architecture: "x86_64",
  summary: "A sample",
  description: "Ä description\nof two lines.",
  homepage: "https://sample.invalid",
  sourceId: "samples",
  licenses: ["MIT", "Apache-2.0"],
  depends: [
    { kind: "soname", name: "libc.so.6(x86_64)" },
    { kind: "name", name: "zlib" },
    { kind: "name", name: "zlib" },
    { kind: "perl", name: "Carp" },
  ],
  provides: [
    { kind: "name", name: "sample" },
    { kind: "pkgconfig32", name: "sample" },
    { kind: "pkgconfig", name: "sample" },
    { kind: "binary", name: "sample" },
  ],
  conflicts: [{ kind: "name", name: "simple" }],
  installedSize: 123456,
  essential: true,
  replaces: ["sample-old", "exemplar"],
};

const root = { uid: 0, gid: 0 };
const bodies = new BodySet();
const file = (path: string, text: string, mode = 0o644): LayoutEntry => ({
  kind: "regular",
  path,
  ...root,
  mode,
  digest: bodies.add({ bytes: utf8(text) }).digest,
});

const ENTRIES: readonly LayoutEntry[] = [
  file("share/z", "the largest body of them all"),
  file("bin/a", "same body", 0o755),
  { ...file("bin/su", "setuid", 0o4755), uid: 3, gid: 4_000_000_000 },
  file("share/copy", "same body", 0o600),
  file("share/empty", ""),
  { kind: "symlink", path: "bin/link", ...root, mode: 0o777, target: "../share/ü" },
  { kind: "directory", path: "share/dir", ...root, mode: 0o1777 },
  { kind: "character-device", path: "lib/c", ...root, mode: 0o600 },
  { kind: "block-device", path: "lib/b", ...root, mode: 0o600 },
  { kind: "fifo", path: "lib/p", ...root, mode: 0o600 },
  { kind: "socket", path: "lib/s", ...root, mode: 0o600 },
  {
    ...file("bin/capable", "ping"),
    xattrs: new Map([
      ["user.note", new Uint8Array(0)],
      ["security.capability", Uint8Array.of(1, 0, 0, 2, 0, 32)],
    ]),
  },
];

let serial = 0;
function write(change: Partial<StonePackage> = {}): { bytes: Buffer; sha256: string; stone: PlainStone } {
  const path = join(folder, `${serial++}.stone`);
  const { sha256, size } = writeStoneSync(path, { meta: META, entries: ENTRIES, body: bodies.source, ...change });
  const bytes = readFileSync(path);
  expect(size).toBe(bytes.length);
  return { bytes, sha256, stone: decodePlainly(bytes) };
}

describe("a package that we write, read by the other reader", () => {
  const { bytes, sha256, stone } = write();

  test("has the payloads in the order of the format's other writers, index right before content", () => {
    expect(stone.fileType).toBe(1);
    expect(stone.payloads.map(({ kind, records }) => [kind, records])).toEqual([
      [1, stone.metas[0]?.length ?? 0],
      [3, ENTRIES.length],
      [5, 2],
      [4, 5],
      [2, 0],
    ]);
    expect(sha256).toBe(sha256Hex(bytes));
  });

  test("says of itself what it was given: sorted by text, without repeats and without its own name", () => {
    expect(stone.metas).toEqual([
      [
        "1:9:sample",
        "3:9:1.0",
        "11:8:4",
        "13:8:2",
        "2:9:x86_64",
        "4:9:A sample",
        "5:9:Ä description\nof two lines.",
        "7:9:samples",
        "6:9:https://sample.invalid",
        "12:9:Apache-2.0",
        "12:9:MIT",
        "8:10:0/zlib",
        "8:10:64/Carp",
        "8:10:1/libc.so.6(x86_64)",
        "9:11:6/sample",
        "9:11:2/sample",
        "9:11:8/sample",
        "10:11:0/simple",
        "64:8:123456",
        "65:2:1",
        "66:9:exemplar",
        "66:9:sample-old",
      ],
    ]);
  });

  test("keeps every kind of entry, sorted by path, with owner, mode and type bits", () => {
    expect(stone.layout.map(({ target, type, mode, uid, gid }) => [target, type, mode.toString(8), uid, gid])).toEqual([
      ["bin/a", 1, "100755", 0, 0],
      ["bin/capable", 1, "100644", 0, 0],
      ["bin/link", 2, "120777", 0, 0],
      ["bin/su", 1, "104755", 3, 4_000_000_000],
      ["lib/b", 5, "60600", 0, 0],
      ["lib/c", 4, "20600", 0, 0],
      ["lib/p", 6, "10600", 0, 0],
      ["lib/s", 7, "140600", 0, 0],
      ["share/copy", 1, "100600", 0, 0],
      ["share/dir", 3, "41777", 0, 0],
      ["share/empty", 1, "100644", 0, 0],
      ["share/z", 1, "100644", 0, 0],
    ]);
    expect(stone.layout.find(({ type }) => type === 2)?.source.toString()).toBe("../share/ü");
    expect(stone.layout.filter(({ type }) => type > 2).every(({ source }) => source.length === 0)).toBe(true);
  });

  test("holds each body once, the largest first, without gaps, and each is what its digest says", () => {
    expect(stone.index.map(({ start, end }) => stone.content.toString("utf8", start, end))).toEqual([
      "the largest body of them all",
      "same body",
      "setuid",
      "ping",
      "",
    ]);
    let last = 0;
    for (const { start, end } of stone.index) {
      expect(start).toBe(last);
      last = end;
    }
    expect(last).toBe(stone.content.length);
    const digests = stone.layout.filter(({ type }) => type === 1).map(({ source }) => source.toString("hex"));
    expect(new Set(digests)).toEqual(new Set(stone.index.map(({ digest }) => digest)));
    // Known from elsewhere: XXH3-128 of nothing.
    expect(stone.index.at(-1)?.digest).toBe("99aa06d3014798d86001c324468d497f");
  });

  test("keeps extended attributes where others skip them", () => {
    expect(stone.attributes.map(({ key, value }) => [key.toString(), value.toString("hex")])).toEqual([
      ["xattr\0bin/capable\0security.capability", "01010000020020"],
      ["xattr\0bin/capable\0user.note", "01"],
    ]);
  });

  test("is one zstd frame a payload that any decoder reads: size said, window of 8 MiB or less", () => {
    for (const { stored, plain } of stone.payloads) {
      const frame = readFrameHeader(stored);
      expect(frame?.contentSize).toBe(plain.length);
      expect(frame?.window).toBeLessThanOrEqual(8 * 2 ** 20);
      expect(frame?.checksum).toBe(false);
    }
  });

  test("is read back by our own reader as it was given", () => {
    using reader = StoneReader.fromBytes(bytes, "sample", { expect: "binary" });
    const byPath = new Map(reader.layout().map((entry) => [entry.path, entry]));
    expect(byPath.size).toBe(ENTRIES.length);
    for (const entry of ENTRIES) {
      const own = byPath.get(entry.path);
      expect({ ...own, xattrs: new Map(own?.xattrs) }).toEqual({ ...entry, xattrs: new Map(entry.xattrs) });
    }
    const { provides, depends, licenses, replaces } = reader.meta();
    expect({ ...reader.meta(), provides: [], depends: [], licenses: [], replaces: [] }).toEqual({
      ...META,
      provides: [],
      depends: [],
      licenses: [],
      replaces: [],
    });
    expect(licenses).toEqual(["Apache-2.0", "MIT"]);
    expect(replaces).toEqual(["exemplar", "sample-old"]);
    expect(depends.map(({ kind }) => kind)).toEqual(["name", "perl", "soname"]);
    expect(provides.map(({ kind }) => kind)).toEqual(["binary", "pkgconfig", "pkgconfig32"]);
  });
});

test("the bytes of the worked example in the format's text come out exactly", () => {
  const meta: PackageMeta = { ...META, name: "e", provides: [], depends: [], conflicts: [] };
  const { stone } = write({ meta, entries: [{ kind: "symlink", path: "bin/b", ...root, mode: 0o777, target: "a" }] });
  expect(stone.payloads.map(({ kind }) => kind)).toEqual([1, 3]);
  expect(stone.payloads[1]?.plain.toString("hex")).toBe(
    "00000000000000000000a1ff00000000000100050200000000000000000000006162696e2f62",
  );
  const empty = write({ meta, entries: [file("share/e", "")] });
  expect(empty.stone.payloads[1]?.plain.toString("hex")).toBe(
    `0000000000000000000081a4000000000010000701${"00".repeat(11)}99aa06d3014798d86001c324468d497f73686172652f65`,
  );
  // A content of nothing is still a payload: the frame of an empty raw block.
  expect(empty.stone.payloads.at(-1)?.stored.toString("hex")).toBe("28b52ffd2000010000");
  expect(empty.stone.payloads.at(-1)?.kind).toBe(2);
});

test("a package without files is metadata alone", () => {
  expect(write({ entries: [] }).stone.payloads.map(({ kind }) => kind)).toEqual([1]);
});

describe("a package of 18 MiB", () => {
  const large = join(folder, "large");
  // Words in an order that repeats only far away: something to compress, in jobs.
  const bytes = Buffer.alloc(18 * 2 ** 20);
  for (let i = 0, state = 7; i < bytes.length; i += 4) {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    bytes.writeUInt32LE((state >> 16) & 0x3fff, i);
  }
  writeFileSync(large, bytes);
  const set = new BodySet();
  const digest = set.add({ file: large }).digest;
  const stone: StonePackage = {
    meta: META,
    entries: [{ kind: "regular", path: "lib/large", ...root, mode: 0o644, digest }],
    body: set.source,
  };

  for (const profile of ["fast", "default"] as const) {
    test(`has the same bytes whatever the number of threads (${profile})`, () => {
      const hashes = [1, 2, 4].map((threads) => {
        const path = join(folder, `large-${profile}-${threads}`);
        return writeStoneSync(path, { ...stone, profile, threads, durable: false }).sha256;
      });
      expect(new Set(hashes).size).toBe(1);
      const { content, payloads } = decodePlainly(readFileSync(join(folder, `large-${profile}-4`)));
      expect(content.equals(bytes)).toBe(true);
      const window = readFrameHeader(payloads.at(-1)?.stored ?? new Uint8Array(0))?.window;
      expect(window).toBe(2 ** PROFILES[profile].windowLog);
    }, 120_000);
  }

  test("written beside other work it is the same file", async () => {
    const path = join(folder, "large-async");
    const progress: number[] = [];
    const { sha256 } = await writeStone(path, {
      ...stone,
      profile: "fast",
      durable: false,
      onProgress: (done) => progress.push(done),
    });
    expect(sha256).toBe(sha256Hex(readFileSync(join(folder, "large-fast-1"))));
    expect(progress.length).toBeGreaterThan(10);
  });
});

test("profiles make smaller files in their order", () => {
  const set = new BodySet();
  const text = utf8(readFileSync(import.meta.path, "utf8").repeat(3));
  const entries: LayoutEntry[] = [
    { kind: "regular", path: "share/t", ...root, mode: 0o644, digest: set.add({ bytes: text }).digest },
  ];
  const sizes = (["fast", "default", "max"] satisfies Profile[]).map(
    (profile) => write({ entries, body: set.source, profile }).bytes.length,
  );
  expect(sizes.toSorted((a, b) => b - a)).toEqual(sizes);
});

describe("what the format cannot hold is refused before anything is written", () => {
  const regular = file("bin/x", "x");
  const link = (target: string): LayoutEntry => ({ kind: "symlink", path: "bin/l", ...root, mode: 0o777, target });
  const cases: Readonly<Record<string, Partial<StonePackage>>> = {
    "a path that climbs": { entries: [{ ...regular, path: "../etc/x" }] },
    "an absolute path": { entries: [{ ...regular, path: "/etc/x" }] },
    "a name that is not UTF-8": { entries: [{ ...regular, path: "bin/\ud800" }] },
    "a link that is not UTF-8": { entries: [link("\udfff")] },
    "a link to nothing": { entries: [link("")] },
    "two entries at one path": { entries: [regular, { ...regular, mode: 0o755 }] },
    "an entry below a file": { entries: [regular, { ...regular, path: "bin/x/y" }] },
    "an entry below a link out of /usr": { entries: [link("/etc"), { ...regular, path: "bin/l/y" }] },
    "a digest that is too short": { entries: [{ ...regular, digest: new Uint8Array(8) } as LayoutEntry] },
    "a mode with type bits": { entries: [{ ...regular, mode: 0o100644 }] },
    "an owner of -1": { entries: [{ ...regular, uid: -1 }] },
    "an attribute name without namespace": { entries: [{ ...regular, xattrs: new Map([["x", utf8("")]]) }] },
    "an attribute above 64 KiB": { entries: [{ ...regular, xattrs: new Map([["user.x", new Uint8Array(65537)]]) }] },
    "a package name that is a path": { meta: { ...META, name: "../x" } },
    "a summary with a NUL": { meta: { ...META, summary: "a\0b" } },
    "a negative release": { meta: { ...META, release: -1 } },
  };
  for (const [what, change] of Object.entries(cases)) {
    test(what, () => {
      const path = join(folder, "refused.stone");
      const stone = { meta: META, entries: ENTRIES, body: bodies.source, ...change };
      expect(() => writeStoneSync(path, stone)).toThrow(/^Cannot pack ".*": .*, expected/);
      expect(readdirSync(folder).filter((name) => name.startsWith("refused"))).toEqual([]);
    });
  }
});

test("a file that changed since its digest was taken is refused, and nothing is left", () => {
  const path = join(folder, "changing");
  writeFileSync(path, "before");
  const set = new BodySet();
  const entry: LayoutEntry = {
    ...root,
    kind: "regular",
    path: "bin/c",
    mode: 0o644,
    digest: set.add({ file: path }).digest,
  };
  writeFileSync(path, "after!");
  const target = join(folder, "changed.stone");
  expect(() => writeStoneSync(target, { meta: META, entries: [entry], body: set.source })).toThrow(
    /Cannot pack "bin\/c": its body has 6 bytes and XXH3-128 [0-9a-f]{32}, expected/,
  );
  expect(readdirSync(folder).filter((name) => name.startsWith("changed"))).toEqual([]);
});

test("an async write whose caller throws leaves nothing", async () => {
  const set = new BodySet();
  const digest = set.add({ bytes: new Uint8Array(3 * 2 ** 20) }).digest;
  const path = join(folder, "thrown.stone");
  const stone: StonePackage = {
    meta: META,
    entries: [{ kind: "regular", path: "lib/z", ...root, mode: 0o644, digest }],
    body: set.source,
    onProgress: () => {
      throw new Error("enough");
    },
  };
  const failure: unknown = await writeStone(path, stone).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(Error);
  expect(String(failure)).toContain("enough");
  expect(readdirSync(folder).filter((name) => name.startsWith("thrown"))).toEqual([]);
});

test("more than our own reader takes is not written", () => {
  const path = join(folder, "many.stone");
  const provides = Array.from({ length: 70_000 }, (_, i) => ({ kind: "binary", name: `${i}` }) as const);
  const stone = { meta: { ...META, provides }, entries: [], body: bodies.source };
  expect(() => writeStoneSync(path, stone)).toThrow(/Cannot pack meta records: 700\d\d of .*, expected at most 65536/);
  expect(readdirSync(folder).filter((name) => name.startsWith("many"))).toEqual([]);
});

test("a full disk and a folder that is not there are told as such", () => {
  const stone = { meta: META, entries: ENTRIES, body: bodies.source };
  const failure = (path: string) => {
    try {
      writeStoneSync(path, stone);
      return undefined;
    } catch (error) {
      return error;
    }
  };
  expect(failure(join(folder, "none/x.stone"))).toHaveProperty("code", "io");
  const small = join(folder, "small");
  mkdirSync(small);
  // Only root may mount; elsewhere the first half is enough.
  if (Bun.spawnSync(["mount", "-t", "tmpfs", "-o", "size=16k", "none", small]).exitCode !== 0) return;
  try {
    const set = new BodySet();
    const digest = set.add({ bytes: randomBytes(100_000) }).digest;
    const entries: LayoutEntry[] = [{ kind: "regular", path: "lib/l", ...root, mode: 0o644, digest }];
    const path = join(small, "x.stone");
    expect(() => writeStoneSync(path, { meta: META, entries, body: set.source })).toThrow(
      /ENOSPC, expected more space/,
    );
    expect(readdirSync(small)).toEqual([]);
  } finally {
    Bun.spawnSync(["umount", small]);
  }
});
