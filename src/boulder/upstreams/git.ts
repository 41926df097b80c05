// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * Git upstreams: a bare mirror in the cache for each repository, from which a working tree of exactly one commit is made.
 * A commit names its content by hash, that of its submodules too, so what is checked out is what the recipe names.
 */
import { existsSync, lstatSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Failure } from "#base/errors";
import { run } from "#sys/process";
import { sha256Hex } from "#sys/sha256";
import type { GitUpstream } from "../recipe/model";
import { isAddress, lockFor, type SourceOptions } from "./archives";

/** The bare repository of an upstream that holds the commit wanted. */
export interface GitSource {
  readonly mirror: string;
  readonly commit: string;
}

// Nothing of the user's or the machine's configuration, no questions, no hooks.
const ENVIRONMENT: Readonly<Record<string, string>> = {
  PATH: "/usr/bin:/usr/sbin:/bin",
  HOME: "/nonexistent",
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_TERMINAL_PROMPT: "0",
  GIT_ASKPASS: "true",
  LC_ALL: "C.UTF-8",
};

async function git(words: readonly string[], cwd: string): Promise<{ code: number; stdout: string; stderr: string }> {
  try {
    return await run(["git", "-c", "core.hooksPath=/dev/null", "-c", "safe.directory=*", ...words], {
      cwd,
      env: ENVIRONMENT,
    });
  } catch (cause) {
    throw new Failure("upstream.failed", "Cannot run git: it is not installed", {
      hint: "Install the package git.",
      cause,
    });
  }
}

function mirrorPath(cache: string, uri: string): string {
  const base = uri
    .replace(/\.git$/, "")
    .replace(/^.*\//, "")
    .replaceAll(/[^A-Za-z0-9._-]/g, "_");
  return join(cache, "git", `${sha256Hex(uri).slice(0, 16)}-${base}.git`);
}

/** Makes sure that the mirror holds the upstream's commit. Throws `upstream.failed`, also where the ref is no full commit. */
export async function fetchGit(upstream: GitUpstream, options: SourceOptions): Promise<GitSource> {
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

function placesOf(upstream: GitUpstream, options: SourceOptions): string[] {
  const mirrored = options.mirrors.flatMap((mirror) => {
    const local = join(mirror, upstream.fileName);
    return !isAddress(mirror) && existsSync(local) ? [local] : [];
  });
  const places = [...mirrored, upstream.uri, ...upstream.mirrors];
  return options.offline ? places.filter((uri) => uri.startsWith("file:") || uri.startsWith("/")) : places;
}

/** Makes the working tree of a commit in a new folder, submodules included (they need the network). */
export async function checkoutGit(
  source: GitSource,
  upstream: GitUpstream,
  folder: string,
  offline: boolean,
): Promise<void> {
  const fail = (step: string, text: string) =>
    new Failure("upstream.failed", `Cannot check out "${upstream.uri}": ${step}: ${lastLine(text)}`);
  mkdirSync(folder, { recursive: true });
  // An archive that was unpacked here could bring settings and hooks, which git would run on the host.
  if (lstatSync(join(folder, ".git"), { throwIfNoEntry: false }) !== undefined) {
    throw new Failure(
      "upstream.unsafe",
      `Cannot check out "${upstream.uri}": ".git" is there, expected a folder without`,
      {
        hint: "Use another `clonedir`.",
      },
    );
  }
  const steps: readonly (readonly string[])[] = [
    ["init", "-q"],
    ["remote", "add", "origin", upstream.uri],
    ["fetch", "-q", "--depth", "1", source.mirror, source.commit],
    ["checkout", "-q", "--detach", source.commit],
  ];
  for (const step of steps) {
    const { code, stderr } = await git(step, folder);
    if (code !== 0) throw fail(`git ${step[0]}`, stderr);
  }
  if (!existsSync(join(folder, ".gitmodules"))) return;
  if (offline) throw fail("submodules", "they need the network");
  const update = await git(
    ["submodule", "-q", "update", "--init", "--recursive", "--depth", "1", "--jobs", "4"],
    folder,
  );
  if (update.code !== 0) throw fail("git submodule", update.stderr);
}

function lastLine(text: string): string {
  return text.trim().split("\n").at(-1) ?? "";
}
