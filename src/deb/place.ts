// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * Where a path of a Debian package goes in a system whose packages own /usr only. Rules in docs/deb.md: merged /usr,
 * lib64 folded into lib, everything else that an administrator or a program may change starts as a copy from the
 * factory, made by systemd-tmpfiles.
 */
import { Failure } from "#base/errors";

/** `usr`: below /usr. `state`: outside, with a default in the factory. `kernel`: made by the running kernel. */
export type Place =
  | { readonly kind: "usr"; readonly path: string }
  | { readonly kind: "state"; readonly path: string; readonly factory: string }
  | { readonly kind: "kernel"; readonly path: string }
  | { readonly kind: "root" };

const FACTORY = "share/factory";

/** Root folders that are links into /usr: where they lead, relative to /usr. */
const MERGED: Readonly<Record<string, string>> = {
  bin: "bin",
  sbin: "sbin",
  lib: "lib",
  lib64: "lib",
  lib32: "lib32",
  libx32: "libx32",
};

/** Folders of /var that are links into /run. */
const RUNNING: Readonly<Record<string, string>> = { run: "run", lock: "run/lock" };

const KERNEL = new Set(["proc", "sys", "dev"]);
/** Files of /boot by the kernel version at their end: `vmlinuz-6.1.0-1-amd64` -> `lib/kernel/6.1.0-1-amd64/vmlinuz`. */
const KERNEL_FILE = /^(vmlinuz|vmlinux|System\.map|config)-(.+)$/;

/** The components of an archive path, `./` and slashes at both ends dropped. Throws `deb.invalid` where it would escape. */
export function splitPath(path: string, name: string): string[] {
  const parts = path.split("/").filter((part) => part !== "" && part !== ".");
  for (const part of parts) {
    if (part === ".." || part.includes("\0") || Buffer.byteLength(part) > 255) {
      throw new Failure("deb.invalid", `Cannot import "${name}": the path "${path}", expected one below the root`);
    }
  }
  return parts;
}

/** The place of a path given by its components. */
export function place(parts: readonly string[]): Place {
  const [first = "", ...rest] = parts;
  if (first === "") return { kind: "root" };
  if (first === "usr") return placeUsr(rest);
  const merged = MERGED[first];
  if (merged !== undefined) return rest.length === 0 ? { kind: "root" } : placeUsr([merged, ...rest]);
  const running = first === "var" ? RUNNING[rest[0] ?? ""] : undefined;
  const path = running === undefined || rest.length < 2 ? parts.join("/") : [running, ...rest.slice(1)].join("/");
  if (KERNEL.has(first)) return { kind: "kernel", path };
  if (first === "boot" && rest.length === 1) {
    const [, file, version] = KERNEL_FILE.exec(rest[0] ?? "") ?? [];
    if (file !== undefined && version !== undefined) return { kind: "usr", path: `lib/kernel/${version}/${file}` };
  }
  return { kind: "state", path, factory: `${FACTORY}/${path}` };
}

function placeUsr(rest: readonly string[]): Place {
  const [first, ...below] = rest;
  if (first === undefined) return { kind: "root" };
  if (first !== "lib64") return { kind: "usr", path: rest.join("/") };
  return below.length === 0 ? { kind: "root" } : { kind: "usr", path: ["lib", ...below].join("/") };
}

/** Resolves `.` and `..` of a path without looking at links; the root's parent is the root. */
export function normalize(parts: readonly string[]): string[] {
  const out: string[] = [];
  for (const part of parts) {
    if (part === "..") out.pop();
    else if (part !== "" && part !== ".") out.push(part);
  }
  return out;
}

/** `to` as seen from the folder of `from`, both absolute without their first slash. */
export function relativeLink(from: string, to: string): string {
  const source = from.split("/").slice(0, -1);
  const target = to.split("/");
  let shared = 0;
  while (shared < source.length && shared < target.length - 1 && source[shared] === target[shared]) shared += 1;
  return [...source.slice(shared).map(() => ".."), ...target.slice(shared)].join("/");
}

/** An absolute path as packages and links name it, after the move: `/lib/x.so` -> `usr/lib/x.so`; no slash in front. */
export function settled(parts: readonly string[]): string {
  const where = place(parts);
  if (where.kind === "usr") return `usr/${where.path}`;
  if (where.kind !== "root") return parts.join("/");
  // A link to a folder of the root itself, such as /lib64.
  const [first = "", second] = parts;
  const merged = first === "usr" ? (second === "lib64" ? "lib" : second) : MERGED[first];
  return merged === undefined ? parts.join("/") : `usr/${merged}`;
}

/**
 * The target of a symlink after both ends have moved: relative links stay relative, absolute ones absolute. A link whose
 * ends did not move keeps its text.
 * @param parts the link's own path in the archive.
 */
export function moveTarget(parts: readonly string[], target: string): string {
  const absolute = target.startsWith("/");
  const pointed = normalize(absolute ? target.split("/") : [...parts.slice(0, -1), ...target.split("/")]);
  const here = settled(parts);
  const there = settled(pointed);
  if (here === parts.join("/") && there === pointed.join("/")) return target;
  if (there === "") return target;
  return absolute ? `/${there}` : relativeLink(here, there);
}
