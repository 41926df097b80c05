// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** A small generated body into the store. */
import { closeSync, existsSync, fsyncSync, openSync, rmSync } from "node:fs";
import { admitAsset } from "#store/arrival";
import { EPOCH } from "#store/further";
import { type AssetIdentity, assetName, assetPath, modeOnDisk } from "#store/names";
import { applyOwnerAndMode } from "#store/owner";
import { c, ptr } from "#sys/libc";
import { writeFully } from "#sys/write";

/** Stores a text under its identity, durably, unless it is there; with `replace`, in place of a bad one. */
export function putSmall(store: string, identity: AssetIdentity, text: string, replace = false): void {
  const name = assetName(identity);
  const path = `${store}/${assetPath(name)}`;
  if (!replace && existsSync(path)) return;
  const temporary = `${store}/.${name}.${process.pid}.tmp`;
  const fd = openSync(temporary, "w", 0o600);
  try {
    writeFully(fd, Buffer.from(text));
    applyOwnerAndMode(fd, identity.uid, identity.gid, modeOnDisk(identity.mode), path);
    c.futimens(fd, ptr(EPOCH));
    fsyncSync(fd);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  } finally {
    closeSync(fd);
  }
  admitAsset(store, temporary, name, replace);
}
