// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * Git upstreams: a bare mirror in the cache for each repository, from which a working tree of exactly one commit is made.
 * A commit names its content by hash, that of its submodules too, so what is checked out is what the recipe names. Submodules
 * have mirrors like any other upstream, so that once fetched they need no network.
 */
import { existsSync, lstatSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Failure } from "#base/errors";
import { sha256Hex } from "#sys/sha256";
import type { GitUpstream } from "../recipe/model";
import { isAddress, lockFor, type SourceOptions } from "./archives";
import { git } from "./git-run";
import { placeBelow } from "./place";
import { submodulesOf } from "./submodules";

/** The bare repository of an upstream that holds the commit wanted. */
export interface GitSource {
  readonly mirror: string;
  readonly commit: string;
  readonly uri: string;
  /** Below the working tree that it is part of; empty for the upstream itself. */
  readonly path: string;
  readonly submodules: readonly GitSource[];
}

/** Submodules of one upstream, those of submodules among them: far more than any project has. */
const MOST_SUBMODULES = 1000;

function mirrorPath(cache: string, uri: string): string {
  const base = uri
    .replace(/\.git$/, "")
    .replace(/^.*\//, "")
    .replaceAll(/[^A-Za-z0-9._-]/g, "_");
  return join(cache, "git", `${sha256Hex(uri).slice(0, 16)}-${base}.git`);
}

/**
 * Makes sure that mirrors hold the upstream's commit and those of its submodules. Throws `upstream.failed`, also where the ref is
 * no full commit, and `upstream.unsafe` for submodules that are refused.
 */
export async function fetchGit(upstream: GitUpstream, options: SourceOptions): Promise<GitSource> {
  let left = MOST_SUBMODULES;
  const fetchAll = async (wanted: GitUpstream, path: string): Promise<GitSource> => {
    const { uri, place } = wanted;
    const { mirror, commit } = await fetchCommit(wanted, options);
    const submodules: GitSource[] = [];
    // One after another: several may share a mirror.
    for (const { path: directory, uri: address, commit: ref } of await submodulesOf(mirror, commit, uri)) {
      if (left-- === 0) {
        throw new Failure(
          "upstream.unsafe",
          `Cannot use "${upstream.uri}": it has more than ${MOST_SUBMODULES} submodules, expected at most that many`,
        );
      }
      const fileName = address.replace(/\/+$/, "").replace(/^.*\//, "");
      submodules.push(
        await fetchAll({ kind: "git", uri: address, mirrors: [], ref, fileName, directory, place }, directory),
      );
    }
    return { mirror, commit, uri, path, submodules };
  };
  return await fetchAll(upstream, "");
}

/** Makes sure that the mirror of one repository holds a commit. */
async function fetchCommit(
  upstream: GitUpstream,
  options: SourceOptions,
): Promise<{ readonly mirror: string; readonly commit: string }> {
  const mirror = mirrorPath(options.cache, upstream.uri);
  mkdirSync(join(options.cache, "git"), { recursive: true });
  using _lock = await lockFor(`${mirror}.lock`);
  if (!existsSync(join(mirror, "HEAD"))) {
    rmSync(mirror, { recursive: true, force: true });
    const made = await git(["init", "-q", "--bare", mirror], options.cache);
    if (made.code !== 0) throw new Failure("upstream.failed", `Cannot make "${mirror}": ${made.stderr.trim()}`);
  }
  const { ref, fileName: name } = upstream;
  const full = /^[0-9a-f]{40}$|^[0-9a-f]{64}$/.test(ref);
  const present = async () => full && (await git(["cat-file", "-e", `${ref}^{commit}`], mirror)).code === 0;
  if (await present()) {
    options.onEvent?.({ kind: "cached", name });
    return { mirror, commit: ref };
  }
  const reasons: string[] = [];
  for (const uri of placesOf(upstream, options)) {
    options.onEvent?.({ kind: "fetching", name, uri });
    // Servers that give single commits send only that; others send all branches and tags.
    const exact = full ? await git(["fetch", "-q", "--no-tags", "--depth", "1", uri, ref], mirror) : undefined;
    if (exact?.code !== 0) {
      const all = await git(["fetch", "-q", "--tags", "--force", uri, "+refs/heads/*:refs/heads/*"], mirror);
      if (all.code !== 0) reasons.push(`${uri}: ${lastLine(all.stderr)}`);
    }
    if (await present()) {
      options.onEvent?.({ kind: "fetched", name, uri, bytes: 0 });
      return { mirror, commit: ref };
    }
    options.onEvent?.({ kind: "failed", name, uri, reason: reasons.at(-1) ?? "the commit is not there" });
    if (!full) throw await notACommit(upstream, mirror);
  }
  const found = reasons.length === 0 ? `the commit ${ref} is not in the cache` : reasons.join("; ");
  const hint = options.offline ? "Run boulder fetch with a network first." : "Is the commit still in the repository?";
  throw new Failure("upstream.failed", `Cannot fetch "${upstream.uri}": ${found}`, { hint });
}

/** A tag or a branch can be moved, so it verifies nothing: it is refused, with the commit that it is now. */
async function notACommit(upstream: GitUpstream, mirror: string): Promise<Failure> {
  const { code, stdout } = await git(["rev-parse", "--verify", "-q", `${upstream.ref}^{commit}`], mirror);
  const now = code === 0 ? stdout.trim() : undefined;
  return new Failure(
    "upstream.failed",
    `Cannot use the ref "${upstream.ref}" of "${upstream.uri}": it is not a full commit, expected 40 hexadecimal digits`,
    { hint: now === undefined ? "No such tag, branch or commit is there." : `It is ${now} now; write that.` },
  );
}

/** Places to ask for a repository, in order; without a network only those of this machine. */
export function placesOf(upstream: GitUpstream, options: SourceOptions): string[] {
  const mirrored = options.mirrors.flatMap((mirror) => {
    const local = join(mirror, upstream.fileName);
    return !isAddress(mirror) && existsSync(local) ? [local] : [];
  });
  const places = [...mirrored, upstream.uri, ...upstream.mirrors];
  return options.offline ? places.filter((uri) => uri.startsWith("file:") || uri.startsWith("/")) : places;
}

/**
 * Makes the working tree of a commit in a new folder, submodules included. Throws `upstream.failed`, and `upstream.unsafe` where
 * something of another upstream is in the way.
 */
export async function checkoutGit(source: GitSource, folder: string): Promise<void> {
  const { uri } = source;
  const fail = (step: string, text: string) =>
    new Failure("upstream.failed", `Cannot check out "${uri}": ${step}: ${lastLine(text)}`);
  mkdirSync(folder, { recursive: true });
  // An archive that was unpacked here could bring settings and hooks, which git would run on the host.
  if (lstatSync(join(folder, ".git"), { throwIfNoEntry: false }) !== undefined) {
    throw new Failure("upstream.unsafe", `Cannot check out "${uri}": ".git" is there, expected a folder without`, {
      hint: "Use another `clonedir`.",
    });
  }
  const steps: readonly (readonly string[])[] = [
    ["init", "-q"],
    ["remote", "add", "origin", uri],
    ["fetch", "-q", "--depth", "1", source.mirror, source.commit],
    ["checkout", "-q", "--detach", source.commit],
  ];
  for (const step of steps) {
    const { code, stderr } = await git(step, folder);
    if (code !== 0) throw fail(`git ${step[0]}`, stderr);
  }
  if (source.submodules.length === 0) return;
  for (const submodule of source.submodules) await checkoutGit(submodule, placeBelow(folder, submodule.path));
  // Their addresses into the settings: scripts that update submodules find them there, and nothing to do.
  const { code, stderr } = await git(["submodule", "-q", "init"], folder);
  if (code !== 0) throw fail("git submodule", stderr);
}

function lastLine(text: string): string {
  return text.trim().split("\n").at(-1) ?? "";
}
