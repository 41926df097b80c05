// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** The entry for collections: reading, writing and making repository indexes. */
export { decodeFileList, type FileList, mentions, unpackedSize } from "#stone/file-list";
export { type FileListsRef, listsBeside, readFileLists } from "#stone/file-lists";
export { type IndexEvent, type IndexOptions, indexFolder, sizedMeta } from "#stone/index-folder";
export { type IndexStream, readIndex, streamIndex, writeIndex, writeSortedIndex } from "#stone/repository-index";
