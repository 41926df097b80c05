// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Makes small, valid ELF files in both classes and byte orders, so that tests need no compiler. */
import { concat, utf8 } from "#base/bytes";

export interface ElfSample {
  readonly bits?: 32 | 64;
  readonly endian?: "little" | "big";
  /** e_type: 2 executable, 3 shared. */
  readonly type?: number;
  /** e_machine; 62 is x86_64. */
  readonly machine?: number;
  readonly soname?: string;
  readonly needed?: readonly string[];
  readonly runpath?: string;
  readonly rpath?: string;
  readonly interpreter?: string;
  readonly buildId?: Uint8Array;
  readonly relr?: boolean;
  /** Extra sections by name with their bytes. */
  readonly sections?: Readonly<Record<string, Uint8Array>>;
}

class Fields {
  readonly parts: Uint8Array[] = [];
  readonly wide: boolean;
  readonly little: boolean;

  constructor(wide: boolean, little: boolean) {
    this.wide = wide;
    this.little = little;
  }

  u16(value: number): this {
    const bytes = new Uint8Array(2);
    new DataView(bytes.buffer).setUint16(0, value, this.little);
    this.parts.push(bytes);
    return this;
  }

  u32(value: number): this {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setUint32(0, value, this.little);
    this.parts.push(bytes);
    return this;
  }

  word(value: number): this {
    if (!this.wide) return this.u32(value);
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setBigUint64(0, BigInt(value), this.little);
    this.parts.push(bytes);
    return this;
  }

  raw(bytes: Uint8Array): this {
    this.parts.push(bytes);
    return this;
  }

  done(): Uint8Array {
    return concat(this.parts);
  }
}

/** A table of NUL-terminated texts that gives each an offset. */
class Strings {
  #bytes = new Uint8Array(1);

  add(text: string): number {
    const at = this.#bytes.byteLength;
    this.#bytes = new Uint8Array(concat([this.#bytes, utf8(`${text}\0`)]));
    return at;
  }

  get bytes(): Uint8Array {
    return this.#bytes;
  }
}

interface Piece {
  readonly name: string;
  readonly type: number;
  readonly bytes: Uint8Array;
  offset: number;
}

/** The bytes of an ELF file with one PT_LOAD over everything at address 0, so addresses equal offsets. */
export function elfSample(sample: ElfSample = {}): Uint8Array {
  const wide = (sample.bits ?? 64) === 64;
  const little = (sample.endian ?? "little") === "little";
  const fields = () => new Fields(wide, little);
  const dynstr = new Strings();
  const tags: [number, number][] = [];
  for (const name of sample.needed ?? []) tags.push([1, dynstr.add(name)]);
  if (sample.soname !== undefined) tags.push([14, dynstr.add(sample.soname)]);
  if (sample.rpath !== undefined) tags.push([15, dynstr.add(sample.rpath)]);
  if (sample.runpath !== undefined) tags.push([29, dynstr.add(sample.runpath)]);
  if (sample.relr === true) tags.push([36, 0]);

  const pieces: Piece[] = [];
  const put = (name: string, type: number, bytes: Uint8Array): Piece => {
    const piece = { name, type, bytes, offset: 0 };
    pieces.push(piece);
    return piece;
  };
  const interp = sample.interpreter === undefined ? undefined : put(".interp", 1, utf8(`${sample.interpreter}\0`));
  const note =
    sample.buildId === undefined
      ? undefined
      : put(
          ".note.gnu.build-id",
          7,
          fields().u32(4).u32(sample.buildId.byteLength).u32(3).raw(utf8("GNU\0")).raw(sample.buildId).done(),
        );
  const strings = put(".dynstr", 3, dynstr.bytes);
  const dynamicSize = (tags.length + 3) * (wide ? 16 : 8);
  const dynamic = tags.length === 0 ? undefined : put(".dynamic", 6, new Uint8Array(dynamicSize));
  for (const [name, bytes] of Object.entries(sample.sections ?? {})) put(name, name === ".symtab" ? 2 : 1, bytes);

  const names = new Strings();
  const nameAt = new Map(pieces.map((piece) => [piece, names.add(piece.name)]));
  const namesName = names.add(".shstrtab");
  const segments = [1, ...(interp ? [3] : []), ...(dynamic ? [2] : []), ...(note ? [4] : [])];
  const header = wide ? 64 : 52;
  const segmentSize = wide ? 56 : 32;
  let at = header + segments.length * segmentSize;
  for (const piece of pieces) {
    at = (at + 7) & ~7;
    piece.offset = at;
    at += piece.bytes.byteLength;
  }
  const namesOffset = at;
  const table = (namesOffset + names.bytes.byteLength + 7) & ~7;
  const sectionSize = wide ? 64 : 40;
  const total = table + (pieces.length + 2) * sectionSize;

  const out = new Uint8Array(total);
  const ident = Uint8Array.from([0x7f, 0x45, 0x4c, 0x46, wide ? 2 : 1, little ? 1 : 2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
  out.set(
    fields()
      .raw(ident)
      .u16(sample.type ?? 3)
      .u16(sample.machine ?? 62)
      .u32(1)
      .word(0)
      .word(header)
      .word(table)
      .u32(0)
      .u16(header)
      .u16(segmentSize)
      .u16(segments.length)
      .u16(sectionSize)
      .u16(pieces.length + 2)
      .u16(pieces.length + 1)
      .done(),
  );
  const segment = (type: number, offset: number, size: number): Uint8Array =>
    wide
      ? fields().u32(type).u32(4).word(offset).word(offset).word(offset).word(size).word(size).word(8).done()
      : fields().u32(type).word(offset).word(offset).word(offset).word(size).word(size).u32(4).word(8).done();
  segments.forEach((type, i) => {
    const piece = type === 3 ? interp : type === 2 ? dynamic : type === 4 ? note : undefined;
    const bytes = piece ? segment(type, piece.offset, piece.bytes.byteLength) : segment(type, 0, total);
    out.set(bytes, header + i * segmentSize);
  });
  if (dynamic !== undefined) {
    const entries = fields();
    for (const [tag, value] of tags) entries.word(tag).word(value);
    entries.word(5).word(strings.offset).word(10).word(strings.bytes.byteLength).word(0).word(0);
    dynamic.bytes.set(entries.done());
  }
  const section = (name: number, type: number, offset: number, size: number): Uint8Array =>
    fields().u32(name).u32(type).word(0).word(offset).word(offset).word(size).u32(0).u32(0).word(1).word(0).done();
  pieces.forEach((piece, i) => {
    out.set(piece.bytes, piece.offset);
    const bytes = section(nameAt.get(piece) ?? 0, piece.type, piece.offset, piece.bytes.byteLength);
    out.set(bytes, table + (i + 1) * sectionSize);
  });
  out.set(names.bytes, namesOffset);
  out.set(section(namesName, 3, namesOffset, names.bytes.byteLength), table + (pieces.length + 1) * sectionSize);
  return out;
}
