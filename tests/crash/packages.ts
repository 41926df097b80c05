// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * The packages of the crash tests, and what a tree of a set of them must look like: worked out from their contents
 * here, not by the code under test.
 */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { type Content, type MadeStone, makeStone } from "#tests/crash/stones";

/** A build of a package: `name-version`. */
export type Build = string;

interface Spec {
  readonly name: string;
  readonly version: string;
  readonly files: Readonly<Record<string, Content>>;
  /** Where files really stand that are recorded below another package's symlink. */
  readonly placed?: Readonly<Record<string, string>>;
}

function many(prefix: string, count: number, text: string): Record<string, Content> {
  return Object.fromEntries(
    Array.from({ length: count }, (_, i) => [`${prefix}/${i % 7}/file-${i}`, `${text} ${i}`] as const),
  );
}

const SPECS: readonly Spec[] = [
  {
    name: "base",
    version: "1",
    files: {
      ...many("share/base", 60, "base"),
      "lib/base.so.1": { body: "library", mode: 0o755 },
      "lib/base.so": { link: "base.so.1" },
      "share/real": { directory: 0o755 },
      "share/linked": { link: "real" },
    },
  },
  {
    name: "tool",
    version: "1",
    files: {
      "bin/tool": { body: "tool 1", mode: 0o755 },
      "bin/same": { body: "same", mode: 0o755 },
      "share/tool": { directory: 0o2750, uid: 3, gid: 4 },
      "share/tool/was-directory/a": "a",
      "share/tool/was-file": "a file",
      ...many("share/tool/data", 20, "one"),
    },
  },
  {
    name: "tool",
    version: "2",
    files: {
      "bin/tool": { body: "tool 2", mode: 0o4755 },
      "bin/same": { body: "same", mode: 0o755 },
      "share/tool": { directory: 0o755 },
      "share/tool/was-directory": { link: "data" },
      "share/tool/was-file/b": "b",
      ...many("share/tool/data", 25, "two"),
    },
  },
  {
    name: "through",
    version: "1",
    files: { "share/linked/below": "through a symlink", "bin/through": { body: "same", mode: 0o700, uid: 7, gid: 8 } },
    placed: { "share/linked/below": "share/real/below" },
  },
  {
    name: "large",
    version: "1",
    files: {
      "lib/large": new Uint8Array(3_000_000).map((_, i) => (i * 2_654_435_761) >>> 24),
      "share/large/empty": "",
    },
  },
  { name: "large", version: "2", files: { "lib/large": new Uint8Array(1_500_000).fill(9), "share/large/empty": "" } },
];

/** Names of all builds. */
export const BUILDS: readonly Build[] = SPECS.map(({ name, version }) => `${name}-${version}`);

/** The name of a build's package. */
export function nameOf(build: Build): string {
  return build.slice(0, build.lastIndexOf("-"));
}

/** Writes the stones of all builds into a folder. */
export function makeStones(folder: string): Map<Build, MadeStone> {
  return new Map(
    SPECS.map(({ name, version, files }) => [
      `${name}-${version}`,
      makeStone(join(folder, `${name}-${version}`), name, files, version),
    ]),
  );
}

function sha256(bytes: string | Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** One line for a path, in the form that listing.sh prints. */
function line(path: string, content: Content): string {
  if (typeof content === "string" || content instanceof Uint8Array) return line(path, { body: content });
  if ("link" in content) return `${path} l 0:0 ${content.link}`;
  if ("directory" in content) {
    return `${path} d ${content.directory.toString(8)} ${content.uid ?? 0}:${content.gid ?? 0}`;
  }
  const { body, mode = 0o644, uid = 0, gid = 0 } = content;
  return `${path} f ${(mode & ~0o222).toString(8)} ${uid}:${gid} ${sha256(body)}`;
}

/**
 * The listing that a tree of these builds must have. `generated` are the lines of the files that moss itself writes.
 */
export function expectedListing(builds: readonly Build[], generated: readonly string[]): string {
  const lines = new Map<string, string>(generated.map((text) => [text.slice(0, text.indexOf(" ")), text]));
  for (const { name, version, files, placed } of SPECS) {
    if (!builds.includes(`${name}-${version}`)) continue;
    for (const [recorded, content] of Object.entries(files)) {
      const path = placed?.[recorded] ?? recorded;
      lines.set(path, line(path, content));
    }
  }
  const paths = [...lines.keys()];
  for (const path of paths) {
    for (let at = path.lastIndexOf("/"); at > 0; at = path.lastIndexOf("/", at - 1)) {
      const parent = path.slice(0, at);
      if (!lines.has(parent)) lines.set(parent, line(parent, { directory: 0o755 }));
    }
  }
  return [...lines.values()].sort().join("\n");
}
