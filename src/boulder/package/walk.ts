// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** What a build installed: a walk over its install folder, in byte order of the names. */
import { lstatSync, readdirSync, readlinkSync, type Stats } from "node:fs";
import { join } from "node:path";
import { Failure } from "#base/errors";
import { compareText } from "#base/order";
import type { LayoutEntry, Xattrs } from "#model/layout";
import { readXattrs } from "#store/xattrs";

/** One file of the install folder, and where its bytes lie. */
export interface InstalledFile {
  /** Absolute path in the installed system. */
  readonly path: string;
  /** Where the bytes of a regular file are to be read. */
  readonly source: string;
  readonly kind: LayoutEntry["kind"];
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Bytes of a regular file; 0 else. */
  readonly size: number;
  /** Text of a symlink; empty else. */
  readonly target: string;
  /** Paths with equal identity are one file (hard links). */
  readonly identity: string;
  /** Seconds since 1970. */
  readonly modified: number;
  readonly xattrs?: Xattrs;
}

export interface WalkOptions {
  /** The owner that a file of the install folder has in the package; as on disk where left out. */
  readonly owner?: (uid: number, gid: number) => { readonly uid: number; readonly gid: number };
}

/** Implied by any file below it, so it is recorded only where it is empty. */
const PLAIN_DIRECTORY = 0o755;

/** Attributes that file systems and security modules of the build host put there by themselves. */
const HOST_ATTRIBUTES = /^(?:security\.selinux|security\.evm|security\.ima|system\.|trusted\.)/;

function kindOf(stat: Stats): LayoutEntry["kind"] {
  if (stat.isFile()) return "regular";
  if (stat.isSymbolicLink()) return "symlink";
  if (stat.isDirectory()) return "directory";
  if (stat.isCharacterDevice()) return "character-device";
  if (stat.isBlockDevice()) return "block-device";
  return stat.isFIFO() ? "fifo" : "socket";
}

/** The longest path, in bytes with its end, that system calls take. */
const PATH_MAX = 4096;

/** Throws `package.path` for what no package can record, or this system not open. Names are shown without what moves a terminal. */
function refuseName(path: string, name: string, source: string): void {
  if (/\p{Cc}/u.test(name)) {
    throw new Failure(
      "package.path",
      `Cannot package ${JSON.stringify(path)}: its name has a control character, expected none`,
    );
  }
  if (Buffer.byteLength(source) < PATH_MAX) return;
  const start = path.slice(0, 60);
  throw new Failure(
    "package.path",
    `Cannot package "${start}...": ${Buffer.byteLength(source)} bytes of path, expected less than ${PATH_MAX} with the build's folder before it`,
  );
}

/**
 * Every file below `root`, and the directories that nothing else implies. A name that is not UTF-8 is refused
 * or has a control character is refused (`package.path`), as a package cannot record it, and so is a path too long to open.
 */
export function walkInstall(root: string, options: WalkOptions = {}): InstalledFile[] {
  const files: InstalledFile[] = [];
  const owner = options.owner ?? ((uid: number, gid: number) => ({ uid, gid }));
  const visit = (folder: string, prefix: string) => {
    const names = readdirSync(folder).sort(compareText);
    for (const name of names) {
      const source = join(folder, name);
      const path = `${prefix}/${name}`;
      refuseName(path, name, source);
      const stat = lstatSync(source, { throwIfNoEntry: false });
      // A name that is not UTF-8 comes with replacement characters, and nothing has that name.
      if (stat === undefined) {
        throw new Failure("package.path", `Cannot package "${path}": its name is not UTF-8, expected a name that is`);
      }
      const kind = kindOf(stat);
      const mode = stat.mode & 0o7777;
      const plain = kind === "directory" && mode === PLAIN_DIRECTORY;
      if (!plain || readdirSync(source).length === 0) {
        const xattrs = new Map([...readXattrs(source)].filter(([key]) => !HOST_ATTRIBUTES.test(key)));
        files.push({
          path,
          source,
          kind,
          mode,
          ...owner(stat.uid, stat.gid),
          size: kind === "regular" ? stat.size : 0,
          target: kind === "symlink" ? readlinkSync(source) : "",
          identity: `${stat.dev}:${stat.ino}`,
          modified: Math.floor(stat.mtimeMs / 1000),
          ...(xattrs.size === 0 ? {} : { xattrs }),
        });
      }
      if (kind === "directory") visit(source, path);
    }
  };
  visit(root, "");
  return files;
}

/** Folders that a system has as links to those below /usr. */
const LINKED = /^\/(?:bin|lib|lib32|lib64|sbin)\//;

/** Throws `package.path` where files lie outside /usr, naming them. */
export function refuseOutside(files: readonly InstalledFile[]): void {
  // The folder "/usr" itself is there when it is empty or has an odd mode; it is no file of a package either.
  const own = (file: InstalledFile) => file.path === "/usr" && file.kind === "directory";
  const named = files.filter((file) => !file.path.startsWith("/usr/") && !own(file)).map((file) => file.path);
  if (named.length === 0) return;
  const shown = named.slice(0, 20).join(", ");
  const more = named.length > 20 ? ` and ${named.length - 20} more` : "";
  throw new Failure("package.path", `Cannot package what lies outside /usr: ${shown}${more}`, {
    hint: named.some((path) => LINKED.test(path))
      ? "/bin, /lib, /lib64 and /sbin are only links into /usr: tell the project to install below /usr, or move the files there."
      : "A package holds only /usr. Install defaults of /etc below /usr/share, and let tmpfiles.d make what lies in /var.",
  });
}
