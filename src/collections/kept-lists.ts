// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Lists of files as they are kept in the database of the collections. */
import { Failure } from "#base/errors";
import type { CollectionRecord } from "#collections/schema";
import type { PackageId } from "#model/package";
import { decodeFileList, type FileList, mentions } from "#stone/repository";

/** Are the lists of this collection here? */
export function hasLists({ files }: CollectionRecord): boolean {
  return files !== undefined && files !== false && files.stored;
}

/** Texts up to which looking for each is quicker than decoding every list. */
const FEW = 8;

/** What `readList` looks for before it decodes a list; undefined where it shall decode all. */
export function sought(texts: readonly string[]): readonly Uint8Array[] | undefined {
  return texts.length > FEW ? undefined : texts.map((text) => Buffer.from(text));
}

/** A list, where it can be read and mentions one of the texts. They were read when they came, so that one that cannot is as good as none. */
export function readList(
  bytes: Uint8Array | undefined,
  id: PackageId,
  texts?: readonly Uint8Array[],
): FileList | undefined {
  if (bytes === undefined) return undefined;
  try {
    return texts === undefined || mentions(bytes, texts, id) ? decodeFileList(bytes, id) : undefined;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return undefined;
  }
}
