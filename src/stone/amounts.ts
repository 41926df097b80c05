// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Bounds what the records of a stone can take in memory, by its headers alone: before anything is reserved or read. */
import { getOrInsert } from "#base/order";
import {
  type Amount,
  type FileType,
  RECORD_MINIMUM,
  type RecordKind,
  type StoneLimits,
  stoneFailure,
} from "#stone/format";
import type { PayloadHeader } from "#stone/header";

/** What compression may add to bytes that cannot be compressed; frames that hold nothing count too. */
const OVERHEAD = 2 ** 20;

/** Throws `stone.limit` where the payloads of a file hold more records, or more bytes of them, than the limits allow. */
export function checkAmounts(
  payloads: readonly PayloadHeader[],
  fileType: FileType | "unknown",
  limits: StoneLimits,
  name: string,
): void {
  const check = (kind: string, { bytes, records }: Amount, most: Amount) => {
    if (bytes > most.bytes) {
      throw stoneFailure("stone.limit", name, `${kind} records of ${bytes} bytes, expected at most ${most.bytes}`);
    }
    if (records > most.records) {
      throw stoneFailure("stone.limit", name, `${records} ${kind} records, expected at most ${most.records}`);
    }
  };
  const several = fileType === "repository" || fileType === "build-manifest";
  const sums = new Map<RecordKind, { bytes: number; records: number }>();
  for (const { kind, plainSize, storedSize, records } of payloads) {
    if (kind === "unknown" || kind === "content") continue;
    const sum = getOrInsert(sums, kind, () => ({ bytes: 0, records: 0 }));
    // A count that cannot be true is refused when the payload is read.
    const count = Math.min(records, Math.floor(plainSize / RECORD_MINIMUM[kind]));
    const bytes = Math.max(plainSize, storedSize - OVERHEAD);
    sum.bytes += bytes;
    sum.records += count;
    if (several) check(kind, { bytes, records: count }, limits.records[kind]);
  }
  for (const [kind, sum] of sums) {
    check(kind, sum, several && kind === "meta" ? limits.several : limits.records[kind]);
  }
}
