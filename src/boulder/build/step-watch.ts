// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** How long each step of a build took. */
import type { StepTime } from "./events";

export class StepWatch {
  readonly times: StepTime[] = [];
  #last = performance.now();

  lap(name: string): void {
    const now = performance.now();
    this.times.push({ name, ms: now - this.#last });
    this.#last = now;
  }
}
