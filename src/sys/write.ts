// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Writing of whole pieces. */
import { writeSync } from "node:fs";

/** Writes all bytes at the position of the descriptor. Throws system errors such as ENOSPC. */
export function writeFully(fd: number, bytes: Uint8Array): void {
  let at = 0;
  while (at < bytes.byteLength) at += writeSync(fd, bytes, at);
}
