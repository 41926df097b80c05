// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** What an interrupt from the terminal does: it ends fetching, and is answered with patience once a state is being made. */
import type { Ui } from "#cli/ui";
import type { EngineListener } from "#moss/events";

export interface Interruptible {
  readonly signal: AbortSignal;
  readonly onEvent: EngineListener;
}

/** Runs work that fetches first and then changes the root. Throws what it throws, and `interrupted`. */
export async function interruptible<T>(
  ui: Ui,
  listener: EngineListener,
  work: (options: Interruptible) => Promise<T>,
): Promise<T> {
  const abort = new AbortController();
  let changing = false;
  const onInterrupt = (): void => {
    if (!changing) {
      abort.abort();
      return;
    }
    // Breaking off would only leave work for the next command; whoever insists does no harm.
    ui.note("One moment: a new state is being made. Interrupt again to break off; nothing is lost by that.");
    process.off("SIGINT", onInterrupt);
  };
  const onEvent: EngineListener = (event) => {
    if (event.kind === "phase") changing = true;
    listener(event);
  };
  process.on("SIGINT", onInterrupt);
  try {
    return await work({ signal: abort.signal, onEvent });
  } finally {
    process.off("SIGINT", onInterrupt);
  }
}
