// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * Signatures of minisign: Ed25519 over the BLAKE2b-512 of a file, and over the signature with its trusted comment. The older
 * kind over the file itself is refused, as every minisign of the last ten years makes the other unless told not to.
 */
import { createPublicKey, verify } from "node:crypto";
import { closeSync, openSync, readSync } from "node:fs";

export interface MinisignKey {
  /** As minisign prints it: 16 hexadecimal digits. */
  readonly id: string;
  readonly key: Uint8Array;
}

/** The public key of a text: the one line of base64 that people pass around, or the file that minisign writes. */
export function parseMinisignKey(text: string): MinisignKey | undefined {
  const lines = text.trim().split(/\r?\n/);
  const bytes = base64(lines.at(-1) ?? "", 42);
  const fine = lines.length === 1 || (lines.length === 2 && lines[0]?.startsWith("untrusted comment:") === true);
  if (!fine || bytes === undefined || bytes[0] !== 0x45 || bytes[1] !== 0x64) return undefined;
  return { id: idOf(bytes), key: bytes.subarray(10) };
}

/** What is wrong with a signature of a file, in words that follow "its signature"; undefined where it is right. */
export function checkMinisign(key: MinisignKey, signature: string, file: string): string | undefined {
  const [, line = "", comment = "", global = ""] = signature.split(/\r?\n/);
  const bytes = base64(line, 74);
  const over = base64(global, 64);
  const prefix = "trusted comment: ";
  if (bytes === undefined || over === undefined || !comment.startsWith(prefix)) return "is none of minisign";
  if (bytes[0] !== 0x45 || bytes[1] !== 0x44) return "is of the old kind that is not over a hash";
  if (idOf(bytes) !== key.id) return `was made with the key ${idOf(bytes)}`;
  const signed = bytes.subarray(10);
  if (!verified(key, blake2b(file), signed)) return "does not fit the file";
  const text = Buffer.concat([signed, Buffer.from(comment.slice(prefix.length))]);
  return verified(key, text, over) ? undefined : "does not fit its trusted comment";
}

/** Bytes 2 to 9 as a number, the lowest byte first. */
function idOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.subarray(2, 10)).reverse().toString("hex").toUpperCase();
}

function base64(text: string, length: number): Uint8Array | undefined {
  if (!/^[A-Za-z0-9+/]+=*$/.test(text)) return undefined;
  const bytes = new Uint8Array(Buffer.from(text, "base64"));
  return bytes.byteLength === length ? bytes : undefined;
}

/** What stands before the 32 bytes of an Ed25519 key in its SubjectPublicKeyInfo (RFC 8410). */
const SPKI = Buffer.from("302a300506032b6570032100", "hex");

function verified({ key }: MinisignKey, message: Uint8Array, signature: Uint8Array): boolean {
  const publicKey = createPublicKey({ key: Buffer.concat([SPKI, key]), format: "der", type: "spki" });
  return verify(null, message, publicKey, signature);
}

function blake2b(path: string): Uint8Array {
  const hasher = new Bun.CryptoHasher("blake2b512");
  const fd = openSync(path, "r");
  try {
    const buffer = new Uint8Array(1024 * 1024);
    for (;;) {
      const count = readSync(fd, buffer, 0, buffer.byteLength, null);
      if (count === 0) return new Uint8Array(hasher.digest());
      hasher.update(buffer.subarray(0, count));
    }
  } finally {
    closeSync(fd);
  }
}
