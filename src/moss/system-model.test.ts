// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** System models: what is written is KDL, and says what it was made from. */
import { expect, test } from "bun:test";
import type { Collection } from "#collections/model";
import { parseKdl } from "#formats/kdl";
import { explicitOf, systemModel } from "#moss/system-model";

const collection = (name: string, more: Partial<Collection> = {}): Collection => ({
  name,
  description: "",
  source: { uri: `file:///srv/${name}/stone.index` },
  priority: 0,
  active: true,
  file: "",
  vendor: false,
  ...more,
});

test("collections and packages are read back as they were, whatever their names", () => {
  const rooted = {
    source: { baseUri: "https://example.org", channel: "main", version: "stream/volatile", arch: "x86_64" },
    priority: 10,
    active: false,
    description: 'says "this" \\ and that',
  };
  const names = ["7zip", "g++", "libstdc++6", "nano", "true", "x y"];
  const text = systemModel([collection("volatile", rooted), collection("protosnek")], names);
  const [repositories, packages] = parseKdl("model", text);
  expect(packages?.children.map(({ name }) => name)).toEqual(names);
  expect(explicitOf(text)).toEqual(names);
  expect(repositories?.children.map(({ name }) => name)).toEqual(["protosnek", "volatile"]);
  const fields = (at: number) =>
    Object.fromEntries(repositories?.children[at]?.children.map(({ name, args }) => [name, args[0]]) ?? []);
  expect(fields(0)).toEqual({
    description: "file:///srv/protosnek/stone.index",
    uri: "file:///srv/protosnek/stone.index",
    priority: 0,
  });
  expect(fields(1)).toEqual({
    description: 'says "this" \\ and that',
    "base-uri": "https://example.org",
    channel: "main",
    version: "stream/volatile",
    arch: "x86_64",
    priority: 10,
    enabled: false,
  });
});

test("of another text nothing is claimed to be known", () => {
  for (const text of ["", "packages\n", "repositories {\n}\n", "packages {\n"])
    expect(explicitOf(text)).toBeUndefined();
});

test("equal input gives equal bytes, in whatever order it comes", () => {
  const [a, b] = [collection("a"), collection("b")];
  expect(systemModel([a, b], ["x"])).toBe(systemModel([b, a], ["x"]));
});
