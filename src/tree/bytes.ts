// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Reading and writing of the compact binary forms of this program's database: varints, texts, digests. */

/** A buffer that grows as it is written. */
export class ByteWriter {
  #buffer: Buffer;
  #at = 0;

  constructor(size = 4096) {
    this.#buffer = Buffer.allocUnsafe(size);
  }

  get length(): number {
    return this.#at;
  }

  #room(bytes: number): void {
    if (this.#at + bytes <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, this.#at + bytes));
    this.#buffer.copy(larger, 0, 0, this.#at);
    this.#buffer = larger;
  }

  u8(value: number): this {
    this.#room(1);
    this.#buffer[this.#at++] = value;
    return this;
  }

  /** A whole number from 0 to 2^53-1, seven bits a byte, lowest first. */
  varint(value: number): this {
    this.#room(8);
    let rest = value;
    while (rest >= 0x80) {
      this.#buffer[this.#at++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.#buffer[this.#at++] = rest;
    return this;
  }

  /** The bytes of a text, with their number before them. */
  text(value: string): this {
    const size = Buffer.byteLength(value);
    this.varint(size);
    this.#room(size);
    this.#at += this.#buffer.write(value, this.#at, size);
    return this;
  }

  /** The bytes of a hexadecimal text, without their length. */
  hex(value: string): this {
    const size = value.length / 2;
    this.#room(size);
    this.#at += this.#buffer.write(value, this.#at, size, "hex");
    return this;
  }

  raw(bytes: Uint8Array): this {
    this.#room(bytes.byteLength);
    this.#buffer.set(bytes, this.#at);
    this.#at += bytes.byteLength;
    return this;
  }

  /** What was written from `from` on, without a copy; valid until the next write. */
  view(from = 0): Uint8Array {
    return this.#buffer.subarray(from, this.#at);
  }

  /** A copy of all that was written. */
  bytes(): Uint8Array {
    return new Uint8Array(this.#buffer.subarray(0, this.#at));
  }

  reset(): this {
    this.#at = 0;
    return this;
  }
}

/** Reads what ByteWriter wrote. Throws RangeError past the end: the bytes are from a torn database. */
export class ByteReader {
  readonly #buffer: Buffer;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get done(): boolean {
    return this.#at >= this.#buffer.length;
  }

  #take(bytes: number): number {
    const from = this.#at;
    if (from + bytes > this.#buffer.length) throw new RangeError("the record ends too early");
    this.#at = from + bytes;
    return from;
  }

  u8(): number {
    return this.#buffer[this.#take(1)] ?? 0;
  }

  varint(): number {
    let value = 0;
    let scale = 1;
    for (;;) {
      const byte = this.u8();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) break;
      scale *= 0x80;
      if (scale > 2 ** 49) throw new RangeError("the record holds a number above 2^53");
    }
    return value;
  }

  text(): string {
    const size = this.varint();
    const from = this.#take(size);
    return this.#buffer.toString("utf8", from, from + size);
  }

  hex(bytes: number): string {
    const from = this.#take(bytes);
    return this.#buffer.toString("hex", from, from + bytes);
  }

  raw(bytes: number): Uint8Array {
    const from = this.#take(bytes);
    return new Uint8Array(this.#buffer.subarray(from, from + bytes));
  }
}
