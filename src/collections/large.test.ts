// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Indexes that are stored in several transactions: readers see one that is whole, whatever becomes of the writer. */
import { afterAll, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { largeOffer, largeOffers } from "#collections/large.fixture";
import { refresh } from "#collections/refresh";
import { replaceOffers } from "#collections/replace";
import { generationsIn } from "#collections/schema";
import { CollectionStore } from "#collections/store";
import type { PackageOffer } from "#model/package";
import { run } from "#sys/process";
import { collection, indexBytes } from "#tests/support/collections";

// A loaded machine takes longer than five seconds for so many packages.
setDefaultTimeout(60_000);
const base = mkdtempSync(join(tmpdir(), "moss-large-"));
afterAll(() => {
  rmSync(base, { recursive: true, force: true });
});

const COUNT = 10_000;
const item = collection("large", "/l");

let made = 0;
const fresh = () => join(base, String(++made));

function put(store: CollectionStore, offers: Iterable<PackageOffer>): void {
  replaceOffers(store.writable(), "large", offers, {
    url: "http://x.invalid/",
    source: "/l",
    validators: {},
    refreshed: 1,
  });
}

/** How many packages each question finds, and their releases. */
function seen(store: CollectionStore): unknown {
  const catalogue = store.catalogue([item]);
  const [some, last] = [largeOffer(7, 1), largeOffer(COUNT - 1, 1)];
  return {
    names: catalogue.names().length,
    best: [...new Set(catalogue.best().map(({ meta }) => meta.release))],
    gives: catalogue.providing("binary(run-7)").map(({ meta }) => `${meta.name} ${meta.release}`),
    replaces: catalogue.replacing(`old-${COUNT - 1}`).map(({ meta }) => `${meta.name} ${meta.release}`),
    ids: [some, last].map(({ id }) => catalogue.byId(id)?.meta.name),
    found: catalogue.search(["number", "199"]).length,
  };
}

const generations = (store: CollectionStore) => store.database?.view((tx) => generationsIn(tx).length);

const whole = (release: number) => ({
  names: COUNT,
  best: [release],
  gives: [`package-000007 ${release}`],
  replaces: [`package-${String(COUNT - 1).padStart(6, "0")} ${release}`],
  ids: release === 1 ? ["package-000007", `package-${String(COUNT - 1).padStart(6, "0")}`] : [undefined, undefined],
  found: 20,
});

test("a large index takes the place of another, and nothing of the old one stays", () => {
  using store = new CollectionStore(fresh());
  put(store, largeOffers(COUNT, 1));
  expect(seen(store)).toEqual(whole(1));
  put(store, largeOffers(COUNT, 2));
  expect(seen(store)).toEqual(whole(2));
  expect(generations(store)).toBe(1);
});

test("what is wrong with the last package undoes all of it", () => {
  using store = new CollectionStore(fresh());
  put(store, largeOffers(COUNT, 1));
  const bad = largeOffers(COUNT, 2, (i) => {
    if (i === COUNT - 1) throw new Error("bad");
  });
  expect(() => put(store, bad)).toThrow("bad");
  expect(seen(store)).toEqual(whole(1));
  expect(generations(store)).toBe(1);
});

test("what a killed writer has left is no part of anything, and is removed by the next", async () => {
  using store = new CollectionStore(fresh());
  put(store, largeOffers(COUNT, 1));
  const command = [process.execPath, join(import.meta.dir, "large.fixture.ts"), store.folder, String(COUNT), "9000"];
  expect((await run(command)).code).toBe(128 + 9);
  expect(seen(store)).toEqual(whole(1));
  expect(generations(store)).toBe(2);
  put(store, largeOffers(COUNT, 2));
  expect(seen(store)).toEqual(whole(2));
  expect(generations(store)).toBe(1);
});

test("a collection that is forgotten leaves nothing", async () => {
  using store = new CollectionStore(fresh());
  put(store, largeOffers(COUNT, 1));
  await store.forget("large");
  expect([store.record("large"), generations(store)]).toEqual([undefined, 0]);
});

test("whoever refreshes waits for another process that stores an index", async () => {
  const folder = fresh();
  using store = new CollectionStore(folder);
  store.writable();
  const path = join(base, "stone.index");
  indexBytes(path, [largeOffer(1, 1)]);
  const other = store.tryLock();
  expect(other).toBeDefined();
  let done = false;
  const waiting = refresh(store, collection("small", path)).then((result) => {
    done = true;
    return result;
  });
  await Bun.sleep(60);
  expect([done, store.record("small")]).toEqual([false, undefined]);
  other?.[Symbol.dispose]();
  expect(await waiting).toMatchObject({ packages: 1 });
});

test("whoever forgets a collection waits for another process that stores an index, and is told of it", async () => {
  using store = new CollectionStore(fresh());
  put(store, largeOffers(1, 1));
  const other = store.tryLock();
  const told: string[] = [];
  const forgetting = store.forget("large", (owner) => {
    told.push(owner);
    // What the other has not named yet must still be there when it comes to it.
    expect(generations(store)).toBe(1);
    other?.[Symbol.dispose]();
  });
  await forgetting;
  expect([told, generations(store)]).toEqual([[`process ${process.pid}`], 0]);
});
