// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * A second reader of stones, for judging our writer: written from the format's text alone, with the runtime's own zstd
 * and XXH3 instead of the system's, and nothing of `#stone`. It checks what a strict reader of others would.
 */
import { zstdDecompressSync } from "node:zlib";

export interface PlainPayload {
  readonly kind: number;
  readonly records: number;
  readonly plain: Buffer;
  readonly stored: Buffer;
}

export interface PlainEntry {
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
  readonly type: number;
  readonly source: Buffer;
  readonly target: string;
}

export interface PlainSlice {
  readonly start: number;
  readonly end: number;
  readonly digest: string;
}

export interface PlainStone {
  readonly fileType: number;
  readonly payloads: readonly PlainPayload[];
  /** `tag:type:value` of every meta record, a list a payload; capabilities as `kind/name`. */
  readonly metas: readonly (readonly string[])[];
  readonly layout: readonly PlainEntry[];
  readonly index: readonly PlainSlice[];
  readonly attributes: readonly { readonly key: Buffer; readonly value: Buffer }[];
  readonly content: Buffer;
}

function must(right: boolean, what: string): void {
  if (!right) throw new Error(`not a stone: ${what}`);
}

const size = (value: bigint): number => {
  must(value < 2n ** 53n, "a size");
  return Number(value);
};

function payloadsOf(file: Buffer): PlainPayload[] {
  const payloads: PlainPayload[] = [];
  let at = 32;
  for (let i = 0; i < file.readUInt16BE(4); i++) {
    must(at + 32 <= file.length, "cut in a payload header");
    const stored = file.subarray(at + 32, at + 32 + size(file.readBigUInt64BE(at)));
    must(stored.length === size(file.readBigUInt64BE(at)), "cut in a payload");
    must(Bun.hash.xxHash3(stored, 0n) === file.readBigUInt64BE(at + 16), "checksum");
    must(file.readUInt16BE(at + 28) === 1, "payload version");
    const compression = file[at + 31];
    must(compression === 1 || compression === 2, "compression");
    const plain = compression === 1 ? stored : zstdDecompressSync(stored);
    must(plain.length === size(file.readBigUInt64BE(at + 8)), "plain size");
    payloads.push({ kind: file[at + 30] ?? 0, records: file.readUInt32BE(at + 24), plain, stored });
    at += 32 + stored.length;
  }
  must(at === file.length, "bytes after the last payload");
  return payloads;
}

function metaOf({ plain, records }: PlainPayload): string[] {
  const out: string[] = [];
  let at = 0;
  for (let i = 0; i < records; i++) {
    const length = plain.readUInt32BE(at);
    const tag = plain.readUInt16BE(at + 4);
    const type = plain[at + 6] ?? 0;
    must(plain[at + 7] === 0, "padding of a meta record");
    const value = plain.subarray(at + 8, at + 8 + length);
    must(value.length === length, "cut in a meta record");
    let text: string;
    if (type === 9 || type === 10 || type === 11) {
      must(value.at(-1) === 0 && !value.subarray(type === 9 ? 0 : 1, -1).includes(0), "one NUL, at the end");
      text =
        type === 9 ? value.toString("utf8", 0, length - 1) : `${value[0]}/${value.toString("utf8", 1, length - 1)}`;
    } else {
      must(length === [0, 1, 1, 2, 2, 4, 4, 8, 8][type], "length of an integer");
      text = BigInt(`0x${value.toString("hex")}`).toString();
    }
    out.push(`${tag}:${type}:${text}`);
    at += 8 + length;
  }
  must(at === plain.length, "bytes after the last meta record");
  return out;
}

function layoutOf({ plain, records }: PlainPayload): PlainEntry[] {
  const out: PlainEntry[] = [];
  let at = 0;
  for (let i = 0; i < records; i++) {
    const middle = at + 32 + plain.readUInt16BE(at + 16);
    const end = middle + plain.readUInt16BE(at + 18);
    must(end <= plain.length, "cut in a layout record");
    must(plain.readUInt32BE(at + 12) === 0, "tag of a layout record");
    must(
      plain.subarray(at + 21, at + 32).every((byte) => byte === 0),
      "padding of a layout record",
    );
    out.push({
      uid: plain.readUInt32BE(at),
      gid: plain.readUInt32BE(at + 4),
      mode: plain.readUInt32BE(at + 8),
      type: plain[at + 20] ?? 0,
      source: plain.subarray(at + 32, middle),
      target: plain.toString("utf8", middle, end),
    });
    at = end;
  }
  must(at === plain.length, "bytes after the last layout record");
  return out;
}

function indexOf({ plain, records }: PlainPayload): PlainSlice[] {
  must(plain.length === records * 32, "length of an index");
  return Array.from({ length: records }, (_, i) => ({
    start: size(plain.readBigUInt64BE(i * 32)),
    end: size(plain.readBigUInt64BE(i * 32 + 8)),
    digest: plain.toString("hex", i * 32 + 16, i * 32 + 32),
  }));
}

function attributesOf({ plain, records }: PlainPayload): { key: Buffer; value: Buffer }[] {
  const out: { key: Buffer; value: Buffer }[] = [];
  let at = 0;
  for (let i = 0; i < records; i++) {
    const middle = at + 16 + size(plain.readBigUInt64BE(at));
    const end = middle + size(plain.readBigUInt64BE(at + 8));
    must(end <= plain.length, "cut in an attribute");
    out.push({ key: plain.subarray(at + 16, middle), value: plain.subarray(middle, end) });
    at = end;
  }
  must(at === plain.length, "bytes after the last attribute");
  return out;
}

/** Decodes a whole file, or throws an ordinary error that says what is not as the format has it. */
export function decodePlainly(file: Buffer): PlainStone {
  must(file.length >= 32 && file.toString("hex", 0, 4) === "006d6f73", "magic");
  must(file.toString("hex", 6, 27) === "000001000002000003000004000005000006000007", "pattern");
  must(file.readUInt32BE(28) === 1, "version");
  const payloads = payloadsOf(file);
  const ofKind = (kind: number) => payloads.filter((payload) => payload.kind === kind);
  const contents = ofKind(2);
  must(contents.length <= 1, "one content");
  return {
    fileType: file[27] ?? 0,
    payloads,
    metas: ofKind(1).map(metaOf),
    layout: ofKind(3).flatMap(layoutOf),
    index: ofKind(4).flatMap(indexOf),
    attributes: ofKind(5).flatMap(attributesOf),
    content: contents[0]?.plain ?? Buffer.alloc(0),
  };
}
