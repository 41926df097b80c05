// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Small stones for tests and benches of roots, written by the real writer. */
import { mkdirSync } from "node:fs";
import type { LayoutEntry } from "#model/layout";
import type { PackageMeta } from "#model/package";
import { BodySet, writeStoneSync } from "#stone/writer";

/** A file by its text or bytes; with mode, owner or attributes; a symlink; a directory. */
export type Content =
  | string
  | Uint8Array
  | {
      readonly body: string | Uint8Array;
      readonly mode?: number;
      readonly uid?: number;
      readonly gid?: number;
      readonly xattrs?: ReadonlyMap<string, Uint8Array>;
    }
  | { readonly link: string; readonly xattrs?: ReadonlyMap<string, Uint8Array> }
  | { readonly directory: number; readonly uid?: number; readonly gid?: number };

export interface MadeStone {
  readonly id: string;
  readonly path: string;
  readonly name: string;
}

export function metaOf(name: string, version = "1", release = 1): PackageMeta {
  return {
    name,
    version,
    release,
    buildRelease: 1,
    architecture: "x86_64",
    summary: `The ${name} of a test`,
    description: "Made for a test.",
    homepage: "https://example.org",
    sourceId: name,
    licenses: ["Apache-2.0"],
    depends: [],
    provides: [],
    conflicts: [],
  };
}

function entryOf(path: string, content: Content, bodies: BodySet): LayoutEntry {
  const root = { path, uid: 0, gid: 0 };
  if (typeof content === "string" || content instanceof Uint8Array) return entryOf(path, { body: content }, bodies);
  if ("link" in content) {
    const { link, xattrs } = content;
    return { ...root, kind: "symlink", mode: 0o777, target: link, ...(xattrs === undefined ? {} : { xattrs }) };
  }
  if ("directory" in content) {
    const { directory, uid = 0, gid = 0 } = content;
    return { path, uid, gid, kind: "directory", mode: directory };
  }
  const { body, mode = 0o644, uid = 0, gid = 0, xattrs } = content;
  const bytes = typeof body === "string" ? Buffer.from(body) : body;
  const { digest } = bodies.add({ bytes });
  return { path, uid, gid, kind: "regular", mode, digest, ...(xattrs === undefined ? {} : { xattrs }) };
}

/** Writes a stone of these files (paths below /usr) into a folder. */
export function makeStone(
  folder: string,
  name: string,
  files: Readonly<Record<string, Content>>,
  version = "1",
  more: Partial<PackageMeta> = {},
): MadeStone {
  mkdirSync(folder, { recursive: true });
  const bodies = new BodySet();
  const entries = Object.entries(files).map(([path, content]) => entryOf(path, content, bodies));
  const path = `${folder}/${name}-${version}.stone`;
  const { sha256 } = writeStoneSync(path, {
    meta: { ...metaOf(name, version), ...more },
    entries,
    body: (digest) => bodies.source(digest),
    profile: "fast",
    durable: false,
  });
  return { id: sha256, path, name };
}
