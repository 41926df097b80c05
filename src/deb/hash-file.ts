// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** SHA-256 of files. */
import { closeSync, openSync, readSync } from "node:fs";
import { Sha256 } from "#sys/sha256";

/** SHA-256 of a file as 64 lower-case hexadecimal digits. */
export function hashFile(path: string): string {
  const fd = openSync(path, "r");
  try {
    const hash = new Sha256();
    const buffer = new Uint8Array(1024 * 1024);
    for (;;) {
      const read = readSync(fd, buffer);
      if (read === 0) return hash.hex();
      hash.update(buffer.subarray(0, read));
    }
  } finally {
    closeSync(fd);
  }
}
