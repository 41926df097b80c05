// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** A package of the older moss into our store: its bodies are checked against their names and copied. */
import { closeSync, constants, fstatSync, lstatSync, openSync, readSync } from "node:fs";
import { fromHex, hex } from "#base/bytes";
import { errnoCode, Failure } from "#base/errors";
import type { PackageId } from "#model/package";
import type { LegacyRoot } from "#moss/legacy/root";
import type { Arrival } from "#store/arrival";
import { encodeFiles } from "#store/files";
import { Intake, variantsOf } from "#store/intake";
import { EMPTY_BODY, toRecord, type Unpacked } from "#store/unpack";
import { Xxh3_128 } from "#sys/xxh3";

const CHUNK = 1 << 20;

function noAttributes(): never {
  throw new Error("the older moss records no attributes");
}

/** Where the older moss keeps a body: by its digest without leading zeros, in folders by the first three pairs. */
export function bodyPath(assets: string, digest: string): string {
  const name = digest.replace(/^0+(?=.)/, "");
  if (name.length < 10) return `${assets}/${name}`;
  return `${assets}/${name.slice(0, 2)}/${name.slice(2, 4)}/${name.slice(4, 6)}/${name}`;
}

/** Bytes of a body; undefined where it is not there as a file. The empty one needs no file. */
export function bodySize(assets: string, digest: string): number | undefined {
  if (digest === EMPTY_BODY) return 0;
  const stat = lstatSync(bodyPath(assets, digest), { throwIfNoEntry: false });
  return stat?.isFile() === true ? stat.size : undefined;
}

/** Takes a package in. Throws store.missing, store.corrupt, disk.full, and what reading its rows throws. */
export function convert(legacy: LegacyRoot, id: PackageId, arrival: Arrival, token: string): Unpacked {
  const meta = legacy.meta(id);
  const layout = legacy.layout(id, meta.name);
  const variants = variantsOf(layout, noAttributes);
  using intake = new Intake(arrival, variants, token);
  for (const digest of variants.keys()) {
    if (digest === EMPTY_BODY) intake.empty(fromHex(digest));
    else takeBody(intake, bodyPath(legacy.assets, digest), digest, meta.name);
  }
  const records = layout.flatMap((entry) => toRecord(entry, intake.learnt, noAttributes, meta.name) ?? []);
  return {
    meta,
    records,
    encoded: encodeFiles(records),
    attributes: new Map(),
    skipped: layout.length - records.length,
    files: intake.files,
    bytes: intake.bytes,
  };
}

function takeBody(intake: Intake, path: string, digest: string, name: string): void {
  const fd = openBody(path, name);
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile()) throw missing(path, name);
    const corrupt = (found: string) =>
      new Failure("store.corrupt", `Cannot import "${path}" of "${name}": ${found}, expected what its name says`, {
        hint: "Have the older moss repair it (moss state verify), then import again.",
      });
    using hash = new Xxh3_128();
    const buffer = new Uint8Array(Math.min(CHUNK, stat.size + 1));
    intake.begin({ start: 0, end: stat.size, digest: fromHex(digest) });
    let left = stat.size;
    while (left > 0) {
      const count = readSync(fd, buffer, 0, Math.min(buffer.byteLength, left), null);
      if (count === 0) throw corrupt("it became shorter while it was read");
      left -= count;
      const chunk = buffer.subarray(0, count);
      hash.update(chunk);
      // A small body is in the folder as soon as its last byte has been given, so it is judged before that.
      if (left === 0 && hex(hash.digest()) !== digest) throw corrupt("its content has another digest");
      intake.data(chunk);
    }
    if (stat.size === 0) throw corrupt("it is empty");
    intake.end();
  } finally {
    closeSync(fd);
  }
}

function openBody(path: string, name: string): number {
  try {
    // Neither through a link, nor waiting for the other end of a pipe.
    return openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (cause) {
    const code = errnoCode(cause);
    if (code === "ENOENT" || code === "ENOTDIR" || code === "ELOOP") throw missing(path, name);
    throw cause;
  }
}

function missing(path: string, name: string): Failure {
  return new Failure("store.missing", `Cannot import "${name}": "${path}" is no file, expected one of its bodies`, {
    hint: "Have the older moss repair it (moss state verify), then import again.",
  });
}
