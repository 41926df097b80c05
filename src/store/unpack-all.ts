// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Many stones into one arrival folder. */
import type { PackageId } from "#model/package";
import type { Arrival } from "#store/arrival";
import { type Unpacked, unpackStone } from "#store/unpack";

export interface StoneFile {
  readonly id: PackageId;
  readonly path: string;
}

/** Unpacks stones; `onDone` is told of each. The first failure ends all. */
export async function unpackAll(
  stones: readonly StoneFile[],
  arrival: Arrival,
  onDone: (name: string, done: number) => void,
): Promise<Map<PackageId, Unpacked>> {
  const arrived = new Map<PackageId, Unpacked>();
  for (const { id, path } of stones) {
    const unpacked = unpackStone(path, arrival, "0");
    arrived.set(id, unpacked);
    onDone(unpacked.meta.name, arrived.size);
    await Promise.resolve();
  }
  return arrived;
}
