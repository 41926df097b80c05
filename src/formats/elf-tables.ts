// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** The tables of an ELF file: program headers (segments), section headers, and notes. */
import { fromUtf8, hex } from "#base/bytes";
import { type ElfReader, elfFailure } from "#formats/elf-reader";

/** Program headers are few in real files; the extended count (PN_XNUM) is for core dumps and is not followed. */
const SEGMENT_LIMIT = 4096;
/** Kernel modules and -ffunction-sections objects have tens of thousands of sections. */
const SECTION_LIMIT = 1 << 18;
const NOTE_LIMIT = 1 << 16;
/** All notes of one file together: many sections may name the same bytes. */
const NOTES_LIMIT = 1 << 20;

export interface Segment {
  readonly type: number;
  readonly offset: number;
  readonly address: number;
  readonly fileSize: number;
}

export interface Section {
  readonly name: string;
  readonly type: number;
  readonly flags: number;
  readonly address: number;
  readonly offset: number;
  readonly size: number;
  readonly link: number;
}

export const PT_LOAD = 1;
export const PT_DYNAMIC = 2;
export const PT_INTERP = 3;
export const PT_NOTE = 4;
export const SHT_SYMTAB = 2;
export const SHT_NOTE = 7;
export const SHT_NOBITS = 8;

/** Reads the program headers. Throws `format.invalid`. */
export function readSegments(reader: ElfReader): Segment[] {
  const { wide } = reader;
  const table = reader.word(wide ? 32 : 28);
  const entry = reader.u16(wide ? 54 : 42);
  const count = reader.u16(wide ? 56 : 44);
  if (table === 0 || count === 0 || count === 0xffff) return [];
  if (count > SEGMENT_LIMIT) throw elfFailure(`${count} program headers, expected at most ${SEGMENT_LIMIT}`);
  if (entry < (wide ? 56 : 32)) throw elfFailure(`program headers of ${entry} bytes`);
  reader.requireRange(table, count * entry, "the table of program headers");
  const segments: Segment[] = [];
  for (let i = 0; i < count; i++) {
    const at = table + i * entry;
    segments.push({
      type: reader.u32(at),
      offset: reader.word(at + (wide ? 8 : 4)),
      address: reader.word(at + (wide ? 16 : 8)),
      fileSize: reader.word(at + (wide ? 32 : 16)),
    });
  }
  return segments;
}

/**
 * Reads the section headers with their names. Counts beyond 16 bits stand in the first header, as the ABI has it.
 * Throws `format.invalid`.
 */
export function readSections(reader: ElfReader): Section[] {
  const { wide } = reader;
  const table = reader.word(wide ? 40 : 32);
  if (table === 0) return [];
  const entry = reader.u16(wide ? 58 : 46);
  if (entry < (wide ? 64 : 40)) throw elfFailure(`section headers of ${entry} bytes`);
  reader.requireRange(table, entry, "the table of section headers");
  const sizeAt = wide ? 32 : 20;
  const linkAt = wide ? 40 : 24;
  const count = reader.u16(wide ? 60 : 48) || reader.word(table + sizeAt);
  const namesField = reader.u16(wide ? 62 : 50);
  const namesIndex = namesField === 0xffff ? reader.u32(table + linkAt) : namesField;
  if (count > SECTION_LIMIT) throw elfFailure(`${count} sections, expected at most ${SECTION_LIMIT}`);
  reader.requireRange(table, count * entry, "the table of section headers");
  const offsetAt = wide ? 24 : 16;
  let names: { start: number; end: number } | undefined;
  if (namesIndex !== 0) {
    if (namesIndex >= count) throw elfFailure("the section of section names does not exist");
    const start = reader.word(table + namesIndex * entry + offsetAt);
    const length = reader.word(table + namesIndex * entry + sizeAt);
    reader.requireRange(start, length, "the table of section names");
    names = { start, end: start + length };
  }
  const sections: Section[] = [];
  for (let i = 0; i < count; i++) {
    const at = table + i * entry;
    const name = reader.u32(at);
    sections.push({
      name: names === undefined || i === 0 ? "" : reader.text(names.start + name, names.end, "the name of a section"),
      type: reader.u32(at + 4),
      flags: reader.word(at + 8),
      address: reader.word(at + (wide ? 16 : 12)),
      offset: reader.word(at + offsetAt),
      size: reader.word(at + sizeAt),
      link: reader.u32(at + linkAt),
    });
  }
  return sections;
}

/** The build id of the first of these ranges that has one, in hexadecimal. Throws `format.invalid`. */
export function buildIdOf(
  reader: ElfReader,
  ranges: Iterable<{ readonly offset: number; readonly size: number }>,
): string | undefined {
  let left = NOTES_LIMIT;
  for (const { offset, size } of ranges) {
    left -= size;
    if (left < 0) return undefined;
    const found = findBuildId(reader, offset, size);
    if (found !== undefined) return found;
  }
  return undefined;
}

/**
 * The build identifier in a range of notes, in hexadecimal, or undefined. A note: name size, descriptor size, type, then
 * name and descriptor, each padded to 4 bytes; GNU's type 3 is the build id.
 */
function findBuildId(reader: ElfReader, offset: number, size: number): string | undefined {
  if (size > NOTE_LIMIT) return undefined;
  reader.requireRange(offset, size, "a table of notes");
  const end = offset + size;
  let at = offset;
  while (at + 12 <= end) {
    const nameSize = reader.u32(at);
    const dataSize = reader.u32(at + 4);
    const type = reader.u32(at + 8);
    const data = at + 12 + ((nameSize + 3) & ~3);
    if (nameSize > NOTE_LIMIT || dataSize > NOTE_LIMIT || data + dataSize > end) return undefined;
    if (type === 3 && nameSize === 4 && fromUtf8(reader.bytes(at + 12, 4, "a note")) === "GNU\0" && dataSize > 0) {
      // A build id names a file: xx/yyyy. One byte could not be split, and more than 64 nobody makes.
      return dataSize >= 2 && dataSize <= 64 ? hex(reader.bytes(data, dataSize, "the build id")) : undefined;
    }
    at = data + ((dataSize + 3) & ~3);
  }
  return undefined;
}
