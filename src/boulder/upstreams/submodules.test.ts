// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Submodules of git upstreams: fetched by the commits that are recorded, there without a network afterwards. */
import { afterAll, expect, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { Failure } from "#base/errors";
import { download } from "#fetch/download";
import { run } from "#sys/process";
import type { GitUpstream } from "../recipe/model";
import type { SourceEvent, SourceOptions } from "./archives";
import { checkoutGit, fetchGit } from "./git";
import { addressOf } from "./submodules";

const base = mkdtempSync(join(tmpdir(), "boulder-submodules-"));
afterAll(() => rmSync(base, { recursive: true, force: true }));

const repositories = join(base, "repositories");
mkdirSync(repositories);

/** Runs a script in the folder of all repositories; what it prints comes back. */
async function script(text: string): Promise<string> {
  const env = {
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_CONFIG_NOSYSTEM: "1",
    PATH: process.env["PATH"] ?? "/usr/bin:/bin",
  };
  const person = { GIT_AUTHOR_NAME: "a", GIT_AUTHOR_EMAIL: "a@e", GIT_COMMITTER_NAME: "a", GIT_COMMITTER_EMAIL: "a@e" };
  const protocols = { GIT_CONFIG_COUNT: "1", GIT_CONFIG_KEY_0: "protocol.file.allow", GIT_CONFIG_VALUE_0: "always" };
  const all = { ...env, ...person, ...protocols };
  const { stdout, stderr, code } = await run(["bash", "-ec", text], { cwd: repositories, env: all });
  if (code !== 0) throw new Error(stderr);
  return stdout.trim();
}

function upstream(name: string, ref: string): GitUpstream {
  return {
    kind: "git",
    uri: pathToFileURL(join(repositories, name)).href,
    mirrors: [],
    ref,
    fileName: name,
    directory: name,
    place: { file: "stone.yaml", line: 1, column: 1 },
  };
}

function options(more: Partial<SourceOptions> = {}): SourceOptions {
  return { cache: mkdtempSync(join(base, "cache-")), mirrors: [], offline: false, download, ...more };
}

async function failureOf(work: Promise<unknown>): Promise<Failure> {
  try {
    await work;
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
  throw new Error("it did not fail");
}

test("submodules come at their recorded commits, nested ones too, and without their repositories afterwards", async () => {
  const commit = await script(`
for name in leaf lib; do git init -q -b main $name; echo one > $name/file; git -C $name add file; git -C $name commit -qm one; done
git -C lib submodule -q add ../leaf sub/leaf; git -C lib commit -qm leaf
git init -q -b main app; echo app > app/file; git -C app add file
git -C app submodule -q add --name "odd name" ../lib "third party/lib"; git -C app commit -qm app
# Both go on after that; the build has to have what was recorded.
for name in leaf lib; do echo two > $name/file; git -C $name commit -qam two; done
git -C app rev-parse HEAD`);
  const events: SourceEvent[] = [];
  const given = options({ onEvent: (event) => events.push(event) });
  const source = await fetchGit(upstream("app", commit), given);
  expect(events.map(({ kind, name }) => `${kind} ${name}`)).toEqual(
    ["app", "lib", "leaf"].flatMap((name) => [`fetching ${name}`, `fetched ${name}`]),
  );
  for (const name of ["app", "lib", "leaf"]) rmSync(join(repositories, name), { recursive: true });
  expect(await fetchGit(upstream("app", commit), { ...given, offline: true })).toEqual(source);
  const work = join(base, "work");
  await checkoutGit(source, work);
  const read = (path: string) => readFileSync(join(work, path), "utf8");
  expect(["file", "third party/lib/file", "third party/lib/sub/leaf/file"].map(read)).toEqual([
    "app\n",
    "one\n",
    "one\n",
  ]);
  // What a script of the upstream may ask for is there: git sees nothing to fetch.
  const update = await run(["git", "submodule", "update", "--init", "--recursive"], { cwd: work });
  expect([update.code, (await run(["git", "status", "--porcelain"], { cwd: work })).stdout]).toEqual([0, ""]);
});

test("a submodule that runs a program is refused before anything runs", async () => {
  const commit = await script(`
git init -q -b main evil; cd evil; echo e > file; git add file; git commit -qm e
printf '[submodule "x"]\\n\\tpath = x\\n\\turl = ext::sh -c "touch ${base}/ran"\\n' > .gitmodules
git add .gitmodules; git update-index --add --cacheinfo 160000,$(git rev-parse HEAD),x; git commit -qm x
git rev-parse HEAD`);
  expect((await failureOf(fetchGit(upstream("evil", commit), options()))).code).toBe("upstream.unsafe");
  expect(existsSync(join(base, "ran"))).toBe(false);
});

test("a commit that no repository has is told with the address of the submodule", async () => {
  const commit = await script(`
git init -q -b main gone; cd gone; printf '[submodule "x"]\\n\\tpath = x\\n\\turl = ./nowhere\\n' > .gitmodules
git add .gitmodules; git update-index --add --cacheinfo 160000,${"1".repeat(40)},x; git commit -qm x
git rev-parse HEAD`);
  const error = await failureOf(fetchGit(upstream("gone", commit), options()));
  expect([error.code, error.message]).toEqual(["upstream.failed", expect.stringContaining("/gone/nowhere")]);
});

test("addresses begin at the outer repository's, and never lead from a server to this machine", () => {
  const outer = "https://example.org/a/app.git";
  const told = (url: string, from = outer): string => {
    try {
      return addressOf(from, url);
    } catch (error) {
      return error instanceof Failure ? error.code : String(error);
    }
  };
  expect(told("../lib.git")).toBe("https://example.org/a/lib.git");
  expect(told("../../b/lib")).toBe("https://example.org/b/lib");
  expect(told("./lib")).toBe("https://example.org/a/app.git/lib");
  expect(told("git@example.org:b/lib.git")).toBe("ssh://git@example.org/b/lib.git");
  expect(told("https://example.org/c")).toBe("https://example.org/c");
  expect(told("file:///etc", "file:///srv/app")).toBe("file:///etc");
  for (const url of ["file:///etc", "/etc", "ext::sh -c id", "-uid", "--upload-pack=id", "", "../../../../../x"]) {
    expect([url, told(url)]).toEqual([url, "upstream.unsafe"]);
  }
});
