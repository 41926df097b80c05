// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** The two 32-byte headers: of the file, and of each payload. Neither is compressed or covered by a checksum. */
import { equalBytes, hex } from "#base/bytes";
import {
  COMPRESSIONS,
  type Compression,
  FILE_TYPES,
  type FileType,
  FORMAT_VERSION,
  HEADER_SIZE,
  namesOf,
  PAYLOAD_HEADER_SIZE,
  PAYLOAD_KINDS,
  type PayloadKind,
  readSafeU64,
  stoneFailure,
  viewOf,
  ZSTD_RATIO_MAX,
} from "#stone/format";

const MAGIC = 0x006d6f73;
// Seven 24-bit numbers 1..7: damage of a transfer that changes bytes or line ends shows here first.
const INTEGRITY = Uint8Array.from([0, 0, 1, 0, 0, 2, 0, 0, 3, 0, 0, 4, 0, 0, 5, 0, 0, 6, 0, 0, 7]);

const FILE_TYPE_NAMES = namesOf(FILE_TYPES);
const KIND_NAMES = namesOf(PAYLOAD_KINDS);
const COMPRESSION_NAMES = namesOf(COMPRESSIONS);

export interface FileHeader {
  readonly payloads: number;
  readonly fileType: FileType | "unknown";
  readonly fileTypeId: number;
}

export interface PayloadHeader {
  /** Position of the body in the file. The header stands in the 32 bytes before it. */
  readonly bodyOffset: number;
  /** Bytes of the body in the file. */
  readonly storedSize: number;
  /** Bytes of the body once decompressed. */
  readonly plainSize: number;
  /** XXH3-64 of the stored body. */
  readonly checksum: bigint;
  readonly records: number;
  readonly version: number;
  readonly kind: PayloadKind | "unknown";
  readonly kindId: number;
  readonly compression: Compression | "unknown";
  readonly compressionId: number;
}

/** Reads the header of a file. Throws `stone.truncated`, `stone.magic`, `stone.version` or `stone.header`. */
export function decodeFileHeader(bytes: Uint8Array, name: string): FileHeader {
  if (bytes.byteLength < HEADER_SIZE) {
    throw stoneFailure("stone.truncated", name, `${bytes.byteLength} bytes, expected a header of ${HEADER_SIZE}`);
  }
  const view = viewOf(bytes);
  const magic = view.getUint32(0);
  if (magic !== MAGIC) {
    throw stoneFailure("stone.magic", name, `it begins with ${hex(bytes.subarray(0, 4))}, expected 006d6f73 (.stone)`);
  }
  const version = view.getUint32(28);
  if (version !== FORMAT_VERSION) {
    throw stoneFailure("stone.version", name, `.stone version ${version}, expected ${FORMAT_VERSION}`);
  }
  if (!equalBytes(bytes.subarray(6, 27), INTEGRITY)) {
    throw stoneFailure("stone.header", name, "the fixed pattern of the header is damaged, expected the numbers 1 to 7");
  }
  const fileTypeId = bytes[27] ?? 0;
  return { payloads: view.getUint16(4), fileType: FILE_TYPE_NAMES.get(fileTypeId) ?? "unknown", fileTypeId };
}

/** The 32 bytes that a stone begins with (docs/formats/stone.md). */
export function encodeFileHeader(fileType: FileType, payloads: number): Uint8Array {
  const bytes = new Uint8Array(HEADER_SIZE);
  const view = viewOf(bytes);
  view.setUint32(0, MAGIC);
  view.setUint16(4, payloads);
  bytes.set(INTEGRITY, 6);
  bytes[27] = FILE_TYPES[fileType];
  view.setUint32(28, FORMAT_VERSION);
  return bytes;
}

/** Reads 32 bytes as the header of a payload whose body begins at `bodyOffset`. Throws `stone.payload`. */
export function decodePayloadHeader(bytes: Uint8Array, bodyOffset: number, name: string): PayloadHeader {
  const view = viewOf(bytes);
  const storedSize = readSafeU64(view, 0);
  const plainSize = readSafeU64(view, 8);
  if (storedSize === undefined || plainSize === undefined) {
    throw stoneFailure("stone.payload", name, "a payload of more than 2^53 bytes, expected a real size");
  }
  const version = view.getUint16(28);
  const kindId = bytes[30] ?? 0;
  const compressionId = bytes[31] ?? 0;
  const kind = KIND_NAMES.get(kindId) ?? "unknown";
  const compression = COMPRESSION_NAMES.get(compressionId) ?? "unknown";
  if (compression === "none" && storedSize !== plainSize) {
    const problem = `an uncompressed payload of ${storedSize} bytes that claims ${plainSize}, expected equal sizes`;
    throw stoneFailure("stone.payload", name, problem);
  }
  if (compression === "zstd" && plainSize > storedSize * ZSTD_RATIO_MAX) {
    const problem = `a payload of ${storedSize} bytes that claims to hold ${plainSize}, expected what zstd can pack`;
    throw stoneFailure("stone.payload", name, problem);
  }
  const checksum = view.getBigUint64(16);
  const records = view.getUint32(24);
  return { bodyOffset, storedSize, plainSize, checksum, records, version, kind, kindId, compression, compressionId };
}

/** The 32 bytes of a payload header. The body's place is where the writer puts it. */
export function encodePayloadHeader(
  header: Pick<PayloadHeader, "storedSize" | "plainSize" | "checksum" | "records"> & {
    readonly kind: PayloadKind;
    readonly compression: Compression;
  },
): Uint8Array {
  const bytes = new Uint8Array(PAYLOAD_HEADER_SIZE);
  const view = viewOf(bytes);
  view.setBigUint64(0, BigInt(header.storedSize));
  view.setBigUint64(8, BigInt(header.plainSize));
  view.setBigUint64(16, header.checksum);
  view.setUint32(24, header.records);
  view.setUint16(28, 1);
  bytes[30] = PAYLOAD_KINDS[header.kind];
  bytes[31] = COMPRESSIONS[header.compression];
  return bytes;
}
