// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** The fields of a tar header block: numbers, texts, the checksum, and PAX records. */

/** Bytes of a text field up to its first NUL. */
export function textField(field: Uint8Array): Uint8Array {
  const end = field.indexOf(0);
  return end < 0 ? field : field.subarray(0, end);
}

/**
 * A number field: octal digits between blanks and NULs, or GNU's base 256 where the first bit is set.
 * Undefined where it is neither, or above 2^53.
 */
export function numberField(field: Uint8Array): number | undefined {
  const first = field[0] ?? 0;
  if ((first & 0x80) !== 0) {
    if (first !== 0x80) return undefined; // 0xff starts negative numbers: a time before 1970, or nonsense
    let value = 0;
    for (const byte of field.subarray(1)) value = value * 256 + byte;
    return Number.isSafeInteger(value) ? value : undefined;
  }
  const text = Buffer.from(textField(field)).toString("latin1").trim();
  if (text === "") return 0;
  return /^[0-7]{1,17}$/.test(text) ? Number.parseInt(text, 8) : undefined;
}

/** True where the recorded checksum is the sum of the 512 bytes, its own field counted as blanks. */
export function verifyChecksum(block: Uint8Array): boolean {
  const recorded = numberField(block.subarray(148, 156));
  let sum = 0;
  for (let i = 0; i < block.byteLength; i++) sum += i >= 148 && i < 156 ? 0x20 : (block[i] ?? 0);
  return recorded === sum;
}

/** The records `LENGTH KEY=VALUE\n` of a PAX header, or undefined where they are damaged. */
export function parsePax(bytes: Uint8Array): Map<string, Uint8Array> | undefined {
  const records = new Map<string, Uint8Array>();
  let at = 0;
  while (at < bytes.byteLength) {
    const space = bytes.indexOf(0x20, at);
    if (space < 0 || space - at > 10) return undefined;
    const digits = Buffer.from(bytes.subarray(at, space)).toString("latin1");
    const length = /^\d+$/.test(digits) ? Number(digits) : 0;
    const end = at + length;
    const equals = bytes.indexOf(0x3d, space);
    if (end > bytes.byteLength || equals < 0 || equals >= end || bytes[end - 1] !== 0x0a) return undefined;
    const key = Buffer.from(bytes.subarray(space + 1, equals)).toString("utf8");
    records.set(key, bytes.slice(equals + 1, end - 1));
    at = end;
  }
  return records;
}
