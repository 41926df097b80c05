// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Tests of small files: fetched only where they changed, whole, and never more than allowed. */
import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { fetchSmall } from "#fetch/small";
import { codeOf } from "#tests/support/failure";
import { rawServer, status, whole } from "#tests/support/raw-server";

const base = mkdtempSync(join(tmpdir(), "moss-small-"));
afterAll(() => {
  rmSync(base, { recursive: true, force: true });
});

const BODY = Buffer.from("an index");
const QUICK = { backoff: 1, idle: 2000, retries: 2 };

test("a file that is as it was is not sent again", async () => {
  using server = rawServer((one) => {
    if (one.headers.get("if-none-match") === '"v1"') return status("304 Not Modified");
    const [head, ...rest] = whole(one, BODY);
    return [
      String(head).replace("\r\n\r\n", '\r\netag: "v1"\r\nlast-modified: Mon, 05 Jan 2026 10:00:00 GMT\r\n\r\n'),
      ...rest,
    ];
  });
  const first = await fetchSmall(`${server.url}/i`, 100, {}, QUICK);
  expect(first?.bytes).toEqual(new Uint8Array(BODY));
  expect(first?.validators).toEqual({ etag: '"v1"', modified: "Mon, 05 Jan 2026 10:00:00 GMT" });
  expect(await fetchSmall(`${server.url}/i`, 100, first?.validators, QUICK)).toBeUndefined();
  expect(server.requests.at(-1)?.headers.get("if-modified-since")).toBe("Mon, 05 Jan 2026 10:00:00 GMT");
});

test("a file that is cut is asked for again, and refused where it always is", async () => {
  using server = rawServer((one) => whole(one, BODY, one.count === 0 ? 3 : undefined));
  expect((await fetchSmall(`${server.url}/i`, 100, {}, QUICK))?.bytes).toEqual(new Uint8Array(BODY));
  using bad = rawServer((one) => whole(one, BODY, 3));
  expect(await codeOf(fetchSmall(`${bad.url}/i`, 100, {}, QUICK))).toBe("fetch.failed");
  expect(bad.requests.length).toBe(3);
});

test("a file that is larger than allowed is refused, whether it says so or not", async () => {
  using server = rawServer((one) =>
    one.path === "/says"
      ? whole(one, BODY)
      : ["HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n", Buffer.alloc(100_000), "silence"],
  );
  for (const path of ["/says", "/endless"]) {
    expect(await codeOf(fetchSmall(`${server.url}${path}`, 5, {}, QUICK))).toBe("fetch.toolarge");
  }
});

test("files of this machine, and what is none", async () => {
  const path = join(base, "index");
  writeFileSync(path, BODY);
  const url = pathToFileURL(path).href;
  expect((await fetchSmall(url, 100))?.bytes).toEqual(BODY);
  expect(await codeOf(fetchSmall(url, 5))).toBe("fetch.toolarge");
  expect(await codeOf(fetchSmall("file:///dev/zero", 100))).toBe("fetch.failed");
  expect(await codeOf(fetchSmall(`${url}.not`, 100))).toBe("fetch.failed");
});
