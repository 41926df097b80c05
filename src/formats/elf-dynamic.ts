// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** The dynamic section of an ELF file: what the loader is told. */
import { type ElfReader, elfFailure } from "#formats/elf-reader";
import { PT_DYNAMIC, PT_LOAD, type Segment } from "#formats/elf-tables";

const ENTRY_LIMIT = 1 << 16;
const VERSION_LIMIT = 1 << 16;

/** Versions of one library's symbols that a file was linked against, `GLIBC_2.34` of `libc.so.6`. */
export interface VersionNeed {
  readonly library: string;
  readonly versions: readonly string[];
}

export interface ElfDynamic {
  readonly soname: string | undefined;
  /** DT_NEEDED in file order. */
  readonly needed: readonly string[];
  /** DT_RPATH and DT_RUNPATH, split at colons, empty parts left out, `$ORIGIN` as it stands. */
  readonly rpath: readonly string[];
  readonly runpath: readonly string[];
  readonly versionsNeeded: readonly VersionNeed[];
  /** Versions that the file itself defines, without its own base version. */
  readonly versionsDefined: readonly string[];
  /** Relative relocations in the compact form (DT_RELR). */
  readonly relr: boolean;
  /** A program that loads anywhere (DF_1_PIE). */
  readonly pie: boolean;
}

const DT = {
  needed: 1,
  strtab: 5,
  strsz: 10,
  soname: 14,
  rpath: 15,
  runpath: 29,
  relr: 36,
  flags1: 0x6ffffffb,
  verdef: 0x6ffffffc,
  verdefnum: 0x6ffffffd,
  verneed: 0x6ffffffe,
  verneednum: 0x6fffffff,
} as const;

const DF_1_PIE = 0x08000000;
const VER_FLG_BASE = 1;

/** The file offset of an address of the loaded image. */
function offsetOf(segments: readonly Segment[], address: number): number {
  for (const s of segments) {
    if (s.type === PT_LOAD && address >= s.address && address < s.address + s.fileSize) {
      return s.offset + (address - s.address);
    }
  }
  throw elfFailure(`no segment holds the address 0x${address.toString(16)}`);
}

/** Reads the dynamic section through the program headers; undefined where the file has none. Throws `format.invalid`. */
export function readDynamic(reader: ElfReader, segments: readonly Segment[]): ElfDynamic | undefined {
  const segment = segments.find((s) => s.type === PT_DYNAMIC);
  if (segment === undefined || segment.fileSize === 0) return undefined;
  const entry = reader.wide ? 16 : 8;
  const count = Math.floor(segment.fileSize / entry);
  if (count > ENTRY_LIMIT) throw elfFailure(`${count} dynamic entries, expected at most ${ENTRY_LIMIT}`);
  reader.requireRange(segment.offset, count * entry, "the dynamic section");
  const single = new Map<number, number>();
  const neededAt: number[] = [];
  for (let i = 0; i < count; i++) {
    const at = segment.offset + i * entry;
    const tag = reader.word(at);
    if (tag === 0) break;
    const value = reader.word(at + entry / 2);
    if (tag === DT.needed) neededAt.push(value);
    else if (!single.has(tag)) single.set(tag, value);
  }
  const table = single.get(DT.strtab);
  const strings = table === undefined ? undefined : offsetOf(segments, table);
  const end = strings === undefined ? 0 : strings + (single.get(DT.strsz) ?? 0);
  if (strings !== undefined) reader.requireRange(strings, end - strings, "the dynamic string table");
  const text = (at: number): string => {
    if (strings === undefined) throw elfFailure("a dynamic entry names a text, but there is no string table");
    return reader.text(strings + at, end, "a dynamic string");
  };
  const textOf = (tag: number): string | undefined => {
    const at = single.get(tag);
    return at === undefined ? undefined : text(at);
  };
  const paths = (tag: number): string[] => (textOf(tag) ?? "").split(":").filter((part) => part !== "");
  const soname = textOf(DT.soname);
  const place = (tag: number): number | undefined => {
    const address = single.get(tag);
    return address === undefined ? undefined : offsetOf(segments, address);
  };
  return {
    soname: soname === "" ? undefined : soname,
    needed: neededAt.map(text).filter((name) => name !== ""),
    rpath: paths(DT.rpath),
    runpath: paths(DT.runpath),
    versionsNeeded: readVersionsNeeded(reader, place(DT.verneed), single.get(DT.verneednum) ?? 0, text),
    versionsDefined: readVersionsDefined(reader, place(DT.verdef), single.get(DT.verdefnum) ?? 0, text),
    relr: single.has(DT.relr),
    pie: ((single.get(DT.flags1) ?? 0) & DF_1_PIE) !== 0,
  };
}

/** Counts what is walked over linked records, so that a ring of them ends. */
class Budget {
  #left = VERSION_LIMIT;

  spend(): void {
    if (--this.#left < 0) throw elfFailure(`more than ${VERSION_LIMIT} symbol versions`);
  }
}

function readVersionsNeeded(
  reader: ElfReader,
  start: number | undefined,
  count: number,
  text: (at: number) => string,
): VersionNeed[] {
  if (start === undefined) return [];
  const needs: VersionNeed[] = [];
  const budget = new Budget();
  let at = start;
  for (let i = 0; i < count; i++) {
    budget.spend();
    const versions: string[] = [];
    const auxiliaries = reader.u16(at + 2);
    let aux = at + reader.u32(at + 8);
    for (let j = 0; j < auxiliaries; j++) {
      budget.spend();
      versions.push(text(reader.u32(aux + 8)));
      const step = reader.u32(aux + 12);
      if (step === 0) break;
      aux += step;
    }
    needs.push({ library: text(reader.u32(at + 4)), versions });
    const step = reader.u32(at + 12);
    if (step === 0) break;
    at += step;
  }
  return needs;
}

function readVersionsDefined(
  reader: ElfReader,
  start: number | undefined,
  count: number,
  text: (at: number) => string,
): string[] {
  if (start === undefined) return [];
  const names: string[] = [];
  const budget = new Budget();
  let at = start;
  for (let i = 0; i < count; i++) {
    budget.spend();
    const base = (reader.u16(at + 2) & VER_FLG_BASE) !== 0;
    // Only the first name is the version itself; those after it are the versions it inherits from.
    if (!base && reader.u16(at + 6) > 0) names.push(text(reader.u32(at + reader.u32(at + 12))));
    const step = reader.u32(at + 16);
    if (step === 0) break;
    at += step;
  }
  return names;
}
