// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Tests of the recipe parser: upstreams of both kinds. */
import { expect, test } from "bun:test";
import { COMMIT, good, HASH } from "#tests/support/recipe-text";

test("both forms of both kinds of upstream are understood", () => {
  const recipe = good(`upstreams:
    - https://example.org/dl/a%2B1.tar.xz : ${HASH.toUpperCase()}   # a remark
    - https://example.org/v/b.zip:
        hash: ${HASH}
        rename: c.zip
        stripdirs: 0
        unpackdir: deep/er
        mirrors:
            - https://mirror.example.org/b.zip
    - https://example.org/model.bin:
        hash: ${HASH}
        unpack: false
    - git|https://example.org/lib.git : ${COMMIT}
    - git|https://example.org/sub.git:
        ref: ${COMMIT}
        clonedir: third/sub
`);
  expect(recipe.upstreams.map((upstream) => ({ ...upstream, place: undefined }))).toEqual([
    {
      kind: "archive",
      uri: "https://example.org/dl/a%2B1.tar.xz",
      mirrors: [],
      hash: HASH,
      fileName: "a+1.tar.xz",
      unpack: true,
      stripDirs: 1,
      directory: "a+1.tar.xz",
      place: undefined,
    },
    {
      kind: "archive",
      uri: "https://example.org/v/b.zip",
      mirrors: ["https://mirror.example.org/b.zip"],
      hash: HASH,
      fileName: "c.zip",
      unpack: true,
      stripDirs: 0,
      directory: "deep/er",
      place: undefined,
    },
    {
      kind: "archive",
      uri: "https://example.org/model.bin",
      mirrors: [],
      hash: HASH,
      fileName: "model.bin",
      unpack: false,
      stripDirs: 1,
      directory: "model.bin",
      place: undefined,
    },
    {
      kind: "git",
      uri: "https://example.org/lib.git",
      mirrors: [],
      ref: COMMIT,
      fileName: "lib.git",
      directory: "lib.git",
      place: undefined,
    },
    {
      kind: "git",
      uri: "https://example.org/sub.git",
      mirrors: [],
      ref: COMMIT,
      fileName: "sub.git",
      directory: "third/sub",
      place: undefined,
    },
  ]);
});

test("folders of upstreams have the macros of the recipe's identity", () => {
  const recipe = good(`upstreams:
    - https://example.org/b.zip:
        hash: ${HASH}
        unpackdir: "%(name)-%(version)/data"
    - git|https://example.org/sub.git:
        ref: ${COMMIT}
        clonedir: "%(name)/sub"
`);
  expect(recipe.upstreams.map(({ directory }) => directory)).toEqual([
    `${recipe.name}-${recipe.version}/data`,
    `${recipe.name}/sub`,
  ]);
});
