// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** The uncompressed bytes of an archive, as a file: some projects sign those, and not what is fetched. */
import { closeSync, openSync, readSync, writeSync } from "node:fs";
import { setImmediate } from "node:timers/promises";
import { describeError, errnoCode, Failure } from "#base/errors";
import { type Compression, decoderOf, FORM_BYTES, fileForm } from "#formats/compression";

const MAX_BYTES = 64 * 1024 ** 3;
/** Compressed bytes at a time: they may become ten thousand times as many, and nothing else has a turn meanwhile. */
const CHUNK = 1 << 14;

/** How a file is compressed; undefined where it is not. */
export function compressionOf(file: string): Compression | undefined {
  const handle = openSync(file, "r");
  try {
    const head = new Uint8Array(FORM_BYTES);
    const form = fileForm(head.subarray(0, readSync(handle, head, 0, FORM_BYTES, 0)));
    return form === "gzip" || form === "xz" || form === "zstd" || form === "bzip2" ? form : undefined;
  } finally {
    closeSync(handle);
  }
}

/**
 * Writes the uncompressed bytes of `file` to `path`. Throws `format.invalid` where it is broken, `upstream.unsafe` where it
 * becomes more than 64 GiB, `disk.full`, and the reason of `signal`. `name` is what messages call it.
 */
export async function writePlain(
  file: string,
  compression: Compression,
  path: string,
  name: string,
  signal?: AbortSignal,
): Promise<void> {
  const from = openSync(file, "r");
  const to = openSync(path, "w", 0o600);
  try {
    using decoder = decoderOf(compression);
    let total = 0;
    const sink = (chunk: Uint8Array): void => {
      total += chunk.byteLength;
      if (total > MAX_BYTES) {
        throw new Failure("upstream.unsafe", `Cannot unpack "${name}": more than ${MAX_BYTES} bytes, expected fewer`);
      }
      for (let at = 0; at < chunk.byteLength; ) at += writeSync(to, chunk, at);
    };
    const buffer = new Uint8Array(CHUNK);
    for (let count = readSync(from, buffer); count > 0; count = readSync(from, buffer)) {
      decoder.write(buffer.subarray(0, count), sink);
      await setImmediate();
      signal?.throwIfAborted();
    }
    decoder.end(sink);
  } catch (error) {
    if (error instanceof Failure || signal?.aborted === true) throw error;
    const full = errnoCode(error) === "ENOSPC" || errnoCode(error) === "EDQUOT";
    throw new Failure(full ? "disk.full" : "format.invalid", `Cannot unpack "${name}": ${describeError(error)}`, {
      cause: error,
    });
  } finally {
    closeSync(to);
    closeSync(from);
  }
}
