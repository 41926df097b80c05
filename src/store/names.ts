// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * Names of assets: one for each identity of a file, so that files with equal bytes but another mode, owner or attributes
 * are different inodes.
 *
 * `<sha256>-<mode octal>-<uid>-<gid>`, then `-<64 hex>` where there are extended attributes, then `~N` for further inodes
 * where the file system allows no more links to the first. In a folder named by the first two digits.
 */
import type { FileNode } from "#tree/entry";

export type AssetIdentity = Pick<FileNode, "sha256" | "mode" | "uid" | "gid" | "xattrs">;

/** The name of an asset's first inode, without its folder. */
export function assetName({ sha256, mode, uid, gid, xattrs }: AssetIdentity): string {
  const plain = `${sha256}-${mode.toString(8)}-${uid}-${gid}`;
  return xattrs === undefined ? plain : `${plain}-${xattrs}`;
}

/** Path of an asset below the store's folder. */
export function assetPath(name: string): string {
  return `${name.slice(0, 2)}/${name}`;
}

const SHAPE = /^([0-9a-f]{64})-([0-7]{1,4})-(\d{1,10})-(\d{1,10})(?:-([0-9a-f]{64}))?(?:~(\d{1,9}))?$/;

/** What a name in the store says, or undefined where it is no asset's name. */
export function parseAssetName(name: string): (AssetIdentity & { readonly further: number }) | undefined {
  const [, sha256, mode, uid, gid, xattrs, further] = SHAPE.exec(name) ?? [];
  if (sha256 === undefined || mode === undefined) return undefined;
  const identity = { sha256, mode: Number.parseInt(mode, 8), uid: Number(uid), gid: Number(gid) };
  return {
    ...identity,
    ...(xattrs === undefined ? {} : { xattrs }),
    further: further === undefined ? 0 : Number(further),
  };
}

/** The permission bits that a file has on disk: nobody may write to an inode that many trees share. */
export function modeOnDisk(mode: number): number {
  return mode & ~0o222;
}
