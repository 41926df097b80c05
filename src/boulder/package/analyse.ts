// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Runs the capability handlers over the files of a build, each file read once or by the pages that are needed. */
import { closeSync, openSync, readSync } from "node:fs";
import { EMPTY } from "#base/bytes";
import { Failure } from "#base/errors";
import type { CollectedFile } from "#boulder/package/model";
import type { InstalledFile } from "#boulder/package/walk";
import { analyse, type PackageFile, type Surroundings } from "#capabilities/analyse";
import type { AnalysedFile } from "#capabilities/settle";

/** The file opened at the first read and closed by `using`: most files are told apart by their path alone. */
class LazyFile implements PackageFile {
  readonly path: string;
  readonly kind: PackageFile["kind"];
  readonly mode: number;
  readonly size: number;
  readonly #source: string;
  #fd: number | undefined;
  #buffer: Uint8Array = EMPTY;
  #bufferAt = 0;

  constructor(file: InstalledFile) {
    this.path = file.path;
    this.kind = file.kind === "regular" || file.kind === "symlink" || file.kind === "directory" ? file.kind : "special";
    this.mode = file.mode;
    this.size = file.size;
    this.#source = file.source;
  }

  readonly readAt = (offset: number, length: number): Uint8Array => {
    if (this.kind !== "regular") throw new Error(`${this.path} has no body`);
    const want = Math.max(0, Math.min(length, this.size - offset));
    const from = offset - this.#bufferAt;
    if (from >= 0 && from + want <= this.#buffer.byteLength) return this.#buffer.subarray(from, from + want);
    // A little more than asked, so that the first bytes and the header behind them come in one call.
    const bytes = Buffer.allocUnsafe(Math.max(want, Math.min(8192, this.size - offset)));
    this.#fd ??= openSync(this.#source, "r");
    const read = readSync(this.#fd, bytes, 0, bytes.byteLength, offset);
    this.#buffer = bytes.subarray(0, read);
    this.#bufferAt = offset;
    return this.#buffer.subarray(0, Math.min(read, want));
  };

  [Symbol.dispose](): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
  }
}

/**
 * What each file gives and needs, in the order of the files. `look` sees each of them while it is open. Throws
 * `package.analysis` where one cannot be read.
 */
export function analyseFiles(
  files: readonly CollectedFile[],
  around: Surroundings,
  look: (file: PackageFile) => void = () => undefined,
): AnalysedFile[] {
  return files.map((file) => {
    using opened = new LazyFile(file);
    try {
      const analysis = analyse(opened, around);
      look(opened);
      return { path: file.path, analysis };
    } catch (cause) {
      throw new Failure("package.analysis", `Cannot analyse "${file.path}"`, { cause });
    }
  });
}
