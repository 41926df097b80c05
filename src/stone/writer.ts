// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Writes binary packages: meta, layout, attributes, index and content, each one zstd frame; the same input, the same bytes. */
import { setImmediate } from "node:timers/promises";
import { hex } from "#base/bytes";
import { Failure } from "#base/errors";
import { compareText } from "#base/order";
import type { LayoutEntry } from "#model/layout";
import type { PackageMeta } from "#model/package";
import { encodeAttributes, xattrProblem, xattrRecords } from "#stone/attributes";
import { type BodySource, bodySize } from "#stone/bodies";
import { type Profile, RecordEncoder } from "#stone/compression";
import { contentSteps, type OrderedBody } from "#stone/content-writer";
import { DEFAULT_LIMITS } from "#stone/format";
import { encodeFileHeader } from "#stone/header";
import { encodeIndex, type IndexRecord } from "#stone/index-records";
import { parentsProblem } from "#stone/layout";
import { encodeLayout } from "#stone/layout-records";
import { encodeMeta } from "#stone/meta-records";
import { StoneOutput } from "#stone/output";
import { metaProblem, metaRecords } from "#stone/package-meta";
import { linkProblem, pathProblem } from "#stone/paths";

export type { BodySource } from "#stone/bodies";
export { BodySet } from "#stone/bodies";
export type { Profile } from "#stone/compression";

export interface StonePackage {
  readonly meta: PackageMeta;
  /** In any order; they are written sorted by path. */
  readonly entries: readonly LayoutEntry[];
  /** The bytes behind a digest of a regular entry; `BodySet.source` where they were collected by one. */
  readonly body: (digest: Uint8Array) => BodySource;
  readonly profile?: Profile;
  /** Threads that compress a large package; 2 where absent. More take more memory; the bytes are always the same. */
  readonly threads?: number;
  /** Called with the plain bytes packed so far, about once a MiB. */
  readonly onProgress?: (bytes: number) => void;
  /** Whether the file is on the disk when this returns; true where absent. */
  readonly durable?: boolean;
}

export interface WrittenStone {
  /** Bytes of the file. */
  readonly size: number;
  /** SHA-256 of the file in hexadecimal: the package's id. */
  readonly sha256: string;
}

const DEFAULT_THREADS = 2;
const STEP = 1024 * 1024;
/** Ends a generator that `onProgress` left by throwing: its file and memory go. The value is never seen. */
const NOTHING: WrittenStone = { size: 0, sha256: "" };

function refuse(meta: PackageMeta, problem: string): Failure {
  return new Failure("stone.write", `Cannot pack "${meta.name}": ${problem}`);
}

/** Sorted by path, checked: what the reader would refuse is refused here, before anything is written. */
function checkedEntries(meta: PackageMeta, entries: readonly LayoutEntry[]): LayoutEntry[] {
  const sorted = [...entries].sort((a, b) => compareText(a.path, b.path));
  let last: string | undefined;
  for (const entry of sorted) {
    const { path } = entry;
    const problem = path.isWellFormed() ? pathProblem(path) : "half a character";
    if (problem !== undefined) throw refuse(meta, `${problem} in ${JSON.stringify(path)}, expected a plain path`);
    if (path === last) throw refuse(meta, `two entries at "${path}", expected one`);
    last = path;
    if (entry.kind === "symlink") {
      const link = entry.target.isWellFormed() ? linkProblem(entry.target) : "half a character";
      if (link !== undefined) throw refuse(meta, `${link} at "${path}", expected a path`);
    }
    if (entry.kind === "regular" && entry.digest.byteLength !== 16) {
      throw refuse(meta, `a digest of ${entry.digest.byteLength} bytes at "${path}", expected 16`);
    }
    const valid = (n: number, max: number) => Number.isInteger(n) && n >= 0 && n <= max;
    if (!valid(entry.mode, 0o7777) || !valid(entry.uid, 0xffffffff) || !valid(entry.gid, 0xffffffff)) {
      throw refuse(meta, `mode ${entry.mode}, owner ${entry.uid}:${entry.gid} at "${path}", expected numbers in range`);
    }
    for (const [name, value] of entry.xattrs ?? []) {
      const wrong = xattrProblem(name, value);
      if (wrong !== undefined) throw refuse(meta, `${wrong} at "${path}", expected a valid one`);
    }
  }
  const parents = parentsProblem(
    new Map(sorted.map((entry) => [entry.path, entry])),
    DEFAULT_LIMITS.records.layout.records,
  );
  if (parents !== undefined) throw refuse(meta, parents.text);
  return sorted;
}

/** The distinct bodies, largest first; equal sizes in the order of the paths. */
function orderedBodies(entries: readonly LayoutEntry[], body: StonePackage["body"]): OrderedBody[] {
  const seen = new Set<string>();
  const bodies: OrderedBody[] = [];
  for (const entry of entries) {
    if (entry.kind !== "regular") continue;
    const key = hex(entry.digest);
    if (seen.has(key)) continue;
    seen.add(key);
    const source = body(entry.digest);
    bodies.push({ digest: entry.digest, source, size: bodySize(source), path: entry.path });
  }
  return bodies.sort((a, b) => b.size - a.size);
}

function* steps(path: string, stone: StonePackage): Generator<number, WrittenStone> {
  const { meta, profile = "default", threads = DEFAULT_THREADS } = stone;
  const problem = metaProblem(meta);
  if (problem !== undefined) throw refuse(meta, `${problem}, expected valid metadata`);
  const entries = checkedEntries(meta, stone.entries);
  const bodies = orderedBodies(entries, stone.body);
  let end = 0;
  const index: IndexRecord[] = bodies.map(({ digest, size }) => ({ start: end, end: (end += size), digest }));
  const records = metaRecords(meta);
  const attributes = xattrRecords(entries);

  const payloads: Uint8Array[][] = [];
  using encoder = new RecordEncoder(profile);
  const add = (kind: "meta" | "layout" | "attributes" | "index", plain: Uint8Array, count: number) =>
    payloads.push(encoder.encode(kind, plain, count));
  add("meta", encodeMeta(records), records.length);
  if (entries.length > 0) add("layout", encodeLayout(entries, meta.name), entries.length);
  if (attributes.length > 0) add("attributes", encodeAttributes(attributes), attributes.length);
  if (bodies.length > 0) add("index", encodeIndex(index), index.length);

  using output = new StoneOutput(path);
  output.write(encodeFileHeader("binary", payloads.length + (bodies.length > 0 ? 1 : 0)));
  for (const part of payloads.flat()) output.write(part);
  if (bodies.length > 0) yield* contentSteps(output, bodies, { profile, threads });
  return output.finish(stone.durable ?? true);
}

/**
 * Writes a package to `path`, under a temporary name until it is whole. Memory does not grow with its size.
 * Throws `stone.write` for entries or metadata that the format cannot hold and for a body that is not what its digest
 * says, `stone.limit` for more of them than readers take, `io`, `disk.full`; nothing is left at `path` then.
 */
export function writeStoneSync(path: string, stone: StonePackage): WrittenStone {
  const work = steps(path, stone);
  try {
    for (let reported = 0; ; ) {
      const step = work.next();
      if (step.done === true) return step.value;
      if (step.value - reported >= STEP) stone.onProgress?.((reported = step.value));
    }
  } finally {
    work.return(NOTHING);
  }
}

/**
 * As `writeStoneSync`, but other work of the process goes on meanwhile: several packages that are written at once share
 * the processors, since the threads of each compress while others are read.
 */
export async function writeStone(path: string, stone: StonePackage): Promise<WrittenStone> {
  const work = steps(path, stone);
  try {
    for (let reported = 0; ; ) {
      const step = work.next();
      if (step.done === true) return step.value;
      if (step.value - reported < STEP) continue;
      stone.onProgress?.((reported = step.value));
      await setImmediate();
    }
  } finally {
    work.return(NOTHING);
  }
}
