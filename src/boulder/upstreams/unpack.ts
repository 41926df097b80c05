// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * Unpacks a source archive into a folder: tar (plain, gzip, xz, zstd, bzip2) and zip, known by their first bytes. All of
 * it in this process, by streaming; nothing of the build root or of the host runs.
 */
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { setImmediate } from "node:timers/promises";
import { describeError, Failure } from "#base/errors";
import { type ByteSink, decoderOf, type FileForm, FORM_BYTES, fileForm } from "#formats/compression";
import { TarReader, type TarSink } from "#formats/tar";
import { readZip, readZipBody } from "#formats/zip";
import { type EntryBody, TreeWriter } from "./tree-writer";

export interface UnpackOptions {
  /** Leading components that names lose. */
  readonly stripDirs: number;
  /** What the archive is called in error messages. */
  readonly name: string;
  /** Most bytes that may be written; the default is 64 GiB. */
  readonly maxBytes?: number;
}

const CHUNK = 1 << 20;
/** Compressed bytes at a time: they may become ten thousand times as many, and nothing else has a turn meanwhile. */
const PACKED_CHUNK = 1 << 14;
const MAX_BYTES = 64 * 1024 ** 3;

/** Forms of archives that only a tool of the build root can read. */
const FOREIGN: readonly FileForm[] = ["7z", "rpm", "deb", "lzip"];

/** Whether a file is such an archive. */
export function isForeign(file: string): boolean {
  const handle = openSync(file, "r");
  try {
    return FOREIGN.includes(fileForm(readAt(handle, 0, FORM_BYTES)));
  } finally {
    closeSync(handle);
  }
}

/**
 * Unpacks `file` below `folder`. Throws `upstream.unsafe` where an entry would leave the folder, `format.invalid` where the
 * archive is broken or of an unknown form; then what was written so far is still there.
 */
export function unpackArchive(file: string, folder: string, options: UnpackOptions): void {
  for (const _ of steps(file, folder, options));
}

/** As `unpackArchive`, but other work of the process has its turn meanwhile, signals too; throws the reason of `signal`. */
export async function unpackInTurns(
  file: string,
  folder: string,
  options: UnpackOptions,
  signal?: AbortSignal,
): Promise<void> {
  for (const _ of steps(file, folder, options)) {
    await setImmediate();
    signal?.throwIfAborted();
  }
}

function* steps(file: string, folder: string, options: UnpackOptions): Generator<void> {
  const handle = openSync(file, "r");
  try {
    const head = readAt(handle, 0, FORM_BYTES);
    const writer = new TreeWriter(folder, options.stripDirs, options.name);
    const form = fileForm(head);
    if (form === "zip") yield* unpackZip(handle, writer, options);
    else yield* unpackTar(handle, form, writer, options);
    writer.finish();
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure("format.invalid", `Cannot unpack "${options.name}": ${describeError(error)}`, { cause: error });
  } finally {
    closeSync(handle);
  }
}

function* unpackTar(handle: number, form: FileForm, writer: TreeWriter, options: UnpackOptions): Generator<void> {
  const budget = new Budget(options);
  const tar = new TarReader(tarSink(writer, budget), options.name);
  if (form === "tar") {
    yield* eachChunk(handle, CHUNK, (chunk) => tar.write(chunk));
  } else if (form === "gzip" || form === "xz" || form === "zstd" || form === "bzip2") {
    using decoder = decoderOf(form);
    const sink: ByteSink = (chunk) => tar.write(chunk);
    yield* eachChunk(handle, PACKED_CHUNK, (chunk) => decoder.write(chunk, sink));
    decoder.end(sink);
  } else {
    const found = form === "other" ? "a form that is not known" : form;
    throw new Failure("format.invalid", `Cannot unpack "${options.name}": ${found}, expected a tar or zip archive`, {
      hint: "Add `unpack: false` to the upstream where it is a plain file.",
    });
  }
  tar.end();
}

function tarSink(writer: TreeWriter, budget: Budget): TarSink {
  let body: EntryBody | undefined;
  return {
    entry({ kind, path, target, mode, mtime }) {
      budget.entry();
      switch (kind) {
        case "directory":
          writer.folder(path, mode, mtime);
          break;
        case "regular":
          body = writer.file(path, mode, mtime);
          break;
        case "symlink":
          writer.symlink(path, target, mtime);
          break;
        case "hardlink":
          writer.hardlink(path, target);
          break;
        case "character-device":
        case "block-device":
        case "fifo":
          writer.special(path, kind.replace("-", " "));
        default:
          kind satisfies never;
      }
    },
    data(chunk) {
      budget.bytes(chunk.byteLength);
      body?.write(chunk);
    },
    done() {
      body?.close();
      body = undefined;
    },
  };
}

function* unpackZip(handle: number, writer: TreeWriter, options: UnpackOptions): Generator<void> {
  const budget = new Budget(options);
  const read = (offset: number, length: number) => readAt(handle, offset, length);
  for (const entry of readZip(options.name, fstatSync(handle).size, read)) {
    budget.entry();
    yield;
    const mode = entry.mode === 0 ? 0o644 : entry.mode;
    if (entry.kind === "directory") writer.folder(entry.path, entry.mode === 0 ? 0o755 : entry.mode, entry.mtime);
    else if (entry.kind === "other") writer.special(entry.path, "special file");
    else {
      budget.bytes(entry.size);
      const bytes = readZipBody(options.name, entry, read);
      if (entry.kind === "symlink") writer.symlink(entry.path, new TextDecoder().decode(bytes), entry.mtime);
      else {
        const body = writer.file(entry.path, mode, entry.mtime);
        body?.write(bytes);
        body?.close();
      }
    }
  }
}

/** What an archive may unpack to, so that a bomb ends before the disk is full. */
class Budget {
  readonly #name: string;
  readonly #max: number;
  #bytes = 0;
  #entries = 0;

  constructor(options: UnpackOptions) {
    this.#name = options.name;
    this.#max = options.maxBytes ?? MAX_BYTES;
  }

  entry(): void {
    if (++this.#entries > 4_000_000) throw this.#exceeded("more than 4,000,000 entries");
  }

  bytes(count: number): void {
    this.#bytes += count;
    if (this.#bytes > this.#max) throw this.#exceeded(`more than ${this.#max} bytes`);
  }

  #exceeded(found: string): Failure {
    return new Failure("upstream.unsafe", `Cannot unpack "${this.#name}": ${found}, expected fewer`);
  }
}

function readAt(handle: number, offset: number, length: number): Uint8Array {
  const size = Math.max(0, Math.min(length, fstatSync(handle).size - offset));
  const buffer = new Uint8Array(size);
  let at = 0;
  while (at < size) {
    const count = readSync(handle, buffer, at, size - at, offset + at);
    if (count === 0) break;
    at += count;
  }
  return buffer.subarray(0, at);
}

function* eachChunk(handle: number, size: number, use: (chunk: Uint8Array) => void): Generator<void> {
  const buffer = new Uint8Array(size);
  for (let at = 0; ; ) {
    const count = readSync(handle, buffer, 0, size, at);
    if (count === 0) return;
    at += count;
    use(buffer.subarray(0, count));
    yield;
  }
}
