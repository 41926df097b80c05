// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Bounded parallel work. */
import { expect, test } from "bun:test";
import { mapLimited } from "#base/parallel";

test("results keep the order of the items, and no more than the limit run at once", async () => {
  let running = 0;
  let most = 0;
  const out = await mapLimited([5, 1, 4, 2, 3], 2, async (n) => {
    running++;
    most = Math.max(most, running);
    await Bun.sleep(n);
    running--;
    return n * 10;
  });
  expect(out).toEqual([50, 10, 40, 20, 30]);
  expect(most).toBe(2);
});

test("after a failure nothing new begins, and what runs is waited for", async () => {
  const begun: number[] = [];
  let ended = false;
  const work = mapLimited([0, 1, 2, 3], 2, async (n) => {
    begun.push(n);
    if (n === 0) throw new Error("zero");
    await Bun.sleep(5);
    ended = true;
  });
  expect(work).rejects.toThrow("zero");
  await Promise.allSettled([work]);
  expect(begun).toEqual([0, 1]);
  expect(ended).toBe(true);
});
