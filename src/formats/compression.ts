// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** What a file is by its first bytes, and streaming decoders for the compressions among them. */
import { Bzip2Decoder } from "#sys/bzip2";
import { GzipDecoder } from "#sys/inflate";
import { XzDecoder } from "#sys/xz";
import { ZstdDecoder } from "#sys/zstd";

export type Compression = "gzip" | "xz" | "zstd" | "bzip2";
export type FileForm = Compression | "zip" | "tar" | "7z" | "rpm" | "deb" | "lzip" | "other";

/** How many first bytes `fileForm` wants to see. */
export const FORM_BYTES = 512;

const MAGIC: readonly (readonly [FileForm, number, string])[] = [
  ["gzip", 0, "1f8b"],
  ["xz", 0, "fd377a585a00"],
  ["zstd", 0, "28b52ffd"],
  ["bzip2", 0, "425a68"],
  ["zip", 0, "504b0304"],
  ["zip", 0, "504b0506"],
  ["7z", 0, "377abcaf271c"],
  ["rpm", 0, "edabeedb"],
  ["deb", 0, "213c617263683e0a"],
  ["lzip", 0, "4c5a4950"],
  ["tar", 257, "7573746172"],
];

/** The form of a file, from its first bytes alone: names can lie. */
export function fileForm(head: Uint8Array): FileForm {
  const bytes = Buffer.from(head.buffer, head.byteOffset, head.byteLength);
  const found = MAGIC.find(([, at, magic]) => bytes.toString("hex", at, at + magic.length / 2) === magic);
  return found === undefined ? "other" : found[0];
}

export type ByteSink = (chunk: Uint8Array) => void;

/** A decoder of one file. Chunks given to a sink are valid only during the call. */
export interface Decoder extends Disposable {
  write(input: Uint8Array, sink: ByteSink): void;
  /** Says that no input is left; throws where the data ends too early. */
  end(sink: ByteSink): void;
}

class ZstdStream implements Decoder {
  readonly #decoder = new ZstdDecoder();
  readonly #out = new Uint8Array(256 * 1024);
  #within = true;

  write(input: Uint8Array, sink: ByteSink): void {
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

/** A new decoder. It throws plain errors; the caller names the file. */
export function decoderOf(compression: Compression): Decoder {
  switch (compression) {
    case "gzip":
      return new GzipDecoder();
    case "xz":
      return new XzDecoder();
    case "zstd":
      return new ZstdStream();
    case "bzip2":
      return new Bzip2Decoder();
    default:
      return compression satisfies never;
  }
}
