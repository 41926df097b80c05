// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Signed tags of git upstreams, made by git and GnuPG themselves. */
import { afterAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { Failure } from "#base/errors";
import { download } from "#fetch/download";
import { run } from "#sys/process";
import type { GitUpstream } from "../recipe/model";
import { parseRecipe } from "../recipe/parse";
import type { SourceEvent } from "./archives";
import { fetchSources } from "./prepare";

const HAVE_TOOLS = ["git", "gpg", "gpgv"].every((name) => Bun.which(name) !== null);

const base = mkdtempSync(join(tmpdir(), "boulder-tag-test-"));
const gpgHome = join(base, "gpg");
const repository = join(base, "lib.git");
afterAll(async () => {
  if (HAVE_TOOLS) await run(["gpgconf", "--homedir", gpgHome, "--kill", "all"]);
  rmSync(base, { recursive: true, force: true });
});

/** Runs a script in the repository. */
async function script(text: string): Promise<string> {
  const env = {
    PATH: process.env["PATH"] ?? "/usr/bin:/bin",
    GNUPGHOME: gpgHome,
    HOME: base,
    LC_ALL: "C.UTF-8",
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_AUTHOR_NAME: "a",
    GIT_AUTHOR_EMAIL: "a@e",
    GIT_COMMITTER_NAME: "a",
    GIT_COMMITTER_EMAIL: "a@e",
  };
  const { code, stdout, stderr } = await run(["bash", "-ec", text], { cwd: repository, env });
  if (code !== 0) throw new Error(stderr);
  return stdout.trim();
}

function parse(fields: string, uri = pathToFileURL(repository).href): ReturnType<typeof parseRecipe> {
  const head = 'name: x\nversion: "1"\nrelease: 1\nhomepage: https://e.org\nlicense: MIT\n';
  return parseRecipe(join(base, "stone.yaml"), `${head}upstreams:\n  - git|${uri}:\n${fields}`);
}

/** What fetching tells: `right`, or the code of the failure and its message. */
async function check(
  ref: string,
  tag: string,
  key: string,
  cache = mkdtempSync(join(base, "cache-")),
): Promise<string> {
  const { recipe, problems } = parse(`      ref: ${ref}\n      tag: ${tag}\n      key: ${key}\n`);
  if (recipe === undefined) throw new Error(problems.map(({ message }) => message).join("\n"));
  const events: SourceEvent[] = [];
  const onEvent = (event: SourceEvent) => void events.push(event);
  try {
    await fetchSources(recipe, { cache, mirrors: [], offline: true, download, onEvent });
    return events.some(({ kind }) => kind === "signed") ? "right" : "not checked";
  } catch (error) {
    if (error instanceof Failure) return `${error.code}: ${error.message}`;
    throw error;
  }
}

test.skipIf(!HAVE_TOOLS)("a tag must be signed by the recipe's key, for its commit and under its name", async () => {
  mkdirSync(repository);
  const commits = await script(`
mkdir -m 700 ../gpg
for who in ours other; do gpg -q --batch --passphrase '' --quick-gen-key $who@example.org ed25519 sign 0 2>/dev/null; done
gpg -q --armor --export ours@example.org > ../ours.asc
git init -q -b main .; echo one > file; git add file; git commit -q -m one
git tag -s -u ours@example.org -m 'release 1, with ümlauts' v1
git tag -s -u other@example.org -m other v1-other
git tag -a -m plain v1-plain; git tag v1-light
git update-ref refs/tags/v3 $(git rev-parse v1)
git cat-file tag v1 | sed 's/^release 1/release 9/' | git hash-object -t tag -w --stdin > ../changed
git update-ref refs/tags/v1-changed $(cat ../changed)
git tag -s -u ours@example.org -m tree v1-tree HEAD^{tree}
echo two > file; git commit -q -a -m two; git tag -s -u ours@example.org -m two v2
git rev-parse HEAD~1 HEAD`);
  const [one = "", two = ""] = commits.split("\n");
  const cache = mkdtempSync(join(base, "cache-"));
  expect([await check(one, "v1", "ours.asc", cache), await check(two, "v2", "ours.asc")]).toEqual(["right", "right"]);
  for (const [tag, found] of [
    ["v1-other", "has a signature that was made with another key"],
    ["v1-plain", "has no signature of OpenPGP"],
    ["v1-light", "is no annotated tag"],
    ["v1-changed", "has a signature that does not fit the file"],
    ["v1-tree", "is no tag of a commit"],
    ["v2", "is of another commit"],
    ["v3", "was signed under another name"],
  ] as const) {
    expect(await check(one, tag, "ours.asc")).toBe(
      `upstream.signature: Cannot verify "${pathToFileURL(repository).href}": its tag "${tag}" ${found}, expected one for the commit, signed with the recipe's key`,
    );
  }
  expect(await check(one, "v4", "ours.asc")).toStartWith('upstream.failed: Cannot fetch the tag "v4"');
  expect(await check(one, "v1", "missing.asc")).toStartWith('recipe.invalid: Cannot use the key "missing.asc": ENOENT');
  // What is in the cache needs no repository; what was moved there is not believed.
  await script("mv .git ../away");
  expect(await check(one, "v1", "ours.asc", cache)).toBe("right");
  await script("mv ../away .git");
  await script(`git -C "${cache}"/git/*-lib.git update-ref -d refs/tags/v1`);
  expect(await check(one, "v1", "ours.asc", cache)).toBe("right");
});

test("tag and key belong together, and to git", () => {
  const commit = "0123456789".repeat(4);
  const messages = (fields: string) => parse(`      ref: ${commit}\n${fields}`, "https://e.org/x.git");
  const told = (fields: string) => messages(fields).problems.map(({ message }) => message);
  expect(told("      tag: v1\n")).toEqual(["A git upstream has no key"]);
  expect(told("      key: a.asc\n")).toEqual(["A git upstream has no tag"]);
  expect(told("      tag: --upload-pack=x\n      key: a.asc\n")).toEqual([
    'The tag "--upload-pack=x" is no name of a tag',
  ]);
  expect(told("      tag: a..b\n      key: a.asc\n")).toEqual(['The tag "a..b" is no name of a tag']);
  expect(told("      tag: v1\n      key: /etc/a.asc\n")).toEqual([
    'The key "/etc/a.asc" is not in the folder of the recipe',
  ]);
  const upstreams = messages("      tag: v1\n      key: keys/a.asc\n").recipe?.upstreams as readonly GitUpstream[];
  expect(upstreams[0]?.tag).toEqual({ name: "v1", key: "keys/a.asc" });
});
