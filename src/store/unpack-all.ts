// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Many stones into one arrival folder, on several threads where there is enough to do. */
import { statSync } from "node:fs";
import type { PackageId } from "#model/package";
import type { Arrival } from "#store/arrival";
import { decodeFiles } from "#store/files";
import type { SyncBeside } from "#store/sync-beside";
import { ask, releaseThread, type StoneDone, startThread, THREADS, type UnpackJob } from "#store/thread";
import { type StoneFile, type Unpacked, unpackStone } from "#store/unpack";

/** Bytes of stones below which starting threads costs more than it brings. */
const WORTH = 4 * 1024 * 1024;

/** Bytes after which the disk is given work: each time the journal is written too, for which all who create files wait. */
const WRITE_OUT = 192 * 1024 * 1024;

/**
 * Unpacks stones; `onDone` is told of each. The first failure ends all. Much is written to the disk while it goes on, by
 * `disk`, so that the sync after it has little left to do.
 */
export async function unpackAll(
  stones: readonly StoneFile[],
  arrival: Arrival,
  disk: SyncBeside,
  onDone: (name: string, done: number) => void,
): Promise<Map<PackageId, Unpacked>> {
  const arrived = new Map<PackageId, Unpacked>();
  const done = (id: PackageId, unpacked: Unpacked) => {
    arrived.set(id, unpacked);
    onDone(unpacked.meta.name, arrived.size);
  };
  const sized = stones.map((stone) => ({ stone, size: statSync(stone.path, { throwIfNoEntry: false })?.size ?? 0 }));
  const total = sized.reduce((sum, { size }) => sum + size, 0);
  if (stones.length > 1 && total >= WORTH && THREADS > 1) {
    // The largest first: the last to end is then a small one.
    const order = sized.sort((a, b) => b.size - a.size).map(({ stone }) => stone);
    await unpackOnThreads(order, arrival, disk, done);
    return arrived;
  }
  for (const stone of stones) {
    done(stone.id, unpackStone(stone, arrival, "0"));
    await Promise.resolve();
  }
  return arrived;
}

/** This thread only listens, so that progress is shown whatever the others do. */
async function unpackOnThreads(
  stones: readonly StoneFile[],
  arrival: Arrival,
  disk: SyncBeside,
  done: (id: PackageId, unpacked: Unpacked) => void,
): Promise<void> {
  const next = new SharedArrayBuffer(4);
  const count = Math.min(THREADS, stones.length);
  const failures: unknown[] = [];
  const stop = (error: unknown) => {
    failures.push(error);
    Atomics.store(new Int32Array(next), 0, stones.length);
  };
  const take = ({ id, unpacked }: StoneDone) => {
    try {
      done(id, { ...unpacked, records: decodeFiles(unpacked.encoded) });
    } catch (error) {
      stop(error);
    }
  };
  let fresh = 0;
  const writeOut = (bytes: number) => {
    fresh += bytes;
    if (fresh < WRITE_OUT || disk.busy) return;
    fresh = 0;
    disk.begin([arrival.directory], true);
  };
  // All must have ended before anybody removes what they write to.
  const threads = Array.from({ length: count }, async (_, i) => {
    const job: UnpackJob = {
      kind: "unpack",
      stones,
      store: arrival.store,
      arrival: arrival.id,
      distrusted: arrival.distrusted,
      token: String(i),
      next,
    };
    const thread = startThread();
    try {
      await ask(thread, job, (stone) => {
        if (failures.length > 0) return;
        writeOut(stone.unpacked.bytes);
        take(stone);
      });
      releaseThread(thread);
    } catch (error) {
      stop(error);
      thread.terminate();
    }
  });
  await Promise.all(threads);
  if (failures.length > 0) throw failures[0];
}
