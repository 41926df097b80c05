// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * What unpacks runs some ten thousand times and then never again: often enough for the runtime's last and slowest compiler
 * (FTL) to set in, not often enough to win back what it costs, a tenth of the processor time of a large installation. Each
 * thread compiles for itself.
 */
import { noFTL } from "bun:jsc";
import * as baseBytes from "#base/bytes";
import * as content from "#stone/content";
import * as layout from "#stone/layout";
import * as layoutRecords from "#stone/layout-records";
import * as paths from "#stone/paths";
import * as files from "#store/files";
import * as intake from "#store/intake";
import * as names from "#store/names";
import * as unpack from "#store/unpack";
import * as libc from "#sys/libc";
import * as sha256 from "#sys/sha256";
import * as twoWords from "#sys/two-words";
import * as xxh3 from "#sys/xxh3";
import * as zstd from "#sys/zstd";
import * as treeBytes from "#tree/bytes";

const HOT: readonly object[] = [
  [baseBytes, content, layout, layoutRecords, paths, treeBytes],
  [files, intake, names, unpack, libc, sha256, twoWords, xxh3, zstd],
].flat();

type Code = (...args: unknown[]) => unknown;

function isCode(value: unknown): value is Code {
  return typeof value === "function";
}

/** Keeps what unpacks, functions and methods of classes, from the last compiler, on this thread. */
export function spareLastCompiler(): void {
  for (const value of HOT.flatMap((module) => Object.values(module) as unknown[])) {
    if (!isCode(value)) continue;
    noFTL(value);
    const methods: unknown = value.prototype;
    if (typeof methods !== "object" || methods === null) continue;
    for (const { value: method } of Object.values(Object.getOwnPropertyDescriptors(methods))) {
      if (isCode(method)) noFTL(method);
    }
  }
}
