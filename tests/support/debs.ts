// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Makes real Debian packages for tests, with dpkg-deb. */
import { spawnSync } from "node:child_process";
import { chmodSync, linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** A file of a package: its text; a text with a mode; a symlink; a hardlink to an absolute path; a folder. */
export type DebFile =
  | string
  | Uint8Array
  | { readonly text: string; readonly mode: number }
  | { readonly link: string }
  | { readonly hard: string }
  | { readonly folder: number };

export interface DebSpec {
  readonly name: string;
  readonly version?: string;
  readonly architecture?: string;
  /** Further control fields, by their names. */
  readonly fields?: Readonly<Record<string, string>>;
  /** By absolute path. */
  readonly files?: Readonly<Record<string, DebFile>>;
  /** Maintainer scripts by name. */
  readonly scripts?: Readonly<Record<string, string>>;
  readonly compression?: "xz" | "zstd" | "gzip" | "none";
}

export const hasDpkgDeb = spawnSync("dpkg-deb", ["--version"]).status === 0;

function put(root: string, path: string, file: DebFile): void {
  const to = join(root, path);
  mkdirSync(dirname(to), { recursive: true });
  if (typeof file === "string" || file instanceof Uint8Array) writeFileSync(to, file);
  else if ("text" in file) {
    writeFileSync(to, file.text);
    chmodSync(to, file.mode);
  } else if ("link" in file) symlinkSync(file.link, to);
  else if ("hard" in file) linkSync(join(root, file.hard), to);
  else {
    mkdirSync(to, { recursive: true });
    chmodSync(to, file.folder);
  }
}

/** Builds a package into a folder and gives its path. Fails the test where dpkg-deb does. */
export function makeDeb(folder: string, spec: DebSpec): string {
  const { name, version = "1.0-1", architecture = "all", fields = {}, files = {}, scripts = {} } = spec;
  const root = mkdtempSync(join(tmpdir(), "deb-tree-"));
  try {
    chmodSync(root, 0o755);
    for (const [path, file] of Object.entries(files)) put(root, path, file);
    mkdirSync(join(root, "DEBIAN"));
    const all: Record<string, string> = {
      Package: name,
      Version: version,
      Architecture: architecture,
      Maintainer: "A Tester <tester@example.invalid>",
      Description: `test package ${name}\n Made for a test.`,
      ...fields,
    };
    const control = Object.entries(all).map(([field, value]) => `${field}: ${value}\n`);
    writeFileSync(join(root, "DEBIAN/control"), control.join(""));
    for (const [script, text] of Object.entries(scripts)) {
      writeFileSync(join(root, "DEBIAN", script), text);
      chmodSync(join(root, "DEBIAN", script), 0o755);
    }
    const path = join(folder, `${name}_${version.replaceAll(":", "%3a")}_${architecture}.deb`);
    const made = spawnSync("dpkg-deb", ["--root-owner-group", `-Z${spec.compression ?? "xz"}`, "--build", root, path], {
      env: { ...process.env, SOURCE_DATE_EPOCH: "1000000000" },
    });
    if (made.status !== 0) throw new Error(`dpkg-deb: ${made.stderr.toString()}`);
    return path;
  } finally {
    rmSync(root, { recursive: true });
  }
}
