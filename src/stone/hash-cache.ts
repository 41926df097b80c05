// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Remembers the hashes of stones between two runs of `moss index`, so that only new and changed ones are read whole. */
import { readFileSync } from "node:fs";
import { writeFileAtomic } from "#sys/sync";

/** What shows that a file has not changed; any write changes its ctime. */
export interface FileStamp {
  readonly size: bigint;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
  readonly ino: bigint;
}

const HEADER = "stone hashes 1";
// A file changed twice within one tick of the clock has one ctime for two contents: young ones are not remembered.
const SETTLED_NS = 1_000_000_000n;

function stampText(stamp: FileStamp): string {
  return [stamp.size, stamp.mtimeNs, stamp.ctimeNs, stamp.ino].join(":");
}

/** Hashes by path relative to the folder. Lines: hash, stamp, path as JSON. It is only a cache: damage means empty. */
export class HashCache {
  readonly #path: string;
  readonly #old: ReadonlyMap<string, { stamp: string; hash: string }>;
  readonly #lines: string[] = [];

  constructor(path: string) {
    this.#path = path;
    this.#old = readLines(path);
  }

  get(file: string, stamp: FileStamp): string | undefined {
    const known = this.#old.get(file);
    if (known?.stamp !== stampText(stamp)) return undefined;
    this.#remember(file, stamp, known.hash);
    return known.hash;
  }

  /** @param hashedAt nanoseconds since 1970 when reading began. */
  set(file: string, stamp: FileStamp, hash: string, hashedAt: bigint): void {
    if (stamp.ctimeNs + SETTLED_NS < hashedAt) this.#remember(file, stamp, hash);
  }

  #remember(file: string, stamp: FileStamp, hash: string): void {
    this.#lines.push(`${hash} ${stampText(stamp)} ${JSON.stringify(file)}`);
  }

  save(): void {
    writeFileAtomic(this.#path, `${[HEADER, ...this.#lines.sort()].join("\n")}\n`);
  }
}

function readLines(path: string): Map<string, { stamp: string; hash: string }> {
  const known = new Map<string, { stamp: string; hash: string }>();
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch {
    return known;
  }
  const [header, ...lines] = text.split("\n");
  if (header !== HEADER) return known;
  for (const line of lines) {
    const match = /^([0-9a-f]{64}) ([0-9:]+) ("(?:[^"\\]|\\.)*")$/.exec(line);
    const [, hash, stamp, file] = match ?? [];
    if (hash === undefined || stamp === undefined || file === undefined) continue;
    try {
      const name: unknown = JSON.parse(file);
      if (typeof name === "string") known.set(name, { stamp, hash });
    } catch {
      // A line that is not JSON was not written by us; the file is hashed again.
    }
  }
  return known;
}
