// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** The program of a thread beside the main one: unpacks stones, carries out units of steps, hashes files, syncs. */
import { Arrival } from "#store/arrival";
import { spareLastCompiler } from "#store/compilers";
import { execute } from "#store/execute";
import { workOn } from "#store/hash-all";
import type { Place } from "#store/place";
import { type Answer, failureData, leaveFailure, type Message, type UnpackJob, WORD } from "#store/thread";
import { unpackStone } from "#store/unpack";
import { syncFileSystem } from "#sys/sync";

declare const self: Worker;

let place: Place | undefined;
let state: SharedArrayBuffer | undefined;

function answer(what: Answer): void {
  postMessage(what);
}

function unpack({ stones, store, arrival, distrusted, token, next }: UnpackJob): void {
  const counter = new Int32Array(next);
  const folder = new Arrival(store, arrival, distrusted);
  spareLastCompiler();
  try {
    for (;;) {
      const stone = stones[Atomics.add(counter, 0, 1)];
      if (stone === undefined) break;
      const { records: _, ...unpacked } = unpackStone(stone, folder, token);
      answer({ id: stone.id, unpacked });
    }
    answer({ ended: true });
  } catch (error) {
    answer({ ended: true, failure: failureData(error) });
  }
}

/** Does one unit for whoever counts them; after a failure the rest is only counted. */
function doUnit(result: SharedArrayBuffer, work: () => void): void {
  const words = new Int32Array(result, 0, 3);
  if (Atomics.load(words, WORD.failed) === 0) {
    try {
      work();
    } catch (error) {
      leaveFailure(result, error);
    }
  }
  Atomics.add(words, WORD.done, 1);
  Atomics.notify(words, WORD.done);
}

function carryOut(unit: Uint8Array): void {
  if (place === undefined || state === undefined) throw new Error("no place to carry out a unit");
  const there = place;
  doUnit(state, () => execute(unit, there));
}

self.addEventListener("message", ({ data }: MessageEvent<Message>) => {
  if (data.kind === "unpack") unpack(data);
  else if (data.kind === "unit") carryOut(data.unit);
  else if (data.kind === "sync") doUnit(data.state, () => data.paths.forEach(syncFileSystem));
  else if (data.kind === "hash") workOn(data.job);
  else {
    place = data.place;
    state = data.state;
  }
});
