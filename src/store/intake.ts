// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * Takes the bodies of one stone into an arrival folder as they are decompressed: each body is hashed and written once
 * for each identity that the package gives it. A small body is hashed first and not written where the store has it.
 */
import { closeSync, openSync, renameSync, rmSync } from "node:fs";
import { EMPTY, hex } from "#base/bytes";
import type { LayoutEntry, Xattrs } from "#model/layout";
import type { Arrival } from "#store/arrival";
import { diskFailure } from "#store/disk";
import { EPOCH } from "#store/further";
import { type AssetIdentity, assetName, assetPath, modeOnDisk } from "#store/names";
import { applyOwnerAndMode, ownedByMe } from "#store/owner";
import { applyXattrs } from "#store/xattrs";
import { c, cString, lastError, O_CLOEXEC, O_CREAT, O_EXCL, O_NOFOLLOW, O_WRONLY, ptr } from "#sys/libc";
import { Sha256, sha256Hex } from "#sys/sha256";

/** Bodies up to this many bytes are gathered in memory. */
const SMALL = 1024 * 1024;
/** Where they are; shared by all intakes of a thread, which take their bodies one after another. */
let gathered: Uint8Array | undefined;

/** Owner, mode and attributes with which a body occurs in a package. */
export interface Variant extends Omit<AssetIdentity, "sha256"> {
  readonly attributes?: Xattrs;
}

export interface LearntBody {
  readonly sha256: string;
  readonly size: number;
}

/** The different identities of each body of a layout; key is the hexadecimal digest of the body in its package. */
export function variantsOf(
  layout: readonly LayoutEntry[],
  digestOf: (xattrs: Xattrs) => string,
): Map<string, Variant[]> {
  const bodies = new Map<string, Variant[]>();
  for (const entry of layout) {
    if (entry.kind !== "regular") continue;
    const { mode, uid, gid } = entry;
    const variant: Variant =
      entry.xattrs === undefined || entry.xattrs.size === 0
        ? { mode, uid, gid }
        : { mode, uid, gid, xattrs: digestOf(entry.xattrs), attributes: entry.xattrs };
    const key = hex(entry.digest);
    const known = bodies.get(key);
    if (known === undefined) bodies.set(key, [variant]);
    else if (!known.some((v) => v.mode === mode && v.uid === uid && v.gid === gid && v.xattrs === variant.xattrs)) {
      known.push(variant);
    }
  }
  return bodies;
}

/** A body as a stone's index names it. */
interface BodyRecord {
  readonly start: number;
  readonly end: number;
  readonly digest: Uint8Array;
}

/** The bodies of one stone on their way into an arrival folder. Dispose it with `using`. Throws disk.full, root.readonly. */
export class Intake {
  readonly learnt = new Map<string, LearntBody>();
  /** Files and bytes written to the disk. */
  files = 0;
  bytes = 0;
  readonly #arrival: Arrival;
  readonly #directory: number;
  readonly #variants: ReadonlyMap<string, readonly Variant[]>;
  readonly #token: string;
  #current: readonly Variant[] = [];
  #digest = "";
  #size = 0;
  #filled = 0;
  #kept = false;
  #hash: Sha256 | undefined;
  #large: { readonly fd: number; readonly name: string; readonly variant: Variant }[] = [];

  /** `token` keeps the temporary names of intakes apart that share an arrival folder. */
  constructor(arrival: Arrival, variants: ReadonlyMap<string, readonly Variant[]>, token: string) {
    this.#arrival = arrival;
    this.#variants = variants;
    this.#token = token;
    this.#directory = openSync(arrival.directory, "r");
  }

  /** Says which body the pieces that follow are of. */
  begin(record: BodyRecord): void {
    this.#digest = hex(record.digest);
    this.#current = this.#variants.get(this.#digest) ?? [];
    this.#size = record.end - record.start;
    this.#filled = 0;
    this.#kept = false;
    if (this.#size <= SMALL || this.#current.length === 0) return;
    this.#hash = new Sha256();
    this.#current.forEach((variant, i) => {
      const name = `.${this.#token}.${i}`;
      this.#large.push({ fd: this.#create(name, 0o600), name, variant });
    });
  }

  /** Takes a piece of it, which is valid during the call only. */
  data(chunk: Uint8Array): void {
    if (this.#current.length === 0) return;
    if (this.#hash !== undefined) {
      this.#hash.update(chunk);
      for (const { fd, name } of this.#large) writeAll(fd, chunk, name);
      return;
    }
    // Most bodies come in one piece and need no copy.
    if (chunk.byteLength === this.#size) {
      this.#keepSmall(chunk);
      return;
    }
    gathered ??= new Uint8Array(SMALL);
    gathered.set(chunk, this.#filled);
    this.#filled += chunk.byteLength;
    if (this.#filled === this.#size) this.#keepSmall(gathered.subarray(0, this.#size));
  }

  /** Says that it is whole: then it has its name in the folder. */
  end(): void {
    if (this.#current.length === 0) return;
    if (this.#hash !== undefined) this.#keepLarge(this.#hash.hex());
    else if (!this.#kept) this.#keepSmall(EMPTY);
  }

  /** The empty body, which the index of a stone may leave out. */
  empty(digest: Uint8Array): void {
    if (this.learnt.has(hex(digest))) return;
    this.begin({ start: 0, end: 0, digest });
    this.end();
  }

  [Symbol.dispose](): void {
    for (const { fd } of this.#large) c.close(fd);
    this.#large = [];
    closeSync(this.#directory);
  }

  #keepSmall(body: Uint8Array): void {
    const sha256 = sha256Hex(body);
    this.#kept = true;
    this.learnt.set(this.#digest, { sha256, size: this.#size });
    for (const variant of this.#current) {
      const name = assetName({ ...variant, sha256 });
      if (this.#arrival.has(name)) continue;
      const fd = this.#create(assetPath(name), modeOnDisk(variant.mode), true);
      // Another intake of this transaction is writing or has written it.
      if (fd < 0) continue;
      try {
        writeAll(fd, body, name);
        this.#finish(fd, variant, name, true);
      } finally {
        c.close(fd);
      }
      this.files += 1;
      this.bytes += body.byteLength;
    }
  }

  #keepLarge(sha256: string): void {
    this.learnt.set(this.#digest, { sha256, size: this.#size });
    this.#hash = undefined;
    for (const { fd, name, variant } of this.#large.splice(0)) {
      const path = `${this.#arrival.directory}/${name}`;
      try {
        this.#finish(fd, variant, name, false);
      } finally {
        c.close(fd);
      }
      const final = assetName({ ...variant, sha256 });
      if (this.#arrival.has(final)) {
        rmSync(path);
        continue;
      }
      this.#admitLarge(path, assetPath(final));
      this.files += 1;
      this.bytes += this.#size;
    }
  }

  #finish(fd: number, { uid, gid, mode, attributes }: Variant, name: string, created: boolean): void {
    const bits = modeOnDisk(mode);
    if (!created || !ownedByMe(uid, gid) || (bits & SPECIAL_BITS) !== 0) applyOwnerAndMode(fd, uid, gid, bits, name);
    if (attributes !== undefined) applyXattrs(fd, attributes, name);
    if (c.futimens(fd, ptr(EPOCH)) !== 0) throw lastError("futimens", name);
  }

  #admitLarge(from: string, path: string): void {
    this.#makeFolder(path);
    renameSync(from, `${this.#arrival.directory}/${path}`);
  }

  /** Makes the folder of an asset's path in the arrival folder, once. */
  #makeFolder(path: string): void {
    this.#arrival.makeFolder(path.slice(0, 2));
  }

  /** Opens a new file; `path` is relative to the arrival folder. */
  #create(path: string, mode: number, optional = false): number {
    if (path[2] === "/") this.#makeFolder(path);
    const file = cString(path);
    const flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW;
    const fd = c.openat(this.#directory, ptr(file), flags, mode);
    if (fd >= 0) return fd;
    const error = lastError("open", path);
    if (optional && error.code === "EEXIST") return -1;
    throw diskFailure(error, "unpack");
  }
}

// Bits that the process's umask may take away, and those that creation does not set.
const SPECIAL_BITS = 0o7000 | process.umask();

function writeAll(fd: number, bytes: Uint8Array, name: string): void {
  let at = 0;
  while (at < bytes.byteLength) {
    const rest = at === 0 ? bytes : bytes.subarray(at);
    const count = Number(c.write(fd, ptr(rest), rest.byteLength));
    if (count < 0) throw diskFailure(lastError("write", name), "unpack");
    at += count;
  }
}
