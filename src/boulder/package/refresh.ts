// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Bytecode of Python made valid by hash, for all files of a build. */
import { readFileSync } from "node:fs";
import { hashBased, sourceOf } from "#boulder/package/bytecode";
import type { CollectedFile, OnEvent } from "#boulder/package/model";
import type { Scratch } from "#boulder/package/scratch";

/** Rewrites bytecode that names its source's time; bytecode of another source is left out, with a warning. */
export function refreshBytecode(files: readonly CollectedFile[], scratch: Scratch, onEvent: OnEvent): CollectedFile[] {
  const byPath = new Map(files.map((file) => [file.path, file]));
  return files.flatMap((file) => {
    const source = file.kind === "regular" ? byPath.get(sourceOf(file.path) ?? "") : undefined;
    if (source?.kind !== "regular") return [file];
    const result = hashBased(readFileSync(file.source), readFileSync(source.source), source.modified);
    switch (result.kind) {
      case "kept":
        return [file];
      case "stale":
        onEvent({ type: "warning", path: file.path, text: `left out: it is not the bytecode of ${source.path}` });
        return [];
      case "rewritten":
        return [{ ...file, source: scratch.write(result.bytes) }];
      default:
        return result satisfies never;
    }
  });
}
