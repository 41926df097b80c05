// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Signatures of archives, made by minisign and GnuPG themselves. */
import { afterAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { Failure } from "#base/errors";
import { download } from "#fetch/download";
import { run } from "#sys/process";
import { sha256Hex } from "#sys/sha256";
import type { ArchiveUpstream, Recipe } from "../recipe/model";
import { parseRecipe } from "../recipe/parse";
import type { SourceEvent } from "./archives";
import { fetchSources } from "./prepare";

const HAVE_MINISIGN = Bun.which("minisign") !== null;
const HAVE_PGP = Bun.which("gpg") !== null && Bun.which("gpgv") !== null;

const base = mkdtempSync(join(tmpdir(), "boulder-signature-"));
const file = join(base, "x-1.0.tar.gz");
writeFileSync(file, "the bytes of an archive\n".repeat(100_000));
const gpgHome = join(base, "gpg");
afterAll(async () => {
  if (HAVE_PGP) await run(["gpgconf", "--homedir", gpgHome, "--kill", "all"]);
  rmSync(base, { recursive: true, force: true });
});

/** Runs a script in the folder of the recipe and of all that is signed. */
async function script(text: string): Promise<string> {
  const env = { PATH: process.env["PATH"] ?? "/usr/bin:/bin", GNUPGHOME: gpgHome, HOME: base, LC_ALL: "C.UTF-8" };
  const { code, stdout, stderr } = await run(["bash", "-ec", text], { cwd: base, env });
  if (code !== 0) throw new Error(stderr);
  return stdout.trim();
}

function recipe(key: string, signature: string): Recipe {
  const hash = sha256Hex(readFileSync(file));
  const text = `name: x
version: "1.0"
release: 1
homepage: https://example.org
license: MIT
upstreams:
  - ${pathToFileURL(file).href}:
      hash: ${hash}
      signature: ${pathToFileURL(join(base, signature)).href}
      key: ${key}
`;
  const parsed = parseRecipe(join(base, "stone.yaml"), text);
  if (parsed.recipe === undefined) throw new Error(parsed.problems.map(({ message }) => message).join("\n"));
  return parsed.recipe;
}

/** What checking tells: `right`, or the code of the failure and its message. */
async function check(
  key: string,
  signature: string,
  cache = mkdtempSync(join(base, "cache-")),
  mirrors: readonly string[] = [],
): Promise<string> {
  const events: SourceEvent[] = [];
  try {
    const onEvent = (event: SourceEvent) => void events.push(event);
    await fetchSources(recipe(key, signature), { cache, mirrors, offline: true, download, onEvent });
    return events.some(({ kind }) => kind === "signed") ? "right" : "not checked";
  } catch (error) {
    if (error instanceof Failure) return `${error.code}: ${error.message}`;
    throw error;
  }
}

test.skipIf(!HAVE_MINISIGN)("a signature of minisign is checked, with its key as a word or as a file", async () => {
  await script(`
for who in ours other; do minisign -G -W -p $who.pub -s $who.sec >/dev/null; done
minisign -S -s ours.sec -m x-1.0.tar.gz -x good.minisig -t 'x 1.0' >/dev/null
minisign -S -s other.sec -m x-1.0.tar.gz -x other.minisig >/dev/null
echo other > y; minisign -S -s ours.sec -m y -x wrong.minisig >/dev/null
sed 's/x 1.0/x 2.0/' good.minisig > comment.minisig
echo nothing > none.minisig; mkdir keys; cp ours.pub keys/; ln -s ../../../../etc/hostname keys/out`);
  const word = readFileSync(join(base, "ours.pub"), "utf8").trim().split("\n")[1] ?? "";
  expect([await check(word, "good.minisig"), await check("keys/ours.pub", "good.minisig")]).toEqual(["right", "right"]);
  for (const [name, found] of [
    ["other", "was made with the key "],
    ["wrong", "does not fit the file"],
    ["comment", "does not fit its trusted comment"],
    ["none", "is none of minisign"],
  ] as const) {
    expect(await check(word, `${name}.minisig`)).toStartWith(
      `upstream.signature: Cannot verify "x-1.0.tar.gz": its signature ${found}`,
    );
  }
  expect(await check(word, "missing.minisig")).toStartWith("upstream.failed: Cannot fetch the signature");
  const mirror = join(base, "mirror");
  await script("mkdir mirror; cp good.minisig mirror/missing.minisig");
  expect(await check(word, "missing.minisig", undefined, [mirror])).toBe("right");
  expect(await check("keys/none.pub", "good.minisig")).toStartWith("recipe.invalid: Cannot use the key");
  expect(await check("keys/out", "good.minisig")).toStartWith("recipe.invalid: Cannot use the key");
});

test.skipIf(!HAVE_MINISIGN)("a signature stays in the cache, and a damaged one there is fetched again", async () => {
  const folder = join(base, "again");
  mkdirSync(folder);
  await script(`
minisign -G -W -p again/pub -s again/sec >/dev/null
minisign -S -s again/sec -m x-1.0.tar.gz -x again/sig >/dev/null; cp again/sig again/copy`);
  const cache = join(folder, "cache");
  expect(await check("again/pub", "again/sig", cache)).toBe("right");
  rmSync(join(folder, "sig"));
  expect(await check("again/pub", "again/sig", cache)).toBe("right");
  const [kept = ""] = (await script("ls again/cache/signatures | grep -v lock")).split("\n");
  writeFileSync(join(cache, "signatures", kept), "damaged");
  expect(await check("again/pub", "again/sig", cache)).toStartWith("upstream.signature:");
  symlinkSync("copy", join(folder, "sig"));
  expect(await check("again/pub", "again/sig", cache)).toBe("right");
});

test.skipIf(!HAVE_PGP)("a signature of OpenPGP is checked against the keys of a file, armoured or not", async () => {
  await script(`
mkdir -m 700 gpg
for who in ours other; do gpg -q --batch --passphrase '' --quick-gen-key $who@example.org ed25519 sign 0 2>/dev/null; done
gpg -q --armor --export ours@example.org > ours.asc; gpg -q --export ours@example.org > ours.gpg
gpg -q --armor --export other@example.org > other.asc
sign() { gpg -q --batch --yes --passphrase '' --pinentry-mode loopback -u "$1@example.org" -o "$3" $4 --detach-sign "$2"; }
sign ours x-1.0.tar.gz good.sig ''; sign ours x-1.0.tar.gz good.asc --armor
echo other > z; sign ours z wrong.sig ''; echo nothing > none.sig`);
  for (const key of ["ours.asc", "ours.gpg"]) {
    expect([key, await check(key, "good.sig"), await check(key, "good.asc")]).toEqual([key, "right", "right"]);
  }
  const told = `upstream.signature: Cannot verify "x-1.0.tar.gz": its signature`;
  expect(await check("other.asc", "good.sig")).toStartWith(`${told} was made with another key`);
  expect(await check("ours.asc", "wrong.sig")).toStartWith(`${told} does not fit the file`);
  expect(await check("ours.asc", "none.sig")).toStartWith(`${told} is none of OpenPGP`);
});

test.skipIf(!HAVE_MINISIGN)("a signature with the name of a tar is one of the uncompressed bytes", async () => {
  await script(`
minisign -G -W -p tar.pub -s tar.sec >/dev/null
seq 300000 > inner.tar; echo other > outer; gzip -c inner.tar > x.tar.gz
minisign -S -s tar.sec -m inner.tar -x x.tar.minisig >/dev/null
minisign -S -s tar.sec -m outer -x wrong.tar.minisig >/dev/null
minisign -S -s tar.sec -m x.tar.gz -x x.tar.gz.minisig >/dev/null
cp x-1.0.tar.gz kept; cp x.tar.gz x-1.0.tar.gz`);
  try {
    const cache = mkdtempSync(join(base, "cache-"));
    expect(await check("tar.pub", "x.tar.minisig", cache)).toBe("right");
    expect(await check("tar.pub", "x.tar.gz.minisig", cache)).toBe("right");
    expect(await check("tar.pub", "wrong.tar.minisig", cache)).toContain("its signature does not fit the file");
    expect(await script(`ls ${cache}/signatures | grep plain || true`)).toBe("");
    // The hash is right here, so it is the archive itself that is broken.
    await script("head -c 1000 x.tar.gz > x-1.0.tar.gz");
    expect(await check("tar.pub", "x.tar.minisig")).toStartWith('format.invalid: Cannot unpack "x-1.0.tar.gz"');
  } finally {
    await script("mv kept x-1.0.tar.gz");
  }
});

test("signature and key belong together, and the key lies beside the recipe", () => {
  const problems = (fields: string): string[] => {
    const text = `name: x\nversion: "1"\nrelease: 1\nhomepage: https://e.org\nlicense: MIT\nupstreams:\n  - https://e.org/x.tar.xz:\n      hash: ${"0".repeat(64)}\n${fields}`;
    const { recipe: parsed, problems: found } = parseRecipe("stone.yaml", text);
    const [upstream] = (parsed?.upstreams ?? []) as ArchiveUpstream[];
    return [...found.map(({ message }) => message), ...(upstream?.signature === undefined ? [] : ["signed"])];
  };
  expect(problems("      key: a.asc\n")).toEqual(["An upstream has no signature"]);
  expect(problems("      signature: https://e.org/x.sig\n")).toEqual(["An upstream has no key"]);
  expect(problems("      signature: https://e.org/x.sig\n      key: ../a.asc\n")).toEqual([
    'The key "../a.asc" is not in the folder of the recipe',
  ]);
  expect(problems("      signature: https://e.org/x.sig\n      key: keys/a.asc\n")).toEqual(["signed"]);
});
