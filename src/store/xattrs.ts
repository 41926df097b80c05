// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Extended attributes: their encoded form, the digest that stands in names, and putting them on files. */
import { compareText } from "#base/order";
import type { Xattrs } from "#model/layout";
import { c, cString, lastError, ptr } from "#sys/libc";
import { sha256Hex } from "#sys/sha256";
import { ByteReader, ByteWriter } from "#tree/bytes";

/** Count, then name, length and bytes of each, sorted by name. */
export function encodeXattrs(xattrs: Xattrs): Uint8Array {
  const out = new ByteWriter(256).varint(xattrs.size);
  for (const [name, value] of [...xattrs].sort(([a], [b]) => compareText(a, b))) {
    out.text(name).varint(value.byteLength).raw(value);
  }
  return out.bytes();
}

/** Throws RangeError for bytes that encodeXattrs did not write. */
export function decodeXattrs(bytes: Uint8Array): Map<string, Uint8Array> {
  const input = new ByteReader(bytes);
  const xattrs = new Map<string, Uint8Array>();
  for (let left = input.varint(); left > 0; left--) {
    const name = input.text();
    xattrs.set(name, input.raw(input.varint()));
  }
  return xattrs;
}

/** The SHA-256 that stands for a set of attributes in asset names and trees. */
export function xattrsDigest(encoded: Uint8Array): string {
  return sha256Hex(encoded);
}

// Not permitted, not supported here, or an owner unknown to the user namespace: recorded, but not applied.
const CANNOT = new Set(["EPERM", "EACCES", "ENOTSUP", "EOPNOTSUPP", "EINVAL"]);

/** Puts attributes on an open file. False where this process may not, or the file system cannot. */
export function applyXattrs(fd: number, xattrs: Xattrs, path: string): boolean {
  return applyEach(xattrs, path, (key, value, size) => c.fsetxattr(fd, key, value, size, 0));
}

/** The same for a symlink itself, by its path. The kernel gives symlinks no `user.` attributes. */
export function applyLinkXattrs(path: string, xattrs: Xattrs): boolean {
  const file = cString(path);
  return applyEach(xattrs, path, (key, value, size) => c.lsetxattr(ptr(file), key, value, size, 0));
}

type Address = ReturnType<typeof ptr>;

function applyEach(xattrs: Xattrs, path: string, set: (key: Address, value: Address, size: number) => number): boolean {
  let whole = true;
  for (const [name, value] of xattrs) {
    const key = cString(name);
    const bytes = value.byteLength === 0 ? new Uint8Array(1) : value;
    if (set(ptr(key), ptr(bytes), value.byteLength) === 0) continue;
    const error = lastError("setxattr", path);
    if (!CANNOT.has(error.code)) throw error;
    whole = false;
  }
  return whole;
}

/** The attributes of a file, by path, without following a symlink. */
export function readXattrs(path: string): Map<string, Uint8Array> {
  const found = new Map<string, Uint8Array>();
  const file = cString(path);
  const names = new Uint8Array(64 * 1024);
  const size = Number(c.llistxattr(ptr(file), ptr(names), names.byteLength));
  if (size <= 0) return found;
  for (const name of Buffer.from(names.subarray(0, size)).toString().split("\0")) {
    if (name === "") continue;
    const key = cString(name);
    const value = new Uint8Array(64 * 1024);
    const length = Number(c.lgetxattr(ptr(file), ptr(key), ptr(value), value.byteLength));
    if (length >= 0) found.set(name, value.slice(0, length));
  }
  return found;
}

/** Puts the attributes of one file on another, open one. */
export function copyXattrs(from: string, fd: number, path: string): void {
  const found = readXattrs(from);
  if (found.size > 0) applyXattrs(fd, found, path);
}
