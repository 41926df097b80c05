// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** How readers of formats get at the bytes of a file that need not be in memory. */

/**
 * Reads up to `length` bytes at `offset` of a file. Fewer bytes come back only at the end of the file. The bytes may be
 * valid only until the next call.
 */
export type ReadAt = (offset: number, length: number) => Uint8Array;
