// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** The bodies of a package that is being made: each content once, found by its XXH3-128. */
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { hex } from "#base/bytes";
import { Failure } from "#base/errors";
import { Sha256, sha256Hex } from "#sys/sha256";
import { Xxh3_128, xxh3_128 } from "#sys/xxh3";

/** Where the bytes of a body come from. A file must not change until the package is written. */
export type BodySource = { readonly file: string } | { readonly bytes: Uint8Array };

/** What is known of a body: its key within the package, its size in bytes and its SHA-256 in hexadecimal. */
export interface Body {
  readonly digest: Uint8Array;
  readonly size: number;
  readonly sha256: string;
}

interface Kept extends Body {
  readonly source: BodySource;
}

const CHUNK = 1024 * 1024;
let buffer: Uint8Array | undefined;

/** Both digests of a body, in one reading. Throws a system error where the file cannot be read. */
function digestBody(source: BodySource): Body {
  if ("bytes" in source) {
    const { bytes } = source;
    return { digest: xxh3_128(bytes), size: bytes.byteLength, sha256: sha256Hex(bytes) };
  }
  const fd = openSync(source.file, "r");
  try {
    buffer ??= new Uint8Array(CHUNK);
    using hash = new Xxh3_128();
    const secure = new Sha256();
    let size = 0;
    for (;;) {
      const count = readSync(fd, buffer, 0, CHUNK, size);
      if (count === 0) break;
      const chunk = buffer.subarray(0, count);
      hash.update(chunk);
      secure.update(chunk);
      size += count;
    }
    return { digest: hash.digest(), size, sha256: secure.hex() };
  } finally {
    closeSync(fd);
  }
}

/** Size of a body in bytes. */
export function bodySize(source: BodySource): number {
  if ("bytes" in source) return source.bytes.byteLength;
  const fd = openSync(source.file, "r");
  try {
    return fstatSync(fd).size;
  } finally {
    closeSync(fd);
  }
}

/**
 * Collects bodies for `writeStone`. XXH3-128 names a body in the format but is not secure: two bodies made to share it
 * would become one file. They are told apart by SHA-256 and refused.
 */
export class BodySet {
  readonly #bodies = new Map<string, Kept>();

  /** Reads and keeps a body. Throws `stone.write` where another body has the same XXH3-128. */
  add(source: BodySource): Body {
    const body = digestBody(source);
    const key = hex(body.digest);
    const other = this.#bodies.get(key);
    if (other === undefined) {
      this.#bodies.set(key, { ...body, source });
      return body;
    }
    if (other.sha256 !== body.sha256) {
      const what = "file" in source ? `"${source.file}"` : "a body";
      throw new Failure(
        "stone.write",
        `Cannot pack ${what}: its XXH3-128 ${key} is that of a different body, expected distinct digests`,
        { hint: "Such files do not happen by chance: find out where they come from." },
      );
    }
    return other;
  }

  /** Bytes of all bodies, each once: the installed size. */
  get totalSize(): number {
    let total = 0;
    for (const body of this.#bodies.values()) total += body.size;
    return total;
  }

  /** For `writeStone`: the source of a body that was added. Throws where it was not; that is a bug of the caller. */
  readonly source = (digest: Uint8Array): BodySource => {
    const body = this.#bodies.get(hex(digest));
    if (body === undefined) throw new Error(`no body ${hex(digest)} was added`);
    return body.source;
  };
}
