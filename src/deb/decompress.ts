// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Undoes the compression of a member of a .deb, by streaming; the member's name says which (deb(5)). */
import { describeError, Failure } from "#base/errors";
import { GzipDecoder } from "#sys/inflate";
import { XzDecoder } from "#sys/xz";
import { ZstdDecoder } from "#sys/zstd";

type Sink = (chunk: Uint8Array) => void;

interface Decoder extends Disposable {
  write(input: Uint8Array, sink: Sink): void;
  end(sink: Sink): void;
}

class Plain implements Decoder {
  write(input: Uint8Array, sink: Sink): void {
    sink(input);
  }
  end(): void {}
  [Symbol.dispose](): void {}
}

class Zstd implements Decoder {
  readonly #decoder = new ZstdDecoder();
  readonly #out = new Uint8Array(256 * 1024);
  #within = true;

  write(input: Uint8Array, sink: Sink): void {
    let at = 0;
    for (;;) {
      const step = this.#decoder.step(input.subarray(at), this.#out);
      at += step.read;
      this.#within = !step.done;
      if (step.written > 0) sink(this.#out.subarray(0, step.written));
      if (at === input.byteLength && step.written < this.#out.byteLength) return;
    }
  }

  end(): void {
    if (this.#within) throw new Error("zstd: the data ends too early");
  }

  [Symbol.dispose](): void {
    this.#decoder[Symbol.dispose]();
  }
}

const DECODERS: Readonly<Record<string, () => Decoder>> = {
  "": () => new Plain(),
  ".gz": () => new GzipDecoder(),
  ".xz": () => new XzDecoder(),
  ".zst": () => new Zstd(),
};

/**
 * Decompresses a member piece by piece.
 * @param suffix what the member's name has after `.tar`: nothing, `.gz`, `.xz` or `.zst`.
 * @param name what the file is called in error messages.
 * Failures that `sink` throws pass through; those of a decoder become `deb.invalid`.
 */
export function decompress(suffix: string, name: string, pieces: Iterable<Uint8Array>, sink: Sink): void {
  const make = DECODERS[suffix];
  if (make === undefined) {
    throw new Failure(
      "deb.invalid",
      `Cannot read "${name}": compressed as "${suffix}", expected .xz, .zst, .gz or none`,
    );
  }
  using decoder = make();
  try {
    for (const piece of pieces) decoder.write(piece, sink);
    decoder.end(sink);
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure("deb.invalid", `Cannot read "${name}": ${describeError(error)}`, { cause: error });
  }
}
