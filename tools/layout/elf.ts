// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * The pages of an executable in the order in which they are needed. A start touches some 4,000 of the runtime's 26,000 pages,
 * scattered over all of them, and for each the kernel reads two megabytes around it: nearly the whole file comes from the
 * disk. Here the pages that starts touch stand together at the front of the file, so that little else is read.
 *
 * Nothing changes where the program sees it: every page keeps its address; only its place in the file is another, which is
 * what program headers are for (ELF specification, "Program Loading"). Each run of pages gets a header of its own. The
 * table of sections, which only linkers and debuggers read, is left out.
 */

export const PAGE = 4096;
const HEADER = 64;
const ENTRY = 56;
const WRITABLE = 2;
const READABLE = 4;
/** The kernel takes no longer table of program headers. */
const MOST_ENTRIES = Math.floor(65536 / ENTRY);
/** The first address that a user's program may use (vm.mmap_min_addr). */
const LOWEST_ADDRESS = 65536;

const Type = { load: 1, note: 4, table: 6 } as const;

/** Pages of a file: `first`, counted from 0, and those behind it, `count` in all. */
export interface Run {
  readonly first: number;
  readonly count: number;
}

export interface Segment {
  readonly type: number;
  readonly flags: number;
  readonly offset: number;
  readonly address: number;
  readonly fileSize: number;
  readonly memorySize: number;
  readonly align: number;
}

/** A part of a segment that stays in one piece. `rank` says when it is needed: what is low comes first. */
interface Piece extends Segment {
  readonly rank: number;
}

/** Program headers of a 64-bit little-endian ELF file. Throws where it is none. */
export function segmentsOf(file: Buffer): Segment[] {
  if (file.readUInt32BE(0) !== 0x7f454c46 || file[4] !== 2 || file[5] !== 1) {
    throw new Error("no 64-bit little-endian ELF file");
  }
  const table = Number(file.readBigUInt64LE(32));
  const size = file.readUInt16LE(54);
  return Array.from({ length: file.readUInt16LE(56) }, (_, i) => {
    const at = table + i * size;
    const wide = (offset: number) => Number(file.readBigUInt64LE(at + offset));
    return {
      type: file.readUInt32LE(at),
      flags: file.readUInt32LE(at + 4),
      offset: wide(8),
      address: wide(16),
      fileSize: wide(32),
      memorySize: wide(40),
      align: wide(48),
    };
  });
}

/** The linker's name for what it made, hexadecimal; undefined where it gave none. */
export function buildIdOf(file: Buffer): string | undefined {
  for (const { type, offset, fileSize } of segmentsOf(file)) {
    if (type !== Type.note) continue;
    for (let at = offset; at + 12 <= offset + fileSize; ) {
      const nameSize = Math.ceil(file.readUInt32LE(at) / 4) * 4;
      const size = file.readUInt32LE(at + 4);
      const body = at + 12 + nameSize;
      if (file.readUInt32LE(at + 8) === 3 && file.toString("latin1", at + 12, at + 16) === "GNU\0") {
        return file.toString("hex", body, body + size);
      }
      at = body + Math.ceil(size / 4) * 4;
    }
  }
  return undefined;
}

/** Whether a segment is loaded from the file and never written: what can be cut. */
export function isConstant({ type, flags, fileSize, memorySize }: Segment): boolean {
  return type === Type.load && (flags & WRITABLE) === 0 && fileSize === memorySize;
}

/** A segment cut at the borders of runs. */
function cut(segment: Segment, hot: readonly Run[]): Piece[] {
  const end = segment.offset + segment.fileSize;
  const pieces: Piece[] = [];
  let at = segment.offset;
  const take = (to: number, rank: number) => {
    if (to <= at) return;
    const address = segment.address + (at - segment.offset);
    pieces.push({ ...segment, offset: at, address, fileSize: to - at, memorySize: to - at, rank });
    at = to;
  };
  const inside = hot
    .map(({ first, count }, rank) => ({ start: first * PAGE, end: (first + count) * PAGE, rank }))
    .filter((run) => run.start < end && run.end > segment.offset)
    .toSorted((a, b) => a.start - b.start);
  for (const run of inside) {
    take(Math.min(run.start, end), hot.length + 1);
    take(Math.min(run.end, end), run.rank);
  }
  take(end, hot.length + 1);
  return pieces;
}

function writeTable(head: Buffer, table: readonly Segment[]): void {
  head.writeBigUInt64LE(BigInt(HEADER), 32);
  head.writeBigUInt64LE(0n, 40);
  head.writeUInt16LE(ENTRY, 54);
  head.writeUInt16LE(table.length, 56);
  // Count of sections, and the index of the one with their names.
  head.writeUInt32LE(0, 60);
  for (const [i, entry] of table.entries()) {
    const to = HEADER + i * ENTRY;
    head.writeUInt32LE(entry.type, to);
    head.writeUInt32LE(entry.flags, to + 4);
    // Virtual and physical addresses are the same.
    const { offset, address, fileSize, memorySize, align } = entry;
    for (const [j, value] of [offset, address, address, fileSize, memorySize, align].entries()) {
      head.writeBigUInt64LE(BigInt(value), to + 8 + j * 8);
    }
  }
}

/**
 * The executable with the pages of `hot` (none twice) at its front, in their order, then what can be written, then the rest.
 * Throws where it is none that this can be done to.
 */
export function layOut(file: Buffer, hot: readonly Run[]): Buffer {
  const segments = segmentsOf(file);
  const loads = segments.filter(({ type }) => type === Type.load);
  const pieces = loads.flatMap((load): Piece[] =>
    isConstant(load) ? cut(load, hot) : [{ ...load, rank: hot.length }],
  );
  const others = segments.filter(({ type }) => type !== Type.load && type !== Type.table);
  const count = pieces.length + others.length + 2;
  if (count > MOST_ENTRIES) throw new Error(`${count} program headers, at most ${MOST_ENTRIES} can be`);
  const size = Math.ceil((HEADER + count * ENTRY) / PAGE) * PAGE;
  const lowest = Math.min(...loads.map(({ address }) => address - (address % PAGE)));
  const start = lowest - size;
  if (start < LOWEST_ADDRESS) throw new Error("no room for program headers before the first segment");

  const head = Buffer.alloc(size);
  file.copy(head, 0, 0, HEADER);
  const parts = [head];
  let at = size;
  const placed = new Map<Piece, number>();
  for (const piece of pieces.toSorted((a, b) => a.rank - b.rank || a.address - b.address)) {
    // A page's place in the file and its address differ by whole pages.
    const lead = piece.offset % PAGE;
    placed.set(piece, at + lead);
    const pages = Buffer.alloc(Math.ceil((lead + piece.fileSize) / PAGE) * PAGE);
    file.copy(pages, lead, piece.offset, piece.offset + piece.fileSize);
    parts.push(pages);
    at += pages.byteLength;
  }
  const moved = (segment: Segment): Segment => {
    const { offset, fileSize } = segment;
    const home = pieces.find((piece) => offset >= piece.offset && offset + fileSize <= piece.offset + piece.fileSize);
    return home === undefined ? segment : { ...segment, offset: (placed.get(home) ?? 0) + offset - home.offset };
  };
  const own = { type: Type.load, flags: READABLE, offset: 0, address: start, align: PAGE };
  const bytes = count * ENTRY;
  writeTable(head, [
    { ...own, type: Type.table, offset: HEADER, address: start + HEADER, fileSize: bytes, memorySize: bytes, align: 8 },
    { ...own, fileSize: size, memorySize: size },
    ...pieces.map((piece) => ({ ...piece, offset: placed.get(piece) ?? 0 })),
    ...others.map(moved),
  ]);
  return Buffer.concat(parts);
}
