// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * Writing much in several transactions: LMDB holds every page that a transaction has written in memory until it ends. Whoever writes
 * so must see to it that readers find nothing unfinished, and that what is left unfinished is found again.
 */
import { edenGC } from "bun:jsc";
import type { Database, WriteTransaction } from "#moss-db/index";

/** Some writing of the order of half a megabyte. */
export type Step = (tx: WriteTransaction) => void;

/** Steps of one transaction: with them some 4 MB of pages. */
const STEPS = 8;

/** Does all steps, and then `last` in the transaction of the last of them. Few steps are done in one transaction. */
export function inTransactions<T>(
  database: Database,
  steps: Iterator<Step, undefined>,
  last: (tx: WriteTransaction) => T,
): T {
  for (;;) {
    const end = database.update<{ readonly result: T } | undefined>((tx) => {
      for (let i = 0; i < STEPS; i++) {
        const step = steps.next();
        if (step.done === true) return { result: last(tx) };
        step.value(tx);
      }
      return undefined;
    });
    if (end !== undefined) return end.result;
    // Left to itself the collector lets what was decoded and written grow to some hundred MB; within a transaction it clears nothing.
    edenGC();
  }
}
