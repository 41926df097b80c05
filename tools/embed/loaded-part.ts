// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * An ELF library without what the loader does not look at: debug information, symbol tables for linkers, the table of
 * sections. The loader reads the program headers only (ELF specification, "Program Loading"), and nothing of theirs
 * lies behind the last loaded byte.
 */
import { readFileSync } from "node:fs";

const PROGRAM_HEADERS = 32;
const SECTION_HEADERS = 40;
const PROGRAM_HEADER_SIZE = 54;
const PROGRAM_HEADER_COUNT = 56;
const SECTION_HEADER_COUNT = 60;
const LOAD = 1;

/** The loaded part of a 64-bit little-endian library. */
export function loadedPart(path: string): Buffer {
  const file = readFileSync(path);
  if (file.readUInt32BE(0) !== 0x7f454c46 || file[4] !== 2 || file[5] !== 1) {
    throw new Error(`${path} is no 64-bit little-endian ELF file`);
  }
  const table = Number(file.readBigUInt64LE(PROGRAM_HEADERS));
  const size = file.readUInt16LE(PROGRAM_HEADER_SIZE);
  const count = file.readUInt16LE(PROGRAM_HEADER_COUNT);
  let end = table + size * count;
  for (let i = 0; i < count; i++) {
    const header = table + i * size;
    if (file.readUInt32LE(header) !== LOAD) continue;
    end = Math.max(end, Number(file.readBigUInt64LE(header + 8) + file.readBigUInt64LE(header + 32)));
  }
  const part = Buffer.from(file.subarray(0, end));
  part.writeBigUInt64LE(0n, SECTION_HEADERS);
  // Count of sections, and the index of the one with their names.
  part.writeUInt32LE(0, SECTION_HEADER_COUNT);
  return part;
}
