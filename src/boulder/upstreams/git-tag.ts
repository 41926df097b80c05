// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * Signed tags of git upstreams. The commit says which content; the tag says that upstream's key has signed this commit under
 * that name. What is signed is the tag object up to its signature, as `git verify-tag` has it; gpgv judges it by the recipe's key
 * alone.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Failure } from "#base/errors";
import type { GitUpstream } from "../recipe/model";
import { lockFor, type SourceOptions } from "./archives";
import { type GitSource, placesOf } from "./git";
import { git } from "./git-run";
import { checkOpenPgp } from "./openpgp";
import { readKey } from "./signature";

/** Tags have some hundreds of bytes; some have release notes. */
const MAX_TAG = 1024 * 1024;
const BEGIN = "-----BEGIN PGP SIGNATURE-----\n";

/**
 * Checks the tag that a git upstream names, where it names one. `folder` is the recipe's. Throws `upstream.signature` where the
 * tag is not right, `upstream.failed` where it cannot be had, `recipe.invalid` where the key cannot.
 */
export async function checkTag(
  upstream: GitUpstream,
  { mirror, commit }: Pick<GitSource, "mirror" | "commit">,
  folder: string,
  options: SourceOptions,
): Promise<void> {
  const { tag } = upstream;
  if (tag === undefined) return;
  const key = readKey(tag.key, folder);
  const ref = `refs/tags/${tag.name}`;
  using _lock = await lockFor(`${mirror}.lock`);
  const look = async (): Promise<string | undefined> => await judge(mirror, ref, tag.name, commit, key);
  let wrong = await look();
  const reasons: string[] = [];
  // A tag of the cache that is no good, or not there, is fetched again: it can have been moved since.
  for (const uri of wrong === undefined ? [] : placesOf(upstream, options)) {
    options.signal?.throwIfAborted();
    const fetched = await git(["fetch", "-q", "--no-tags", "--force", "--depth", "1", uri, `+${ref}:${ref}`], mirror);
    if (fetched.code !== 0) reasons.push(`${uri}: ${fetched.stderr.trim().split("\n").at(-1) ?? ""}`);
    else wrong = await look();
    if (wrong === undefined) break;
  }
  if (wrong === undefined) {
    options.onEvent?.({ kind: "signed", name: upstream.fileName });
    return;
  }
  const there = (await git(["rev-parse", "--verify", "-q", ref], mirror)).code === 0;
  if (!there) {
    const found = reasons.length === 0 ? "it is not in the cache" : reasons.join("; ");
    throw new Failure("upstream.failed", `Cannot fetch the tag "${tag.name}" of "${upstream.uri}": ${found}`, {
      hint: options.offline ? "Run boulder fetch with a network first." : "Is the tag still in the repository?",
    });
  }
  throw new Failure(
    "upstream.signature",
    `Cannot verify "${upstream.uri}": its tag "${tag.name}" ${wrong}, expected one for the commit, signed with the recipe's key`,
    { hint: "Do not build this before it is clear what happened." },
  );
}

/** What is wrong with a tag of a mirror, in words that follow "its tag"; undefined where it is right. */
async function judge(
  mirror: string,
  ref: string,
  name: string,
  commit: string,
  key: Uint8Array,
): Promise<string | undefined> {
  const kind = await git(["cat-file", "-t", ref], mirror);
  if (kind.code !== 0) return "is not there";
  if (kind.stdout.trim() !== "tag") return "is no annotated tag";
  const size = Number((await git(["cat-file", "-s", ref], mirror)).stdout);
  if (!(size <= MAX_TAG)) return `has ${size} bytes`;
  const { code, stdout: text } = await git(["cat-file", "tag", ref], mirror);
  if (code !== 0) return "cannot be read";
  const at = text.lastIndexOf(`\n${BEGIN}`);
  if (at < 0) return "has no signature of OpenPGP";
  const signed = text.slice(0, at + 1);
  const wrong = await checkText(signed, text.slice(at + 1), key);
  if (wrong !== undefined) return `has a signature that ${wrong}`;
  // From here on the text is the signer's: a good tag under another name, or of another commit, is not what is asked for.
  const head = signed.slice(0, signed.indexOf("\n\n")).split("\n");
  if (head[2] !== `tag ${name}`) return "was signed under another name";
  if (head[1] !== "type commit") return "is no tag of a commit";
  return head[0] === `object ${commit}` ? undefined : "is of another commit";
}

async function checkText(text: string, signature: string, key: Uint8Array): Promise<string | undefined> {
  const folder = mkdtempSync(join(tmpdir(), "boulder-tag-"));
  try {
    writeFileSync(join(folder, "tag"), text);
    writeFileSync(join(folder, "signature"), signature);
    return await checkOpenPgp(key, join(folder, "signature"), join(folder, "tag"));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
