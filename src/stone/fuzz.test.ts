// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Stones at random: what is written is read as it was; what is changed is refused with a code, or is a stone. */
import { afterAll, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { fromHex, hex } from "#base/bytes";
import { Failure } from "#base/errors";
import { KINDS, type Kind } from "#model/dependency";
import type { LayoutEntry } from "#model/layout";
import type { PackageMeta } from "#model/package";
import { extractStone } from "#stone/extract";
import { inspectStone } from "#stone/inspect";
import { pathProblem } from "#stone/paths";
import { StoneReader } from "#stone/reader";
import { streamIndex } from "#stone/repository";
import { BodySet, writeStoneSync } from "#stone/writer";
import * as forge from "#tests/cases/stone-forge";
import { decodePlainly } from "#tests/support/plain-stone";

const folder = mkdtempSync(join(tmpdir(), "stone-fuzz-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const text = fc.string({ unit: "grapheme", maxLength: 40 }).map((value) => value.replaceAll("\0", ""));
const name = fc
  .string({ unit: "grapheme", minLength: 1, maxLength: 12 })
  .filter((value) => !value.includes("/") && pathProblem(value) === undefined && value.isWellFormed());
const path = fc.array(name, { minLength: 1, maxLength: 4 }).map((parts) => parts.join("/"));
const capability = fc.record({
  kind: fc.constantFrom(...(Object.keys(KINDS) as Kind[])),
  name: text.filter((t) => t !== ""),
});
const owner = { uid: fc.nat(), gid: fc.nat(), mode: fc.integer({ min: 0, max: 0o7777 }) };
const xattrs = fc.option(
  fc
    .uniqueArray(fc.tuple(fc.constantFrom("user.a", "security.capability", "trusted.b"), fc.uint8Array()), {
      selector: ([key]) => key,
    })
    .map((pairs) => new Map(pairs)),
  { nil: undefined },
);

const metaOf: fc.Arbitrary<PackageMeta> = fc.record({
  name,
  version: text,
  release: fc.nat(),
  buildRelease: fc.nat(),
  architecture: text,
  summary: text,
  description: text,
  homepage: text,
  sourceId: text,
  licenses: fc.array(text, { maxLength: 3 }),
  depends: fc.array(capability, { maxLength: 4 }),
  provides: fc.array(capability, { maxLength: 4 }),
  conflicts: fc.array(capability, { maxLength: 2 }),
});

/** Entries of all kinds with bodies; where one lies below a file, it is dropped. */
const packageOf = fc
  .uniqueArray(
    fc.record({
      path,
      ...owner,
      xattrs,
      what: fc.oneof(
        fc.uint8Array({ maxLength: 300 }),
        fc.record({ link: text.filter((t) => t !== "") }),
        fc.constantFrom("directory", "fifo", "socket", "block-device", "character-device"),
      ),
    }),
    { selector: (entry) => entry.path, maxLength: 12 },
  )
  .map((items) => {
    const bodies = new BodySet();
    const entries = items.map(({ path: at, uid, gid, mode, what, xattrs: attributes }): LayoutEntry => {
      const common = { path: at, uid, gid, mode, ...(attributes && attributes.size > 0 ? { xattrs: attributes } : {}) };
      if (typeof what === "string") return { ...common, kind: what as "directory" };
      if ("link" in what) return { ...common, kind: "symlink", target: what.link };
      return { ...common, kind: "regular", digest: bodies.add({ bytes: what }).digest };
    });
    const leaves = new Set(entries.flatMap((entry) => (entry.kind === "directory" ? [] : [`${entry.path}/`])));
    const below = (at: string) => [...leaves].some((leaf) => at.startsWith(leaf));
    return { bodies, entries: entries.filter((entry) => !below(entry.path)) };
  });

test("any package is read as it was written, by us and by the other reader", () => {
  const target = join(folder, "written.stone");
  fc.assert(
    fc.property(metaOf, packageOf, fc.constantFrom("fast", "default"), (meta, { bodies, entries }, profile) => {
      writeStoneSync(target, { meta, entries, body: bodies.source, profile, durable: false });
      const bytes = readFileSync(target);
      const plain = decodePlainly(bytes);
      expect(plain.layout.length).toBe(entries.length);
      expect(new Set(plain.index.map(({ digest }) => digest)).size).toBe(plain.index.length);
      using reader = StoneReader.fromBytes(bytes, "written", { expect: "binary" });
      const own = new Map(reader.layout().map((entry) => [entry.path, entry]));
      for (const entry of entries) {
        const { xattrs: expected, ...rest } = entry;
        const { xattrs: found, ...others } = own.get(entry.path) ?? {};
        expect(others).toEqual(rest);
        expect(new Map(found)).toEqual(new Map(expected));
      }
      const { version, summary, depends } = reader.meta();
      expect([version, summary]).toEqual([meta.version, meta.summary]);
      expect(new Set(depends.map((item) => `${item.kind}(${item.name})`))).toEqual(
        new Set(meta.depends.map((item) => `${item.kind}(${item.name})`)),
      );
      expect(inspectStone(target, { check: true }).problems).toEqual([]);
    }),
    { numRuns: 150 },
  );
}, 120_000);

/** Reads everything that an installation reads; the code of the failure, or "ok". Anything else is a bug and thrown. */
function outcome(bytes: Uint8Array): string {
  try {
    using reader = StoneReader.fromBytes(bytes, "sample.stone");
    if (reader.fileType === "repository") return [...streamIndex(bytes, "sample.index")].length > 0 ? "ok" : "empty";
    reader.meta();
    for (const entry of reader.layout()) expect(pathProblem(entry.path)).toBeUndefined();
    reader.content({ begin() {}, data() {}, end() {} });
    return "ok";
  } catch (error) {
    if (error instanceof Failure) return error.code;
    throw error;
  }
}

/** Mostly nothing: a stone with a lie in every field tells only that the first one is found. */
function rarely<T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> {
  return fc.oneof({ weight: 30, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: value });
}

/** Some bytes replaced, put in or taken out. */
const edit = fc.record({ at: fc.double({ min: 0, max: 1, noNaN: true }), byte: fc.nat(255), how: fc.nat(3) });
const edits = fc.oneof(fc.constant([]), fc.array(edit, { maxLength: 4 }));

function apply(bytes: Uint8Array, changes: readonly { at: number; byte: number; how: number }[]): Uint8Array {
  const out = [...bytes];
  for (const { at, byte, how } of changes) {
    const place = Math.floor(at * out.length);
    if (how === 0) out.splice(place, 1);
    else if (how === 1) out.splice(place, 0, byte);
    else out[place] = byte;
  }
  return Uint8Array.from(out);
}

const { index: slices, plain, digests } = forge.bodies("first body\n", "second\n");
const PAYLOADS: readonly forge.ForgedPayload[] = [
  forge.meta([...forge.BASIC, forge.textRecord(12, "MIT"), forge.metaRecord(8, 10, fromHex("006c69627a00"))]),
  forge.layout([
    ...digests.map((source, i) => ({ type: 1, target: `share/${i}`, source })),
    { type: 2, target: "bin/l", source: fromHex("2e2e") },
    { type: 3, target: "share/d" },
  ]),
  forge.index(slices),
  forge.content(plain),
];
const INDEX = forge.meta([
  ...forge.BASIC,
  forge.textRecord(14, "a.stone"),
  forge.textRecord(15, "ab".repeat(32)),
  forge.numberRecord(16, 5n),
]);

test("plain bytes changed below checksums that are right end in a code or in a stone", () => {
  const seen = new Set<string>();
  const field = rarely(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }));
  const change = fc.record({
    edits,
    packed: fc.boolean(),
    plainSize: field,
    storedSize: field,
    records: rarely(fc.nat(0xffffffff)),
    kind: rarely(fc.nat(9)),
  });
  const changes = fc.array(change, { minLength: 4, maxLength: 4 });
  fc.assert(
    fc.property(changes, fc.constantFrom(1, 1, 1, 3, 4), (each, fileType) => {
      const source = fileType === 1 ? PAYLOADS : [INDEX, INDEX];
      const payloads = source.map((payload, i): forge.ForgedPayload => {
        const { edits: list = [], packed, plainSize, storedSize, records, kind } = each[i] ?? {};
        return {
          ...payload,
          plain: apply(payload.plain, list),
          compression: packed === true ? 2 : 1,
          ...(plainSize === undefined ? {} : { plainSize }),
          ...(storedSize === undefined ? {} : { storedSize }),
          ...(records === undefined ? {} : { records }),
          ...(kind === undefined ? {} : { kind }),
        };
      });
      seen.add(outcome(forge.forge({ payloads, fileType })));
    }),
    { numRuns: 4000 },
  );
  expect(seen).toContain("ok");
  expect(seen.size).toBeGreaterThan(6);
}, 120_000);

test("files changed anywhere are looked at, extracted and refused without harm", () => {
  const whole = forge.forge({ payloads: PAYLOADS });
  const file = join(folder, "changed.stone");
  const out = join(folder, "out");
  let refused = 0;
  fc.assert(
    fc.property(edits, fc.nat(whole.byteLength), (changes, cut) => {
      const changed = apply(whole, changes);
      writeFileSync(file, changes.length === 1 ? changed.subarray(0, cut) : changed);
      const extracted = extracts(file, out);
      const right = judged(file);
      if (extracted) expect(right).toBe(true);
      else refused += 1;
      // A file of another type may be whole and still not be extracted.
      if (right && changed[27] === 1) expect(extracted).toBe(true);
    }),
    { numRuns: 600 },
  );
  expect(refused).toBeGreaterThan(100);
  expect(refused).toBeLessThan(550);
}, 120_000);

/** Whether a file is extracted. Where it is not, nothing must be left. */
function extracts(file: string, out: string): boolean {
  let folderOf: string | undefined;
  try {
    folderOf = extractStone(file, out);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
  }
  if (folderOf !== undefined) rmSync(folderOf, { recursive: true });
  if (existsSync(out)) expect(readdirSync(out)).toEqual([]);
  return folderOf !== undefined;
}

/** What `moss inspect --check` says. */
function judged(file: string): boolean {
  try {
    return inspectStone(file, { check: true }).problems.length === 0;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return false;
  }
}

test("no bytes at all, and bytes of nothing, are refused", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      expect(outcome(bytes)).toMatch(/^stone\./);
      const behind = Uint8Array.from([...forge.forge({ payloads: [] }).subarray(0, 32), ...bytes]);
      behind[5] = 1;
      expect(outcome(behind)).toMatch(/^stone\./);
      expect(hex(behind.subarray(0, 4))).toBe("006d6f73");
    }),
    { numRuns: 1000 },
  );
});
