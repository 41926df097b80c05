// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Downloads from a real server on this machine that does all that servers and networks do. */
import { afterAll, expect, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { download, downloadAll } from "#fetch/download";
import type { DownloadEvent, DownloadOptions, DownloadRequest } from "#fetch/events";
import { FileLock } from "#sys/lock";
import { run } from "#sys/process";
import { hashFile, sha256Hex } from "#sys/sha256";
import { codeOf, failureOf } from "#tests/support/failure";
import { type RawAnswer, type RawRequest, rawServer, status, whole } from "#tests/support/raw-server";

const base = mkdtempSync(join(tmpdir(), "moss-fetch-"));
const small = join(base, "small");
mkdirSync(small);
const mounted =
  process.getuid?.() === 0 && (await run(["mount", "-t", "tmpfs", "-o", "size=128k", "tmpfs", small])).code === 0;
afterAll(async () => {
  if (mounted) await run(["umount", small]);
  rmSync(base, { recursive: true, force: true });
});

const BODY = Buffer.alloc(300_000, "all the bytes of a stone, ");
const SHA = sha256Hex(BODY);
const QUICK: DownloadOptions = { backoff: 1, idle: 2000, retries: 3 };

let made = 0;
/** A request for a path of the server, into a folder of its own. */
function request(url: string, more: Partial<DownloadRequest> = {}): DownloadRequest {
  return { url, path: join(base, String(++made), "file"), sha256: SHA, size: BODY.byteLength, name: "stone", ...more };
}

function leftIn(path: string): string[] {
  const folder = join(path, "..");
  return existsSync(folder) ? readdirSync(folder).sort() : [];
}

/** Serves each request by the answer of its number; the last one stands for all further ones. */
function sequence(...answers: ((request: RawRequest) => RawAnswer)[]) {
  return rawServer((one) => (answers[one.count] ?? answers.at(-1) ?? (() => status("500 Odd")))(one));
}

const all = (one: RawRequest) => whole(one, BODY);

test("a file arrives whole under its name, and nothing lies beside it", async () => {
  using server = sequence(all);
  const events: DownloadEvent[] = [];
  const one = request(`${server.url}/a`);
  await download(one, { ...QUICK, onEvent: (event) => events.push(event) });
  expect(readFileSync(one.path)).toEqual(BODY);
  expect(leftIn(one.path)).toEqual(["file"]);
  const bytes = events.reduce((sum, event) => sum + (event.kind === "bytes" ? event.bytes : 0), 0);
  expect([bytes, events.at(-1)]).toEqual([
    BODY.byteLength,
    { kind: "done", name: "stone", cached: false, bytes: BODY.byteLength },
  ]);
});

test("what is there already is not fetched again, and what is there wrongly is", async () => {
  using server = sequence(all);
  const one = request(`${server.url}/a`);
  await download(one, QUICK);
  await download(one, QUICK);
  expect(server.requests.length).toBe(1);
  writeFileSync(one.path, "something else");
  await download(one, QUICK);
  expect([server.requests.length, hashFile(one.path)]).toEqual([2, SHA]);
});

test("a connection that breaks is resumed where it broke", async () => {
  using server = sequence((one) => whole(one, BODY, 100_000), all);
  const one = request(`${server.url}/a`);
  const events: DownloadEvent[] = [];
  await download(one, { ...QUICK, onEvent: (event) => events.push(event) });
  expect(hashFile(one.path)).toBe(SHA);
  expect(server.requests.map(({ from }) => from)).toEqual([0, 100_000]);
  expect(events.some(({ kind }) => kind === "retry")).toBe(true);
});

test("what another run had fetched is gone on with", async () => {
  using server = sequence(all);
  const one = request(`${server.url}/a`);
  mkdirSync(join(one.path, ".."), { recursive: true });
  writeFileSync(`${one.path}.part`, BODY.subarray(0, 123_456));
  await download(one, QUICK);
  expect([hashFile(one.path), server.requests.map(({ from }) => from)]).toEqual([SHA, [123_456]]);
});

test("a part that is whole already is only verified", async () => {
  using server = sequence(all);
  const one = request(`${server.url}/a`);
  mkdirSync(join(one.path, ".."), { recursive: true });
  writeFileSync(`${one.path}.part`, BODY);
  await download(one, QUICK);
  expect([hashFile(one.path), server.requests.length]).toEqual([SHA, 0]);
});

test("a part of another file, or one too long, is begun anew", async () => {
  using server = sequence(all);
  for (const old of [Buffer.alloc(50_000, "other"), Buffer.alloc(400_000, "long")]) {
    const one = request(`${server.url}/a`);
    mkdirSync(join(one.path, ".."), { recursive: true });
    writeFileSync(`${one.path}.part`, old);
    await download(one, QUICK);
    expect(hashFile(one.path)).toBe(SHA);
  }
});

test("a server that cannot resume is asked for everything", async () => {
  using server = rawServer((one) => whole({ ...one, from: 0 }, BODY));
  const one = request(`${server.url}/a`);
  mkdirSync(join(one.path, ".."), { recursive: true });
  writeFileSync(`${one.path}.part`, BODY.subarray(0, 1000));
  await download(one, QUICK);
  expect([hashFile(one.path), server.requests.map(({ from }) => from)]).toEqual([SHA, [1000, 0]]);
});

test("a file that is always cut is given up, and what came is kept for the next time", async () => {
  using server = rawServer((one) => whole(one, BODY, 1000));
  const one = request(`${server.url}/a`);
  const failure = await failureOf(download(one, QUICK));
  expect(failure.code).toBe("fetch.failed");
  // The runtime's advice to programmers is none for users.
  expect(failure.message).not.toContain("verbose");
  expect(server.requests.map(({ from }) => from)).toEqual([0, 1000, 2000, 3000]);
  expect(leftIn(one.path)).toEqual(["file.part"]);
});

test("another file under the address is refused, and nothing of it stays", async () => {
  const other = Buffer.alloc(BODY.byteLength, "swapped");
  using server = rawServer((one) => whole(one, other));
  const one = request(`${server.url}/a`);
  expect(await codeOf(download(one, QUICK))).toBe("fetch.digest");
  expect(existsSync(one.path)).toBe(false);
  expect(readFileSync(`${one.path}.part`).byteLength).toBe(0);
});

test("a file that never ends is cut off at the size that was promised", async () => {
  const piece = Buffer.alloc(1_000_000, "endless");
  const head = "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n";
  using server = rawServer(() => [head, ...Array.from({ length: 40 }, () => piece), "silence"]);
  const one = request(`${server.url}/a`);
  expect(await codeOf(download(one, QUICK))).toBe("fetch.toolarge");
  const { sha256: _hash, size: _size, ...unknown } = request(`${server.url}/b`);
  expect(await codeOf(download(unknown, { ...QUICK, limit: 5_000_000 }))).toBe("fetch.toolarge");
  expect(readFileSync(`${unknown.path}.part`).byteLength).toBe(0);
});

test("a server that falls silent, at once or half way, is left, and asked again", async () => {
  using server = sequence(
    () => ["silence"],
    () => [`HTTP/1.1 200 OK\r\ncontent-length: ${BODY.byteLength}\r\n\r\n`, BODY.subarray(0, 5000), "silence"],
    all,
  );
  const one = request(`${server.url}/a`);
  const reasons: string[] = [];
  const onEvent = (event: DownloadEvent) => {
    if (event.kind === "retry") reasons.push(event.reason);
  };
  await download(one, { ...QUICK, idle: 200, onEvent });
  expect([hashFile(one.path), reasons]).toEqual([SHA, ["nothing came for 0.2 s", "nothing came for 0.2 s"]]);
  expect(server.requests.at(-1)?.from).toBe(5000);
});

test("a server that drips is left as one that is silent, and what dripped is kept", async () => {
  const head = `HTTP/1.1 200 OK\r\ncontent-length: ${BODY.byteLength}\r\n\r\n`;
  using server = sequence(() => [head, "drip"], all);
  // What is right cannot drip from this server, so the hash of what is resumed is wrong once.
  const one = request(`${server.url}/a`);
  const reasons: string[] = [];
  const onEvent = (event: DownloadEvent) => {
    if (event.kind === "retry") reasons.push(event.reason);
  };
  await download(one, { ...QUICK, slow: 1000, slowTime: 300, onEvent });
  expect(reasons[0]).toMatch(/^only \d+ bytes came in 0\.[3-9] s, expected 1000 a second at least$/);
  expect(server.requests[1]?.from).toBeGreaterThan(0);
  expect(hashFile(one.path)).toBe(SHA);
});

test("a server that only ever drips is given up, and one whose pace is enough is not", async () => {
  const head = `HTTP/1.1 200 OK\r\ncontent-length: 30\r\n\r\n`;
  using server = rawServer(() => [head, "drip"]);
  const without = { size: 30, sha256: sha256Hex(Buffer.alloc(30, "x")) };
  const failure = await failureOf(
    download(request(`${server.url}/a`, without), { ...QUICK, retries: 0, slow: 1000, slowTime: 200 }),
  );
  expect([failure.code, failure.message]).toEqual(["fetch.failed", expect.stringContaining("expected 1000 a second")]);
  await download(request(`${server.url}/b`, without), { ...QUICK, slow: 1, slowTime: 200 });
  await download(request(`${server.url}/c`, without), { ...QUICK, slow: 0, slowTime: 0 });
});

test("what a server refuses for good is not asked again; what may pass is", async () => {
  using gone = rawServer(() => status("404 Not Found"));
  const one = request(`${gone.url}/a`);
  expect(await codeOf(download(one, QUICK))).toBe("fetch.failed");
  expect(gone.requests.length).toBe(1);
  using busy = sequence(
    () => status("503 Busy", "retry-after: 1\r\n"),
    () => status("429 Slow down"),
    all,
  );
  const waits: number[] = [];
  const onEvent = (event: DownloadEvent) => {
    if (event.kind === "retry") waits.push(event.wait);
  };
  const two = request(`${busy.url}/a`);
  await download(two, { ...QUICK, onEvent });
  expect([hashFile(two.path), waits]).toEqual([SHA, [1000, 2]]);
  using dead = rawServer(() => status("500 No"));
  expect(await codeOf(download(request(`${dead.url}/a`), { ...QUICK, retries: 2 }))).toBe("fetch.failed");
  expect(dead.requests.length).toBe(3);
});

test("an answer that is not the file is not taken for it", async () => {
  using server = rawServer((one) => {
    const [head, ...rest] = whole(one, BODY);
    return [String(head).replace("200 OK", "416 Range Not Satisfiable"), ...rest];
  });
  expect(await codeOf(download(request(`${server.url}/a`), QUICK))).toBe("fetch.failed");
});

test("a server that is not there", async () => {
  const closed = rawServer(all);
  closed[Symbol.dispose]();
  expect(await codeOf(download(request(`${closed.url}/a`), { ...QUICK, retries: 1 }))).toBe("fetch.failed");
});

test("many files come side by side, no more at once than allowed; the first failure ends it", async () => {
  using server = rawServer((one) => (one.path.startsWith("/no") ? status("404 Not Found") : whole(one, BODY)));
  const requests = Array.from({ length: 20 }, (_, i) => request(`${server.url}/${i}`));
  await downloadAll(requests, { ...QUICK, parallel: 4 });
  expect(requests.every(({ path }) => hashFile(path) === SHA)).toBe(true);
  expect(server.requests.length).toBe(20);
  expect(server.most).toBeLessThanOrEqual(4);
  expect(server.most).toBeGreaterThan(1);
  const bad = Array.from({ length: 20 }, (_, i) => request(`${server.url}/${i === 0 ? "no" : `x${i}`}`));
  expect(await codeOf(downloadAll(bad, { ...QUICK, parallel: 2 }))).toBe("fetch.failed");
  expect(server.requests.length).toBeLessThan(40);
});

test("two that fetch the same file at one time do not disturb each other", async () => {
  using server = rawServer((one) => whole(one, BODY));
  const one = request(`${server.url}/a`);
  await Promise.all([download(one, QUICK), download(one, QUICK), download(one, QUICK)]);
  expect([hashFile(one.path), leftIn(one.path)]).toEqual([SHA, ["file"]]);
});

test("while another process has the part, this one uses a part of its own", async () => {
  using server = rawServer((one) => whole(one, BODY));
  const one = request(`${server.url}/a`);
  mkdirSync(join(one.path, ".."), { recursive: true });
  writeFileSync(`${one.path}.part`, "theirs");
  using _theirs = FileLock.tryAcquire(`${one.path}.lock`, "exclusive", "");
  await download(one, QUICK);
  expect(hashFile(one.path)).toBe(SHA);
  expect(readFileSync(`${one.path}.part`, "utf8")).toBe("theirs");
  expect(leftIn(one.path)).toEqual(["file", "file.lock", "file.part"]);
});

test("a download that is stopped says so, and keeps what came", async () => {
  const head = `HTTP/1.1 200 OK\r\ncontent-length: ${BODY.byteLength}\r\n\r\n`;
  using server = rawServer(() => [head, BODY.subarray(0, 5000), "silence"]);
  const one = request(`${server.url}/a`);
  const stop = new AbortController();
  const onEvent = (event: DownloadEvent) => {
    if (event.kind === "bytes") stop.abort();
  };
  expect(await codeOf(download(one, { ...QUICK, signal: stop.signal, onEvent }))).toBe("interrupted");
  expect(readFileSync(`${one.path}.part`).byteLength).toBe(5000);
});

test("files of this machine are copied and verified the same", async () => {
  const path = join(base, "local #1");
  writeFileSync(path, BODY);
  const one = request(pathToFileURL(path).href);
  await download(one, QUICK);
  expect(hashFile(one.path)).toBe(SHA);
  expect(await codeOf(download(request(pathToFileURL(base).href), QUICK))).toBe("fetch.failed");
  expect(await codeOf(download(request(pathToFileURL(join(base, "nowhere")).href), QUICK))).toBe("fetch.failed");
  writeFileSync(path, "short");
  expect(await codeOf(download(request(pathToFileURL(path).href), { ...QUICK, retries: 1 }))).toBe("fetch.failed");
});

test.skipIf(!mounted)("a disk without room is told as that", async () => {
  using server = rawServer((one) => whole(one, BODY));
  const one = request(`${server.url}/a`, { path: join(small, "file") });
  expect(await codeOf(download(one, QUICK))).toBe("disk.full");
  expect(existsSync(one.path)).toBe(false);
});
