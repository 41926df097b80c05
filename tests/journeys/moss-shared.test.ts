// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * Three roots with one store, changed, pruned, cleaned and verified at once by processes of their own in a random order:
 * none takes away what another needs or has fetched, and each tree is always that of its packages.
 */
import { afterAll, expect, setDefaultTimeout, test } from "bun:test";
import { lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { randomOf } from "#tests/crash/deaths";
import type { Content } from "#tests/crash/stones";
import { ask, type Listed, moss, must, type Sample, Workshop } from "./moss.ts";

setDefaultTimeout(120_000);
const shop = new Workshop();
afterAll(() => shop[Symbol.dispose]());

const NAMES = ["a", "b", "c", "d"];
const VERSIONS = [1, 2, 3];
const COMMANDS = 8;

/** Files wander between a and b, what c has at one path is a folder, a link, a file; some bodies are everybody's. */
function filesOf(name: string, version: number): Record<string, Content> {
  const files: Record<string, Content> = {
    [`bin/${name}`]: { body: `${name} ${version}`, mode: name === "d" ? 0o4755 : 0o755 },
    [`share/${name}/same`]: "the same in all",
    [`share/${name}/turn`]: `turn ${version % 2}`,
  };
  if (name === (version % 2 === 0 ? "a" : "b")) files["share/wanders"] = "wanders";
  const kinds: Content[] = [{ link: "c" }, "a file"];
  if (name === "c") files[version === 3 ? "share/kind/deep" : "share/kind"] = kinds[version - 1] ?? "in a folder";
  return files;
}

/** What moss makes beside what packages bring. */
const MADE = new Set([".stateID", "lib/os-release", "lib/system-model.kdl"]);

function textOf(content: Content): string {
  if (typeof content === "string") return content;
  if ("link" in content) return `-> ${content.link}`;
  return "body" in content ? String(content.body) : "";
}

/** Texts and targets below a folder, by path. Links to folders are not entered. */
function treeOf(usr: string, folder = ""): Record<string, string> {
  const found: Record<string, string> = {};
  for (const name of readdirSync(join(usr, folder))) {
    const path = join(folder, name);
    const stat = lstatSync(join(usr, path));
    if (MADE.has(path)) continue;
    if (stat.isDirectory()) Object.assign(found, treeOf(usr, path));
    else
      found[path] = stat.isSymbolicLink()
        ? `-> ${readlinkSync(join(usr, path))}`
        : readFileSync(join(usr, path), "utf8");
  }
  return found;
}

async function check(root: string): Promise<void> {
  const list = await ask<readonly Listed[]>(["list", "installed", "-D", root]);
  const wanted = list.flatMap(({ name, version }) => Object.entries(filesOf(name, Number(version))));
  expect(treeOf(`${root}/usr`)).toEqual(Object.fromEntries(wanted.map(([path, content]) => [path, textOf(content)])));
}

async function walk(root: string, cache: string, pools: readonly string[], seed: number): Promise<void> {
  const random = randomOf(seed);
  const any = <T>(list: readonly T[]): T => list[random(list.length)] as T;
  const at = ["-D", root, "--cache", cache];
  await must(["remote", "add", "pool", any(pools), ...at]);
  await must(["install", "-y", ...NAMES.slice(0, 2), ...at, "--wait"]);
  for (let i = 0; i < COMMANDS; i++) {
    const states = (await ask<{ id: number }[]>(["state", "list", ...at])).map(({ id }) => String(id));
    const words = any([
      ["install", any(NAMES)],
      ["install", any(NAMES), any(NAMES)],
      ["remove", any(NAMES)],
      ["upgrade"],
      ["state", "activate", any(states)],
      ["state", "prune", "--keep", "2"],
      ["cache", "clean"],
      ["verify", "--repair"],
    ]);
    if (words[0] === "upgrade") {
      await must(["remote", "remove", "pool", "-y", ...at]);
      await must(["remote", "add", "pool", any(pools), ...at]);
    }
    const { code, stderr } = await moss([...words, "-y", ...at, "--wait"]);
    // To remove what is not installed is refused.
    if (code !== 0 && !(words[0] === "remove" && code === 5)) throw new Error(`${words.join(" ")}: ${code} ${stderr}`);
    await check(root);
  }
}

test("roots that share a store and are all busy do not disturb each other", async () => {
  const samples = (version: number): Sample[] =>
    NAMES.map((name) => ({ name, version: String(version), release: version, files: filesOf(name, version) }));
  for (const version of VERSIONS) await must(["index", shop.collection(`pool-${version}`, samples(version))]);
  // From a server, so that what one has fetched lies where another may clean.
  using server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    async fetch(request) {
      const file = Bun.file(join(shop.folder, new URL(request.url).pathname));
      return (await file.exists()) ? new Response(file) : new Response("no", { status: 404 });
    },
  });
  const pools = VERSIONS.map((version) => `${server.url.href}pool-${version}/`);
  const cache = join(shop.folder, "cache");
  mkdirSync(cache);
  const roots = [shop.root(), shop.root(), shop.root()];
  await Promise.all(roots.map(async (root, i) => await walk(root, cache, pools, i + 1)));
  for (const root of roots) {
    expect((await must(["verify", "-D", root])).stdout).toContain("no difference found");
    for (const { id } of await ask<{ id: number }[]>(["state", "list", "-D", root])) {
      await must(["state", "activate", String(id), "-D", root]);
      await check(root);
    }
  }
});
