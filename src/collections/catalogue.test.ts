// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Questions to what several collections offer. */
import { afterAll, expect, test } from "bun:test";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Collection, type CollectionOffer, describeSource } from "#collections/model";
import { replaceOffers } from "#collections/replace";
import { CollectionStore } from "#collections/store";
import type { PackageOffer } from "#model/package";
import { installedOf } from "#solver/installed";
import { solve } from "#solver/solve";
import { collection, offer } from "#tests/support/collections";

const base = mkdtempSync(join(tmpdir(), "moss-catalogue-"));
afterAll(() => {
  rmSync(base, { recursive: true, force: true });
});

let made = 0;
function storeOf(...all: [Collection, PackageOffer[]][]): CollectionStore {
  const store = new CollectionStore(join(base, String(++made)));
  for (const [item, offers] of all) put(store, item, offers);
  return store;
}

function put(store: CollectionStore, item: Collection, offers: readonly PackageOffer[]): void {
  const source = describeSource(item.source);
  const url = `http://packages.invalid/${item.name}/stone.index`;
  replaceOffers(store.writable(), item.name, offers, { url, source, validators: {}, refreshed: 1 });
}

const builds = (offers: readonly CollectionOffer[]) =>
  offers.map((one) => `${one.collection}: ${one.meta.name} ${one.meta.release}`);

const protosnek = collection("protosnek", "/p");
const volatile = collection("volatile", "/v", { priority: 10 });

test("who gives a capability: by priority, then the newest, then by name", () => {
  using store = storeOf(
    [protosnek, [offer("b 1 gives binary(x)"), offer("a 9 gives binary(x)"), offer("c 1 gives binary(y)")]],
    [volatile, [offer("z 1 gives binary(x), a"), offer("a 2")]],
  );
  const catalogue = store.catalogue([protosnek, volatile]);
  expect(builds(catalogue.providing("binary(x)"))).toEqual(["volatile: z 1", "protosnek: a 9", "protosnek: b 1"]);
  expect(builds(catalogue.providing("name(a)"))).toEqual(["volatile: a 2", "volatile: z 1", "protosnek: a 9"]);
  expect(builds(catalogue.byName("a"))).toEqual(["volatile: a 2", "protosnek: a 9"]);
  expect(catalogue.providing("binary(nothing)")).toEqual([]);
  expect(catalogue.providing(`binary(${"x".repeat(5000)})`)).toEqual([]);
  expect(catalogue.names()).toEqual(["a", "b", "c", "z"]);
  expect(builds([...catalogue.best()])).toEqual(["volatile: a 2", "protosnek: b 1", "protosnek: c 1", "volatile: z 1"]);
});

test("everything of an offer comes back, and its stone's place is relative to the index", () => {
  const one = offer("a 3 needs b, soname(c) gives binary(a) refuses d replaces e", { summary: "An a", version: "3.1" });
  const far = offer("far 1", {}, "https://elsewhere.invalid/far.stone");
  using store = storeOf([protosnek, [one, far]]);
  const catalogue = store.catalogue([protosnek]);
  expect(catalogue.byId(one.id)).toEqual({
    ...one,
    collection: "protosnek",
    priority: 0,
    url: "http://packages.invalid/protosnek/pool/a-3.stone",
  });
  expect(catalogue.byId(far.id)?.url).toBe("https://elsewhere.invalid/far.stone");
  expect(builds(catalogue.replacing("e"))).toEqual(["protosnek: a 3"]);
  expect(catalogue.byId("0".repeat(64))).toBeUndefined();
  expect(catalogue.byId("not an id")).toBeUndefined();
});

test("a collection that is disabled, or whose definition changed since, offers nothing", () => {
  using store = storeOf([protosnek, [offer("a 1")]], [volatile, [offer("a 2")]]);
  expect(builds(store.catalogue([protosnek, { ...volatile, active: false }]).byName("a"))).toEqual(["protosnek: a 1"]);
  const moved = { ...volatile, source: { uri: "/elsewhere" } };
  const catalogue = store.catalogue([protosnek, moved, collection("new", "/n")]);
  expect(builds(catalogue.byName("a"))).toEqual(["protosnek: a 1"]);
  expect(catalogue.unread().map(({ name }) => name)).toEqual(["volatile", "new"]);
});

test("searching looks for every word in name, summary and description, of the preferred builds only", () => {
  using store = storeOf(
    [
      protosnek,
      [
        offer("nano 9", { summary: "Small editor", description: "Edits texts." }),
        offer("vim 1", { summary: "Editor of texts", description: "Modal." }),
        offer("editor-themes 1", { summary: "Colours", description: "For nano and others." }),
        offer("other 1", { summary: "Something", description: "An EDITOR too." }),
      ],
    ],
    [volatile, [offer("nano 1", { summary: "Tiny thing", description: "Edits." })]],
  );
  const search = (...words: string[]) =>
    store
      .catalogue([protosnek, volatile])
      .search(words)
      .map(({ offer: { meta }, where }) => `${meta.name} ${meta.release} ${where}`);
  expect(search("editor")).toEqual(["editor-themes 1 name", "vim 1 summary", "other 1 description"]);
  expect(search("NANO")).toEqual(["nano 1 name", "editor-themes 1 description"]);
  expect(search("editor", "texts")).toEqual(["vim 1 summary"]);
  expect(search("%")).toEqual([]);
  expect(search("")).toEqual([]);
});

test("what is stored anew takes the place of all that was there, and nothing else", async () => {
  using store = storeOf([protosnek, [offer("a 1 gives binary(x)"), offer("b 1")]], [volatile, [offer("v 1")]]);
  put(store, protosnek, [offer("a 2"), offer("c 1")]);
  const catalogue = store.catalogue([protosnek, volatile]);
  expect([builds(catalogue.byName("a")), catalogue.names()]).toEqual([["protosnek: a 2"], ["a", "c", "v"]]);
  expect(catalogue.providing("binary(x)")).toEqual([]);
  expect(catalogue.byId(offer("b 1").id)).toBeUndefined();
  expect(store.record("protosnek")?.packages).toBe(2);
  await store.forget("protosnek");
  expect(store.catalogue([protosnek, volatile]).names()).toEqual(["v"]);
  await store.forget("never there");
});

test("many questions from one snapshot get the answers that each would get alone", () => {
  using store = storeOf([protosnek, [offer("a 1 gives binary(x)")]], [volatile, [offer("a 2")]]);
  const catalogue = store.catalogue([protosnek, volatile]);
  const ask = () => [builds(catalogue.byName("a")), builds(catalogue.providing("binary(x)")), catalogue.names()];
  expect(catalogue.within(() => catalogue.within(ask))).toEqual(ask());
  expect(() =>
    catalogue.within(() => {
      throw new Error("mine");
    }),
  ).toThrow("mine");
  put(store, protosnek, [offer("a 1"), offer("b 1")]);
  expect(catalogue.names()).toEqual(["a", "b"]);
});

test("where nothing was ever refreshed there is nothing, and asking makes nothing", () => {
  const folder = join(base, "never");
  using store = new CollectionStore(folder, { readOnly: true });
  const catalogue = store.catalogue([protosnek]);
  expect([catalogue.names(), catalogue.byName("a"), catalogue.search(["a"]), [...catalogue.best()]]).toEqual([
    [],
    [],
    [],
    [],
  ]);
  expect(store.record("protosnek")).toBeUndefined();
  expect(existsSync(folder)).toBe(false);
});

test("many packages, with one name in every piece that searches read", () => {
  const many = Array.from({ length: 3000 }, (_, i) => offer(`p${i} 1 gives soname(lib${i}) needs soname(lib${i + 1})`));
  many.push(offer("last 1 gives soname(lib3000)"));
  using store = storeOf([protosnek, many]);
  const catalogue = store.catalogue([protosnek]);
  expect(catalogue.search(["p299"]).length).toBe(11);
  const solution = solve({
    installed: installedOf([]),
    offers: catalogue,
    jobs: [{ kind: "install", capability: "name(p0)" }],
  });
  expect(solution.incoming.length).toBe(3001);
});
