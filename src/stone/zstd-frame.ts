// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * The header of a zstd frame (RFC 8878, 3.1.1.1), read before the decoder sees it: what window it wants is a matter of
 * policy, and `inspect` shows it.
 */

const MAGIC = 0xfd2fb528;
const SKIPPABLE = 0x184d2a50;
const SKIPPABLE_MASK = 0xfffffff0;

/** The largest header of a frame. */
export const FRAME_HEADER_MAX = 18;

export interface FrameHeader {
  /** Bytes that a decoder must keep. */
  readonly window: number;
  /** Decompressed size, where the frame says it. */
  readonly contentSize: number | undefined;
  readonly singleSegment: boolean;
  readonly checksum: boolean;
  readonly skippable: boolean;
}

/** Reads the header at the start of `bytes`. Undefined where there is no zstd frame, or not all of its header. */
export function readFrameHeader(bytes: Uint8Array): FrameHeader | undefined {
  if (bytes.byteLength < 5) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const magic = view.getUint32(0, true);
  if ((magic & SKIPPABLE_MASK) >>> 0 === SKIPPABLE) {
    return { window: 0, contentSize: 0, singleSegment: false, checksum: false, skippable: true };
  }
  if (magic !== MAGIC) return undefined;
  const descriptor = view.getUint8(4);
  const singleSegment = (descriptor & 0x20) !== 0;
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3] ?? 0;
  const sizeFlag = descriptor >> 6;
  const sizeBytes = sizeFlag === 0 ? (singleSegment ? 1 : 0) : 1 << sizeFlag;
  const windowBytes = singleSegment ? 0 : 1;
  const sizeAt = 5 + windowBytes + dictionaryBytes;
  if (bytes.byteLength < sizeAt + sizeBytes) return undefined;
  let contentSize: number | undefined;
  if (sizeBytes === 1) contentSize = view.getUint8(sizeAt);
  else if (sizeBytes === 2) contentSize = view.getUint16(sizeAt, true) + 256;
  else if (sizeBytes === 4) contentSize = view.getUint32(sizeAt, true);
  else if (sizeBytes === 8) contentSize = Number(view.getBigUint64(sizeAt, true));
  let window = contentSize ?? 0;
  if (!singleSegment) {
    const byte = view.getUint8(5);
    const base = 2 ** (10 + (byte >> 3));
    window = base + (base / 8) * (byte & 7);
  }
  return { window, contentSize, singleSegment, checksum: (descriptor & 4) !== 0, skippable: false };
}
