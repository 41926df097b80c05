// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Undoes the compression of a member of a .deb, by streaming; the member's name says which (deb(5)). */
import { describeError, Failure } from "#base/errors";
import { type ByteSink, type Compression, decoderOf } from "#formats/compression";

/** By what a member's name has after `.tar`. */
const SUFFIXES: ReadonlyMap<string, Compression | "none"> = new Map([
  ["", "none"],
  [".gz", "gzip"],
  [".xz", "xz"],
  [".zst", "zstd"],
]);

/**
 * Decompresses a member piece by piece.
 * @param suffix what the member's name has after `.tar`: nothing, `.gz`, `.xz` or `.zst`.
 * @param name what the file is called in error messages.
 * Failures that `sink` throws pass through; those of a decoder become `deb.invalid`.
 */
export function decompress(suffix: string, name: string, pieces: Iterable<Uint8Array>, sink: ByteSink): void {
  const compression = SUFFIXES.get(suffix);
  if (compression === undefined) {
    throw new Failure(
      "deb.invalid",
      `Cannot read "${name}": compressed as "${suffix}", expected .xz, .zst, .gz or none`,
    );
  }
  if (compression === "none") {
    for (const piece of pieces) sink(piece);
    return;
  }
  using decoder = decoderOf(compression);
  try {
    for (const piece of pieces) decoder.write(piece, sink);
    decoder.end(sink);
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure("deb.invalid", `Cannot read "${name}": ${describeError(error)}`, { cause: error });
  }
}
