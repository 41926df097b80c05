// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * A reader of ELF files (32 and 64 bit, both byte orders) for what packaging asks of them: machine, soname, needed
 * libraries, interpreter, search paths, build id, symbol versions, debug information. Format: the System V ABI (gABI)
 * with the GNU extensions for symbol versions, build ids and RELR.
 *
 * The file is read through `readAt`, a few pages of it, whatever its size.
 */
import { type ElfDynamic, readDynamic } from "#formats/elf-dynamic";
import { type ElfType, elfType, machineName } from "#formats/elf-names";
import { ElfReader, elfFailure } from "#formats/elf-reader";
import {
  buildIdOf,
  PT_INTERP,
  PT_NOTE,
  readSections,
  readSegments,
  type Section,
  type Segment,
  SHT_NOBITS,
  SHT_NOTE,
  SHT_SYMTAB,
} from "#formats/elf-tables";
import type { ReadAt } from "#formats/read-at";

export type { ElfDynamic, VersionNeed } from "#formats/elf-dynamic";
export type { ElfType } from "#formats/elf-names";
export type { Section } from "#formats/elf-tables";

export interface ElfFile {
  readonly bits: 32 | 64;
  readonly endian: "little" | "big";
  readonly type: ElfType;
  /** Lower-case name without prefix: `x86_64`, `386`, `aarch64`. */
  readonly machine: string;
  /** The program that loads this one (PT_INTERP), an absolute path. */
  readonly interpreter: string | undefined;
  /** Absent in static programs, objects and detached debug files. */
  readonly dynamic: ElfDynamic | undefined;
  /** Hexadecimal of the GNU build id, 2 to 64 bytes. */
  readonly buildId: string | undefined;
  /** True where the file holds debug information (`.debug_*` or `.zdebug_*` with bytes). */
  readonly debug: boolean;
  /** True where neither a symbol table nor debug information is left. */
  readonly stripped: boolean;
  readonly sections: readonly Section[];
  /** Offset behind the last segment, section and table: a file that is longer carries data of its own behind it. */
  readonly imageEnd: number;
}

/** True where the bytes begin as an ELF file does. */
export function isElf(start: Uint8Array): boolean {
  return start.byteLength >= 4 && start[0] === 0x7f && start[1] === 0x45 && start[2] === 0x4c && start[3] === 0x46;
}

function identify(reader: ElfReader): void {
  const bits = reader.u8(4);
  const order = reader.u8(5);
  if (bits !== 1 && bits !== 2) throw elfFailure(`class ${bits}, expected 1 (32 bit) or 2 (64 bit)`);
  if (order !== 1 && order !== 2) throw elfFailure(`byte order ${order}, expected 1 (little) or 2 (big)`);
  if (reader.u8(6) !== 1) throw elfFailure(`version ${reader.u8(6)}, expected 1`);
  reader.wide = bits === 2;
  reader.little = order === 1;
  reader.requireRange(0, reader.wide ? 64 : 52, "the header");
}

/** The offset behind everything that the headers speak of. */
function endOf(reader: ElfReader, segments: readonly Segment[], sections: readonly Section[]): number {
  const wide = reader.wide;
  const segmentsEnd = reader.word(wide ? 32 : 28) + reader.u16(wide ? 54 : 42) * segments.length;
  const sectionsEnd = reader.word(wide ? 40 : 32) + reader.u16(wide ? 58 : 46) * sections.length;
  let end = Math.max(segmentsEnd, sectionsEnd);
  for (const segment of segments) end = Math.max(end, segment.offset + segment.fileSize);
  for (const section of sections) if (hasBytes(section)) end = Math.max(end, section.offset + section.size);
  return end;
}

function hasBytes(section: Section): boolean {
  return section.type !== SHT_NOBITS && section.size > 0;
}

/**
 * Reads an ELF file of `size` bytes. Undefined where it does not begin as one; throws `format.invalid` where it begins
 * as one and does not go on so.
 */
export function parseElf(readAt: ReadAt, size: number): ElfFile | undefined {
  if (size < 16 || !isElf(readAt(0, 4))) return undefined;
  const reader = new ElfReader(readAt, size);
  identify(reader);
  const segments = readSegments(reader);
  const sections = readSections(reader);
  const debug = sections.some((s) => hasBytes(s) && (s.name.startsWith(".debug_") || s.name.startsWith(".zdebug_")));
  // A detached debug file keeps the program headers but not the bytes that they speak of.
  const detached = sections.some((s) => s.name === ".dynstr" && s.type === SHT_NOBITS);
  const interp = detached ? undefined : segments.find((s) => s.type === PT_INTERP);
  const notes =
    sections.length > 0
      ? sections.filter((s) => s.type === SHT_NOTE)
      : segments.filter((s) => s.type === PT_NOTE).map(({ offset, fileSize: size }) => ({ offset, size }));
  return {
    bits: reader.wide ? 64 : 32,
    endian: reader.little ? "little" : "big",
    type: elfType(reader.u16(16)),
    machine: machineName(reader.u16(18)),
    interpreter:
      interp === undefined || interp.fileSize === 0
        ? undefined
        : reader.text(interp.offset, interp.offset + interp.fileSize, "the interpreter"),
    dynamic: detached ? undefined : readDynamic(reader, segments),
    buildId: buildIdOf(reader, notes),
    debug,
    stripped: !debug && !sections.some((s) => s.type === SHT_SYMTAB && s.size > 0),
    sections,
    imageEnd: endOf(reader, segments, sections),
  };
}

/** The bytes of a section of at most `limit` bytes; undefined where it is missing, empty, larger or outside the file. */
export function readSection(
  elf: ElfFile,
  readAt: ReadAt,
  size: number,
  name: string,
  limit: number,
): Uint8Array | undefined {
  const section = elf.sections.find((s) => s.name === name && hasBytes(s));
  if (section === undefined || section.size > limit || section.offset + section.size > size) return undefined;
  const bytes = readAt(section.offset, section.size);
  return bytes.byteLength === section.size ? bytes.slice() : undefined;
}
