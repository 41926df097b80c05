// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * SHA-256 of many files, by this thread and others at once. All is synchronous for the caller: it takes its share of the
 * files like every other thread, so one that starts late, or never, does no harm.
 */
import { edenGC } from "bun:jsc";
import { type HashJob, releaseThread, startThread, THREADS } from "#store/thread";
import { hashFile } from "#sys/sha256";

/** Fewer bytes than these are hashed before a thread has started. */
const WORTH_A_THREAD = 32 * 1024 * 1024;
/** Files above this size come first, the largest before all: whoever took one of them last would keep all others waiting. */
const LARGE = 4 * 1024 * 1024;
const DIGEST = 32;
/** States of a file, in the byte before its digest. */
const READ = 1;
const UNREADABLE = 2;
const SLOT = DIGEST + 1;

/** Files of one thread after which what they took is collected: the collector lets it grow to some hundred MB. */
const SWEPT = 5000;

const TAKEN = 0;
const DONE = 1;
/** KiB of the files that are done, since a word holds no more than two thousand million. */
const KIB = 2;

export interface FileToHash {
  readonly path: string;
  readonly size: number;
  /** Files of equal size class are read in the order of their inodes, as they lie on the disk. */
  readonly inode: number;
}

/** Takes files of a job until none is left. `onDone` is called after each of this thread's, with the bytes done in all. */
export function workOn({ paths, words, slots }: HashJob, onDone: (bytes: number) => void = () => {}): void {
  const list = Buffer.from(paths).toString("utf8").split("\0");
  const counters = new Int32Array(words, 0, 3);
  const kib = new Int32Array(words, 12);
  const bytes = new Uint8Array(slots);
  let read = 0;
  for (;;) {
    const next = Atomics.add(counters, TAKEN, 1);
    const path = list[next];
    if (path === undefined || path === "") return;
    try {
      bytes.set(Buffer.from(hashFile(path), "hex"), next * SLOT + 1);
      bytes[next * SLOT] = READ;
    } catch {
      // Whoever asks reads it again, and hears what the system says.
      bytes[next * SLOT] = UNREADABLE;
    }
    Atomics.add(counters, KIB, kib[next] ?? 0);
    Atomics.add(counters, DONE, 1);
    Atomics.notify(counters, DONE);
    onDone(Atomics.load(counters, KIB) * 1024);
    if (++read % SWEPT === 0) edenGC();
  }
}

/** SHA-256 in hexadecimal by path; a file that cannot be read is left out. `onDone` hears how many bytes are done. */
export function hashAll(files: readonly FileToHash[], onDone: (bytes: number) => void): Map<string, string> {
  const rank = ({ size }: FileToHash) => (size >= LARGE ? -size : 0);
  const sorted = [...files].sort((a, b) => rank(a) - rank(b) || a.inode - b.inode);
  const text = Buffer.from(sorted.map(({ path }) => `${path}\0`).join(""));
  const paths = new Uint8Array(new SharedArrayBuffer(text.byteLength));
  paths.set(text);
  const words = new SharedArrayBuffer(12 + sorted.length * 4);
  new Int32Array(words, 12).set(sorted.map(({ size }) => Math.ceil(size / 1024)));
  const slots = new SharedArrayBuffer(sorted.length * SLOT);
  const job: HashJob = { paths, words, slots };
  const total = files.reduce((sum, { size }) => sum + size, 0);
  const helpers = total < WORTH_A_THREAD ? 0 : Math.min(THREADS, files.length) - 1;
  const threads = Array.from({ length: Math.max(0, helpers) }, startThread);
  try {
    for (const thread of threads) thread.postMessage({ kind: "hash", job }, []);
    workOn(job, onDone);
    const counters = new Int32Array(words, 0, 3);
    for (;;) {
      const done = Atomics.load(counters, DONE);
      if (done >= sorted.length) break;
      Atomics.wait(counters, DONE, done, 1000);
      onDone(Atomics.load(counters, KIB) * 1024);
    }
  } finally {
    for (const thread of threads) releaseThread(thread);
  }
  const bytes = new Uint8Array(slots);
  const found = new Map<string, string>();
  sorted.forEach(({ path }, i) => {
    if (bytes[i * SLOT] !== READ) return;
    found.set(path, Buffer.from(bytes.subarray(i * SLOT + 1, (i + 1) * SLOT)).toString("hex"));
  });
  return found;
}
