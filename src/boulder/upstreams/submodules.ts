// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * The submodules of a commit: where each lies, its address, and the commit that the tree records for it. That record is part
 * of what the outer commit's hash covers, so nothing that `.gitmodules` says can bring other content.
 */
import { Failure } from "#base/errors";
import { git } from "./git-run";

export interface Submodule {
  /** Below the outer working tree. */
  readonly path: string;
  readonly uri: string;
  readonly commit: string;
}

const SCHEMES = new Set(["https:", "http:", "git:", "ssh:"]);

/** The submodules of a commit that a bare repository holds. Throws `upstream.unsafe` for paths and addresses that are refused. */
export async function submodulesOf(mirror: string, commit: string, uri: string): Promise<Submodule[]> {
  const blob = `${commit}:.gitmodules`;
  if ((await git(["cat-file", "-e", blob], mirror)).code !== 0) return [];
  const listed = await git(["config", "-z", "--blob", blob, "--get-regexp", "^submodule\\..*\\.(path|url)$"], mirror);
  const settings = parseSettings(listed.stdout);
  const paths = [...settings.values()].flatMap(({ path }) => (path === undefined ? [] : [path]));
  if (paths.length === 0) return [];
  const tree = await git(["--literal-pathspecs", "ls-tree", "-z", commit, "--", ...paths], mirror);
  const commits = new Map<string, string>();
  for (const line of tree.stdout.split("\0")) {
    const [, recorded, path] = /^160000 commit ([0-9a-f]{40}|[0-9a-f]{64})\t(.*)$/s.exec(line) ?? [];
    if (recorded !== undefined && path !== undefined) commits.set(path, recorded);
  }
  return [...settings.values()].flatMap(({ path, url }): Submodule[] => {
    // git passes over names without a record in the tree too.
    const recorded = path === undefined ? undefined : commits.get(path);
    if (path === undefined || recorded === undefined) return [];
    if (url === undefined) throw refused(uri, `its submodule "${path}" has no address`, "one");
    checkPath(uri, path);
    return [{ path, uri: addressOf(uri, url), commit: recorded }];
  });
}

interface Setting {
  path?: string;
  url?: string;
}

/** Output of `git config -z --get-regexp`: key, line feed, value, NUL. */
function parseSettings(text: string): Map<string, Setting> {
  const settings = new Map<string, Setting>();
  for (const item of text.split("\0")) {
    const end = item.indexOf("\n");
    const key = end < 0 ? item : item.slice(0, end);
    const name = key.slice(0, key.lastIndexOf("."));
    if (end < 0 || name === "") continue;
    const setting = settings.get(name) ?? {};
    setting[key.endsWith(".path") ? "path" : "url"] = item.slice(end + 1);
    settings.set(name, setting);
  }
  return settings;
}

function checkPath(uri: string, path: string): void {
  const parts = path.split("/");
  const bad = parts.some((part) => part === "" || part === "." || part === ".." || part.toLowerCase() === ".git");
  if (bad) throw refused(uri, `its submodule lies at "${path}"`, "a path below the working tree");
}

/** The address of a submodule: a whole one, or one that begins at that of the outer repository. */
export function addressOf(outer: string, url: string): string {
  let address = url;
  if (/^\.\.?\//.test(url)) {
    let base = outer.replace(/\/+$/, "");
    let rest = url;
    for (; /^\.\.?\//.test(rest); rest = rest.replace(/^\.\.?\//, "")) {
      if (rest.startsWith("../")) base = base.slice(0, Math.max(base.lastIndexOf("/"), 0));
    }
    address = `${base}/${rest}`;
  } else if (/^[A-Za-z0-9._-]+@[A-Za-z0-9.-]+:[^/]/.test(url)) {
    address = `ssh://${url.replace(":", "/")}`;
  }
  const parsed = URL.canParse(address) ? new URL(address) : undefined;
  // Only what lies on this machine itself may name other folders of it.
  const local = parsed?.protocol === "file:" && outer.startsWith("file:");
  if (parsed !== undefined && (SCHEMES.has(parsed.protocol) || local)) return parsed.href;
  throw refused(outer, `its submodule comes from "${url}"`, "an address of https, http, git or ssh");
}

function refused(uri: string, found: string, expected: string): Failure {
  return new Failure("upstream.unsafe", `Cannot use "${uri}": ${found}, expected ${expected}`);
}
