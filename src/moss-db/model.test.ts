// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Any sequence of updates, some of which fail, leaves what a plain sorted map would hold; any range reads the same. */
import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { checkPages } from "#moss-db/file-check";
import { bucket, type Database, databaseUri, openDatabase, type Range, type ReadParent, text } from "#moss-db/index";

const base = mkdtempSync(join(tmpdir(), "moss-db-model-"));
afterAll(() => rmSync(base, { recursive: true }));

const name = fc.constantFrom("one", "two");
const key = fc.string({ unit: fc.constantFrom("a", "b", "\u007f", "é", "\uffff"), maxLength: 3 });
const value = fc.oneof(
  fc.string({ maxLength: 5 }),
  fc.nat({ max: 9000 }).map((n) => "v".repeat(n)),
);

type Step =
  | { readonly kind: "set"; readonly path: readonly string[]; readonly key: string; readonly value: string }
  | { readonly kind: "delete"; readonly path: readonly string[]; readonly key: string }
  | { readonly kind: "drop"; readonly path: readonly string[] };

const path = fc.array(name, { minLength: 1, maxLength: 3 });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 10, arbitrary: fc.record({ kind: fc.constant("set" as const), path, key, value }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("delete" as const), path, key }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("drop" as const), path }) },
);
const updates = fc.array(fc.record({ steps: fc.array(step, { maxLength: 12 }), fails: fc.boolean() }), {
  maxLength: 12,
});
const range: fc.Arbitrary<Range<string, string>> = fc.record(
  { from: key, to: key, prefix: key, reverse: fc.boolean(), limit: fc.nat({ max: 4 }) },
  { requiredKeys: [] },
);

/** Paths of buckets joined by `/`, to their pairs. */
type Model = Map<string, Map<string, string>>;

const typeOf = (word: string) => bucket(word, { key: text, value: text });

function under<P extends ReadParent>(tx: P, words: readonly string[]): P {
  return words.reduce<P>((parent, word) => parent.bucket(typeOf(word)) as unknown as P, tx);
}

function applyToModel(model: Model, item: Step): void {
  const at = item.path.join("/");
  if (item.kind === "drop") {
    for (const known of model.keys()) if (known === at || known.startsWith(`${at}/`)) model.delete(known);
    return;
  }
  const pairs = model.get(at) ?? new Map<string, string>();
  if (item.kind === "set") model.set(at, pairs.set(item.key, item.value));
  else pairs.delete(item.key);
}

function applyToDatabase(db: Database, steps: readonly Step[], fails: boolean): void {
  db.update((tx) => {
    for (const item of steps) {
      const parent = under(tx, item.path.slice(0, -1));
      const last = typeOf(item.path.at(-1) ?? "");
      if (item.kind === "set") parent.bucket(last).set(item.key, item.value);
      else if (item.kind === "delete") parent.bucket(last).delete(item.key);
      else parent.drop(last);
    }
    if (fails) throw new RangeError("on purpose");
  });
}

function select(pairs: Map<string, string>, wanted: Range<string, string>): [string, string][] {
  const bytesOf = (word: string) => Buffer.from(word);
  const found = [...pairs]
    .filter(([k]) => wanted.from === undefined || Buffer.compare(bytesOf(k), bytesOf(wanted.from)) >= 0)
    .filter(([k]) => wanted.to === undefined || Buffer.compare(bytesOf(k), bytesOf(wanted.to)) < 0)
    .filter(([k]) => wanted.prefix === undefined || k.startsWith(wanted.prefix))
    .sort(([a], [b]) => Buffer.compare(bytesOf(a), bytesOf(b)));
  if (wanted.reverse === true) found.reverse();
  return found.slice(0, wanted.limit ?? found.length);
}

test("buckets behave as sorted maps through updates, failures, nesting and drops, and survive a reopening", () => {
  let runs = 0;
  fc.assert(
    fc.property(updates, fc.array(range, { minLength: 8, maxLength: 8 }), (all, ranges) => {
      const uri = databaseUri(join(base, String(++runs)));
      let model: Model = new Map();
      const compare = (db: Database) =>
        db.view((tx) => {
          for (const [at, pairs] of model) {
            const found = under(tx, at.split("/").slice(0, -1)).bucket(typeOf(at.split("/").at(-1) ?? ""));
            for (const wanted of [{}, ...ranges]) {
              const expected = select(pairs, wanted);
              expect([...found.entries(wanted)].map(([k, v]): [string, string] => [k, v])).toEqual(expected);
              expect([...found.keys(wanted)]).toEqual(expected.map(([k]) => k));
              expect([...found.values(wanted)]).toEqual(expected.map(([, v]) => v));
              expect(found.count(wanted)).toBe(expected.length);
              const { limit: _, ...unlimited } = wanted;
              expect(found.first(unlimited)).toEqual(select(pairs, unlimited)[0]);
            }
            for (const [k, v] of pairs) expect(found.get(k)).toBe(v);
          }
          const tops = new Set([...model.keys()].map((at) => at.split("/")[0]));
          for (const top of tops) expect(tx.buckets(text)).toContain(top ?? "");
        });
      {
        using db = openDatabase(uri);
        for (const { steps, fails } of all) {
          const next: Model = new Map([...model].map(([at, pairs]) => [at, new Map(pairs)]));
          for (const item of steps) applyToModel(next, item);
          if (fails) expect(() => applyToDatabase(db, steps, true)).toThrow("on purpose");
          else {
            applyToDatabase(db, steps, false);
            model = next;
          }
        }
        compare(db);
      }
      using again = openDatabase(uri, { readOnly: true });
      compare(again);
      checkPages(again.directory);
    }),
    { numRuns: 60 },
  );
}, 60_000);
