// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** A small generated body into the store. */
import { closeSync, existsSync, fsyncSync, openSync, rmSync } from "node:fs";
import { type Arrival, admitAsset } from "#store/arrival";
import { EPOCH } from "#store/further";
import { type AssetIdentity, assetName, assetPath, modeOnDisk } from "#store/names";
import { applyOwnerAndMode } from "#store/owner";
import { c, ptr } from "#sys/libc";
import { writeFully } from "#sys/write";

/** Stores a text under its identity, durably, unless it is there; with `replace`, in place of a bad one. */
export function putSmall(store: string, identity: AssetIdentity, text: string, replace = false): void {
  const name = assetName(identity);
  if (!replace && existsSync(`${store}/${assetPath(name)}`)) return;
  const temporary = `${store}/.${name}.${process.pid}.tmp`;
  writeSmall(temporary, identity, text, true);
  admitAsset(store, temporary, name, replace);
}

/** Puts a text into an arrival folder, unless the store or the folder has it. It is on the disk when the folder is admitted. */
export function putArriving(arrival: Arrival, identity: AssetIdentity, text: string): void {
  const name = assetName(identity);
  const path = `${arrival.directory}/${assetPath(name)}`;
  if (arrival.has(name) || existsSync(path)) return;
  arrival.makeFolder(name.slice(0, 2));
  writeSmall(path, identity, text, false);
  arrival.late(path);
}

function writeSmall(path: string, { uid, gid, mode }: AssetIdentity, text: string, durable: boolean): void {
  const fd = openSync(path, "w", 0o600);
  try {
    writeFully(fd, Buffer.from(text));
    applyOwnerAndMode(fd, uid, gid, modeOnDisk(mode), path);
    c.futimens(fd, ptr(EPOCH));
    if (durable) fsyncSync(fd);
  } catch (error) {
    rmSync(path, { force: true });
    throw error;
  } finally {
    closeSync(fd);
  }
}
