// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** What hashing costs alone: the digests that every byte of an installation passes through. */
import { Sha256 } from "#sys/sha256";
import { Xxh3_64 } from "#sys/xxh3";

const CHUNK = 2 ** 20;
/** As much is hashed to learn the speed. */
const SAMPLE = 512;

/** Processor seconds of a turn that hashes `SAMPLE` chunks, the best of three. */
function best(turn: (chunk: Uint8Array) => void): number {
  const chunk = crypto.getRandomValues(new Uint8Array(65_536));
  const data = new Uint8Array(CHUNK);
  for (let at = 0; at < CHUNK; at += chunk.byteLength) data.set(chunk, at);
  const turns = Array.from({ length: 3 }, () => {
    const before = process.cpuUsage();
    for (let i = 0; i < SAMPLE; i++) turn(data);
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1e6;
  });
  return Math.min(...turns);
}

/** Processor seconds that the two hashes of so many bytes take, each on one core. */
export function hashTimes(bytes: number): { readonly sha256: number; readonly xxh3: number } {
  const sha = new Sha256();
  using xxh = new Xxh3_64();
  const times = bytes / (SAMPLE * CHUNK);
  return { sha256: best((chunk) => sha.update(chunk)) * times, xxh3: best((chunk) => xxh.update(chunk)) * times };
}
