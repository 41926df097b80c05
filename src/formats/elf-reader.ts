// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * Bounded reads of an ELF file: pages are fetched as they are needed, fields are read in the file's own class and byte
 * order, and every offset is checked against the size of the file, so no field of a hostile file can cost memory.
 */
import { fromUtf8 } from "#base/bytes";
import { Failure } from "#base/errors";
import type { ReadAt } from "#formats/read-at";

const PAGE = 8192;
const PAGES_KEPT = 32;
const TEXT_LIMIT = 4096;
/** All texts of one file together: a hostile file lets each of its many tables name the same long one. */
const TEXTS_LIMIT = 64 * 1024 * 1024;

/** An unexpected shape of an ELF file: `Cannot read the ELF file: <found>`. */
export function elfFailure(found: string): Failure {
  return new Failure("format.invalid", `Cannot read the ELF file: ${found}`);
}

/** Fields of one ELF file. `wide` is the 64-bit class. */
export class ElfReader {
  readonly size: number;
  readonly #readAt: ReadAt;
  readonly #pages = new Map<number, DataView>();
  /** 64-bit class; set once the identification has been read. */
  wide = true;
  little = true;
  #textsLeft = TEXTS_LIMIT;

  constructor(readAt: ReadAt, size: number) {
    this.#readAt = readAt;
    this.size = size;
  }

  #page(index: number): DataView {
    const kept = this.#pages.get(index);
    if (kept !== undefined) return kept;
    const start = index * PAGE;
    const want = Math.min(PAGE, this.size - start);
    const bytes = this.#readAt(start, want);
    if (bytes.byteLength < want)
      throw elfFailure(`it ends at ${start + bytes.byteLength}, expected ${this.size} bytes`);
    if (this.#pages.size >= PAGES_KEPT) {
      const [oldest] = this.#pages.keys();
      if (oldest !== undefined) this.#pages.delete(oldest);
    }
    const copy = bytes.slice(0, want);
    const view = new DataView(copy.buffer, copy.byteOffset, copy.byteLength);
    this.#pages.set(index, view);
    return view;
  }

  /** Throws `format.invalid` unless `length` bytes at `offset` lie within the file. */
  requireRange(offset: number, length: number, what: string): void {
    if (!Number.isSafeInteger(offset) || !Number.isSafeInteger(length) || offset < 0 || length < 0) {
      throw elfFailure(`${what} has an impossible place`);
    }
    if (offset + length > this.size) {
      throw elfFailure(`${what} ends at ${offset + length}, expected at most ${this.size}`);
    }
  }

  /** A copy of bytes. The caller bounds `length`; the range is checked against the file before memory is reserved. */
  bytes(offset: number, length: number, what: string): Uint8Array {
    this.requireRange(offset, length, what);
    const out = new Uint8Array(length);
    let done = 0;
    while (done < length) {
      const at = offset + done;
      const view = this.#page(Math.floor(at / PAGE));
      const from = at % PAGE;
      const take = Math.min(length - done, view.byteLength - from);
      out.set(new Uint8Array(view.buffer, view.byteOffset + from, take), done);
      done += take;
    }
    return out;
  }

  #small(offset: number, length: number): { view: DataView; at: number } {
    this.requireRange(offset, length, "a field");
    const from = offset % PAGE;
    if (from + length <= PAGE) return { view: this.#page(Math.floor(offset / PAGE)), at: from };
    const copy = this.bytes(offset, length, "a field");
    return { view: new DataView(copy.buffer), at: 0 };
  }

  u8(offset: number): number {
    const { view, at } = this.#small(offset, 1);
    return view.getUint8(at);
  }

  u16(offset: number): number {
    const { view, at } = this.#small(offset, 2);
    return view.getUint16(at, this.little);
  }

  u32(offset: number): number {
    const { view, at } = this.#small(offset, 4);
    return view.getUint32(at, this.little);
  }

  /** A 64-bit field; a value above 2^53 becomes the nearest double, which no range check lets pass. */
  u64(offset: number): number {
    const { view, at } = this.#small(offset, 8);
    const a = view.getUint32(at, this.little);
    const b = view.getUint32(at + 4, this.little);
    return this.little ? b * 2 ** 32 + a : a * 2 ** 32 + b;
  }

  /** An address, offset or size: 8 bytes in the 64-bit class, else 4. */
  word(offset: number): number {
    return this.wide ? this.u64(offset) : this.u32(offset);
  }

  /** The NUL-terminated UTF-8 text at `offset`, which must end before `limit` and within 4096 bytes. */
  text(offset: number, limit: number, what: string): string {
    const end = Math.min(limit, this.size, offset + TEXT_LIMIT);
    if (!(offset >= 0 && offset < end)) throw elfFailure(`${what} lies outside its table`);
    const parts: number[] = [];
    for (let at = offset; at < end; at++) {
      const byte = this.u8(at);
      if (byte === 0) {
        this.#textsLeft -= parts.length;
        if (this.#textsLeft < 0) throw elfFailure(`its names together are longer than ${TEXTS_LIMIT} bytes`);
        const text = fromUtf8(Uint8Array.from(parts));
        if (text === undefined) throw elfFailure(`${what} is not UTF-8`);
        return text;
      }
      parts.push(byte);
    }
    throw elfFailure(`${what} has no end`);
  }
}
