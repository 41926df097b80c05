// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Tests of fetching upstreams: cache, mirrors, wrong bytes, git by commit; with real servers and repositories. */
import { afterAll, expect, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { download } from "#fetch/download";
import { run } from "#sys/process";
import { sha256Hex } from "#sys/sha256";
import type { ArchiveUpstream, GitUpstream } from "../recipe/model";
import { archivePath, fetchArchive, type SourceEvent, type SourceOptions } from "./archives";
import { checkoutGit, fetchGit } from "./git";

const base = mkdtempSync(join(tmpdir(), "boulder-upstreams-"));
afterAll(() => rmSync(base, { recursive: true, force: true }));

let counter = 0;
function fresh(): string {
  const folder = join(base, `f${counter++}`);
  mkdirSync(folder);
  return folder;
}

const BODY = "the bytes of the archive\n".repeat(20_000);
const HASH = sha256Hex(BODY);
const place = { file: "stone.yaml", line: 1, column: 1 };

/** What a promise fails with. */
async function failureOf(work: Promise<unknown>): Promise<unknown> {
  try {
    await work;
  } catch (error) {
    return error;
  }
  throw new Error("it did not fail");
}

function upstream(uri: string, more: Partial<ArchiveUpstream> = {}): ArchiveUpstream {
  return {
    kind: "archive",
    uri,
    mirrors: [],
    hash: HASH,
    fileName: "x-1.0.tar.gz",
    unpack: true,
    stripDirs: 1,
    directory: "x",
    place,
    ...more,
  };
}

function options(more: Partial<SourceOptions> = {}): SourceOptions {
  return { cache: fresh(), mirrors: [], offline: false, download, ...more };
}

test("a file by address is copied into the cache, and the cache serves it afterwards", async () => {
  const file = join(fresh(), "x-1.0.tar.gz");
  writeFileSync(file, BODY);
  const events: SourceEvent[] = [];
  const given = options({ onEvent: (event) => events.push(event) });
  const path = await fetchArchive(upstream(pathToFileURL(file).href), given);
  expect(path).toBe(archivePath(given.cache, HASH));
  expect(readFileSync(path, "utf8")).toBe(BODY);
  rmSync(file);
  expect(await fetchArchive(upstream(pathToFileURL(file).href), { ...given, offline: true })).toBe(path);
  expect(events.map((event) => event.kind)).toEqual(["fetching", "fetched", "cached"]);
});

test("a file of the cache that was changed is fetched again", async () => {
  const file = join(fresh(), "x");
  writeFileSync(file, BODY);
  const given = options();
  const path = await fetchArchive(upstream(pathToFileURL(file).href), given);
  writeFileSync(path, "changed");
  expect(readFileSync(await fetchArchive(upstream(pathToFileURL(file).href), given), "utf8")).toBe(BODY);
});

test("wrong bytes are refused with both hashes, and nothing of them is kept", async () => {
  const file = join(fresh(), "x");
  writeFileSync(file, "other bytes");
  const given = options();
  const failure = await failureOf(fetchArchive(upstream(pathToFileURL(file).href), given));
  expect(failure).toMatchObject({ code: "upstream.digest" });
  expect(String(failure)).toContain(`is ${sha256Hex("other bytes")}, expected ${HASH}`);
  expect(existsSync(archivePath(given.cache, HASH))).toBe(false);
  expect(readdirSync(join(given.cache, "archives", HASH.slice(0, 2))).filter((f) => !f.endsWith(".lock"))).toEqual([]);
});

test("a mirror folder gives files by hash or by name, without a network", async () => {
  for (const name of [HASH, "x-1.0.tar.gz"]) {
    const mirror = fresh();
    writeFileSync(join(mirror, name), BODY);
    const path = await fetchArchive(
      upstream("https://unreachable.invalid/x"),
      options({ mirrors: [mirror], offline: true }),
    );
    expect(readFileSync(path, "utf8")).toBe(BODY);
  }
  expect(
    await failureOf(fetchArchive(upstream("https://unreachable.invalid/x"), options({ offline: true }))),
  ).toMatchObject({
    code: "upstream.failed",
  });
});

test("a mirror with wrong bytes is passed over for the next place", async () => {
  const mirror = fresh();
  writeFileSync(join(mirror, HASH), "wrong");
  const file = join(fresh(), "x");
  writeFileSync(file, BODY);
  const path = await fetchArchive(upstream(pathToFileURL(file).href), options({ mirrors: [mirror] }));
  expect(readFileSync(path, "utf8")).toBe(BODY);
});

/** A server that misbehaves as its path says. */
function server(): { url: string; requests: string[]; stop: () => Promise<void> } {
  const requests: string[] = [];
  const failures = new Map<string, number>();
  const running = Bun.serve({
    port: 0,
    development: false,
    fetch(request) {
      const path = new URL(request.url).pathname;
      const range = /bytes=(\d+)-/.exec(request.headers.get("range") ?? "")?.[1];
      requests.push(`${path} ${range ?? "0"}`);
      const seen = failures.get(path) ?? 0;
      failures.set(path, seen + 1);
      if (path === "/missing") return new Response("no", { status: 404 });
      if (path === "/busy" && seen === 0) return new Response("busy", { status: 503 });
      if (path === "/half" && range === undefined) {
        // Half of it, then the connection breaks.
        const half = new ReadableStream<Uint8Array>({
          start(controller) {
            controller.enqueue(new TextEncoder().encode(BODY.slice(0, 250_000)));
            setTimeout(() => controller.error(new Error("broken")), 50);
          },
        });
        return new Response(half);
      }
      if (range === undefined || path === "/whole") return new Response(BODY);
      return new Response(BODY.slice(Number(range)), {
        status: 206,
        headers: { "content-range": `bytes ${range}-${BODY.length - 1}/${BODY.length}` },
      });
    },
  });
  return { url: running.url.href.replace(/\/$/, ""), requests, stop: () => running.stop(true) };
}

test("a download tells how many bytes are there, those of an earlier attempt among them", async () => {
  const { url, stop } = server();
  const file = join(fresh(), "file");
  writeFileSync(`${file}.part`, BODY.slice(0, 100_000));
  const told: [number, number | undefined][] = [];
  let done = 0;
  try {
    await download(
      { url: `${url}/half`, path: file, sha256: HASH, name: "half" },
      { onEvent: (event) => event.kind === "bytes" && told.push([(done += event.bytes), event.total]) },
    );
  } finally {
    await stop();
  }
  expect(readFileSync(file, "utf8")).toBe(BODY);
  expect(told[0]).toEqual([100_000, undefined]);
  expect(told.at(-1)).toEqual([BODY.length, BODY.length]);
});

test("a download that breaks is resumed where it stopped", async () => {
  const { url, requests, stop } = server();
  try {
    const path = await fetchArchive(upstream(`${url}/half`), options());
    expect(readFileSync(path, "utf8")).toBe(BODY);
    expect(requests[0]).toBe("/half 0");
    expect(requests.at(-1)).toMatch(/^\/half [1-9]/);
  } finally {
    await stop();
  }
});

test("a server that is busy is asked again, one that has not got it is not", async () => {
  const { url, requests, stop } = server();
  try {
    expect(readFileSync(await fetchArchive(upstream(`${url}/busy`), options()), "utf8")).toBe(BODY);
    expect(await failureOf(fetchArchive(upstream(`${url}/missing`), options()))).toMatchObject({
      code: "upstream.failed",
    });
    expect(requests.filter((r) => r.startsWith("/missing"))).toEqual(["/missing 0"]);
  } finally {
    await stop();
  }
});

test("a server that ignores ranges sends the whole file again, once", async () => {
  const { url, stop } = server();
  try {
    const given = options();
    const path = archivePath(given.cache, HASH);
    mkdirSync(join(path, ".."), { recursive: true });
    writeFileSync(`${path}.part`, "x".repeat(1000));
    expect(readFileSync(await fetchArchive(upstream(`${url}/whole`), given), "utf8")).toBe(BODY);
  } finally {
    await stop();
  }
});

test("the mirrors of an upstream are asked after it", async () => {
  const { url, requests, stop } = server();
  try {
    const path = await fetchArchive(upstream(`${url}/missing`, { mirrors: [`${url}/good`] }), options());
    expect(readFileSync(path, "utf8")).toBe(BODY);
    expect(requests).toEqual(["/missing 0", "/good 0"]);
  } finally {
    await stop();
  }
});

async function repository(): Promise<{ folder: string; commit: string; tag: string }> {
  const folder = fresh();
  const script = `
set -e
export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@example.org GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@example.org
git init -q -b main .
echo one > file; git add file; git commit -q -m one
git tag -a -m tag v1
echo two > file; git commit -q -a -m two
git rev-parse HEAD~1
`;
  const { stdout, code } = await run(["bash", "-c", script], { cwd: folder });
  expect(code).toBe(0);
  return { folder, commit: stdout.trim(), tag: "v1" };
}

function gitUpstream(folder: string, ref: string): GitUpstream {
  return {
    kind: "git",
    uri: pathToFileURL(folder).href,
    mirrors: [],
    ref,
    fileName: "lib.git",
    directory: "lib",
    place,
  };
}

test("a git upstream is checked out at exactly its commit, later without the repository", async () => {
  const { folder, commit } = await repository();
  const given = options();
  const wanted = gitUpstream(folder, commit);
  const source = await fetchGit(wanted, given);
  rmSync(folder, { recursive: true });
  expect(await fetchGit(wanted, { ...given, offline: true })).toEqual(source);
  const out = join(fresh(), "lib");
  await checkoutGit(source, out);
  expect(readFileSync(join(out, "file"), "utf8")).toBe("one\n");
});

test("git is not run in a folder where an archive may have left settings and hooks", async () => {
  const { folder, commit } = await repository();
  const upstream = gitUpstream(folder, commit);
  const source = await fetchGit(upstream, options());
  const work = fresh();
  const hooks = join(work, "lib/.git/hooks");
  mkdirSync(hooks, { recursive: true });
  writeFileSync(join(hooks, "post-checkout"), `#!/bin/sh\ntouch ${work}/ran\n`, { mode: 0o755 });
  expect(await failureOf(checkoutGit(source, join(work, "lib")))).toMatchObject({
    code: "upstream.unsafe",
  });
  expect(existsSync(join(work, "ran"))).toBe(false);
});

test("a tag is refused, and the failure names the commit that it is now", async () => {
  const { folder, commit, tag } = await repository();
  expect(await failureOf(fetchGit(gitUpstream(folder, tag), options()))).toMatchObject({
    code: "upstream.failed",
    hint: `It is ${commit} now; write that.`,
  });
});

test("a commit that no place has is reported", async () => {
  const { folder } = await repository();
  expect(await failureOf(fetchGit(gitUpstream(folder, "1".repeat(40)), options()))).toMatchObject({
    code: "upstream.failed",
  });
});
