// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Everything a stone says, as one value that can be shown or printed as JSON; with `check`, everything is verified. */
import { fromUtf8, hex } from "#base/bytes";
import { type Code, Failure } from "#base/errors";
import { kindOf } from "#model/dependency";
import type { PackageMeta } from "#model/package";
import type { AttributeRecord } from "#stone/attributes";
import { META_TAGS, namesOf } from "#stone/format";
import type { PayloadHeader } from "#stone/header";
import type { LayoutRecord } from "#stone/layout-records";
import type { MetaRecord } from "#stone/meta-records";
import { metaFields } from "#stone/package-meta";
import { StoneReader } from "#stone/reader";
import { readIndex } from "#stone/repository-index";
import { FRAME_HEADER_MAX, readFrameHeader } from "#stone/zstd-frame";

const TAG_NAMES = namesOf(META_TAGS);
/** Opaque values above this many bytes are cut: an attribute can have megabytes. */
const SHOWN = 1024;

export interface InspectedPayload {
  readonly kind: string;
  readonly compression: string;
  readonly storedSize: number;
  readonly plainSize: number;
  readonly records: number;
  readonly version: number;
  /** XXH3-64 in hexadecimal. */
  readonly checksum: string;
  /** Bytes of the zstd window, where there is a frame. */
  readonly window?: number;
  /** Only with `check`: whether the checksum is right. */
  readonly intact?: boolean;
}

export interface InspectedRecord {
  readonly tag: number;
  /** Name of the tag, or `unknown`. */
  readonly field: string;
  readonly type: string;
  /** Text, `kind(name)`, decimal digits, or hexadecimal of unknown bytes. */
  readonly value: string;
}

export interface InspectedEntry {
  readonly type: string;
  readonly path: string;
  /** Octal, with the file-type bits. */
  readonly mode: string;
  readonly uid: number;
  readonly gid: number;
  readonly digest?: string;
  readonly target?: string;
}

export interface Problem {
  readonly code: Code;
  readonly message: string;
}

export interface Inspection {
  readonly path: string;
  readonly size: number;
  readonly fileType: string;
  readonly payloads: readonly InspectedPayload[];
  /** One for each meta payload. */
  readonly packages: readonly { readonly meta?: PackageMeta; readonly records: readonly InspectedRecord[] }[];
  readonly layout: readonly InspectedEntry[];
  readonly attributes: readonly { readonly key: string; readonly value: string }[];
  /** Number of distinct bodies and their bytes. */
  readonly bodies: number;
  readonly contentSize: number;
  /** What keeps it from being used. Without `check` only what was met on the way. */
  readonly problems: readonly Problem[];
}

export interface InspectOptions {
  /** Verifies every checksum and every body, and that the package could be installed. */
  readonly check?: boolean;
}

function payloadOf(reader: StoneReader, payload: PayloadHeader, check: boolean): InspectedPayload {
  const { kind, kindId, compression, compressionId, storedSize, plainSize, records, version } = payload;
  const frame = compression === "zstd" ? readFrameHeader(reader.peek(payload, FRAME_HEADER_MAX)) : undefined;
  return {
    kind: kind === "unknown" ? `unknown (${kindId})` : kind,
    compression: compression === "unknown" ? `unknown (${compressionId})` : compression,
    storedSize,
    plainSize,
    records,
    version,
    checksum: payload.checksum.toString(16).padStart(16, "0"),
    ...(frame === undefined ? {} : { window: frame.window }),
    ...(check ? { intact: reader.checksum(payload) === payload.checksum } : {}),
  };
}

function recordOf(record: MetaRecord): InspectedRecord {
  const { tag } = record;
  const field = TAG_NAMES.get(tag) ?? "unknown";
  if (record.type === "unknown")
    return { tag, field, type: `unknown (${record.typeId})`, value: hexText(record.value) };
  if (record.type === "dependency" || record.type === "provider") {
    const { kindId, name } = record.value;
    return { tag, field, type: record.type, value: `${kindOf(kindId) ?? `unknown-${kindId}`}(${name})` };
  }
  return { tag, field, type: record.type, value: `${record.value}` };
}

function entryOf(record: LayoutRecord): InspectedEntry {
  const { type, typeId, target: path, mode, uid, gid, source } = record;
  return {
    type: type === "unknown" ? `unknown (${typeId})` : type,
    path,
    mode: `0${mode.toString(8)}`,
    uid,
    gid,
    ...(type === "regular" ? { digest: hexText(source) } : {}),
    ...(type === "symlink" ? { target: fromUtf8(source) ?? hexText(source) } : {}),
  };
}

/** Hexadecimal; of many bytes the first ones and the number of all. */
function hexText(bytes: Uint8Array): string {
  if (bytes.byteLength <= SHOWN) return hex(bytes);
  return `${hex(bytes.subarray(0, SHOWN))}... (${bytes.byteLength} bytes)`;
}

/** Text where a key or value is printable, else `0x` and hexadecimal. NULs are shown as `\0`. */
function bytesText(bytes: Uint8Array): string {
  const printable = bytes.byteLength <= SHOWN && bytes.every((byte) => byte === 0 || (byte >= 0x20 && byte !== 0x7f));
  const text = printable ? fromUtf8(bytes) : undefined;
  return text === undefined ? `0x${hexText(bytes)}` : text.replaceAll("\0", "\\0");
}

function attributeOf(record: AttributeRecord): { key: string; value: string } {
  return { key: bytesText(record.key), value: bytesText(record.value) };
}

/**
 * Looks into a stone of any type. What can be read is given even where other parts are damaged; what cannot is in
 * `problems`. Throws only where the file cannot be opened or its structure cannot be followed (`StoneReader.open`).
 */
export function inspectStone(path: string, options: InspectOptions = {}): Inspection {
  const { check = false } = options;
  using reader = StoneReader.open(path);
  const problems: Problem[] = [];
  const attempt = <T>(read: () => T, otherwise: T): T => {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      if (!problems.some((problem) => problem.message === error.message)) {
        problems.push({ code: error.code, message: error.message });
      }
      return otherwise;
    }
  };
  const payloads = reader.payloads.map((payload) => payloadOf(reader, payload, check));
  const packages: { meta?: PackageMeta; records: InspectedRecord[] }[] = [];
  attempt(() => {
    for (const records of reader.metas()) {
      const meta = attempt(() => metaFields(records, path).meta, undefined);
      packages.push({ ...(meta === undefined ? {} : { meta }), records: records.map(recordOf) });
    }
  }, undefined);
  const layout = attempt(() => reader.rawLayout().map(entryOf), []);
  const attributes = attempt(() => reader.attributes().map(attributeOf), []);
  const index = attempt(() => reader.index(), []);
  if (check) {
    if (reader.fileType === "binary") attempt(() => void reader.meta(), undefined);
    if (reader.fileType === "repository") attempt(() => void readIndex(path), undefined);
    for (const [i, payload] of reader.payloads.entries()) {
      // The other kinds are verified by whatever reads them.
      if (payload.kind !== "unknown" || payloads[i]?.intact === true) continue;
      const message = `Cannot read "${path}": a damaged payload of kind ${payload.kindId}, expected a right checksum`;
      problems.push({ code: "stone.checksum", message });
    }
    attempt(() => void reader.layout(), undefined);
    attempt(() => reader.content({ begin() {}, data() {}, end() {} }), undefined);
  }
  return {
    path,
    size: reader.size,
    fileType: reader.fileType === "unknown" ? `unknown (${reader.header.fileTypeId})` : reader.fileType,
    payloads,
    packages,
    layout,
    attributes,
    bodies: index.length,
    contentSize: reader.payloads.reduce((sum, item) => sum + (item.kind === "content" ? item.plainSize : 0), 0),
    problems,
  };
}
