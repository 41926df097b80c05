// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** What a transition tells while it runs, and how long its parts took. */
import type { DamagedFile } from "#transition/damaged";

export type TransitionEvent =
  | { readonly kind: "phase"; readonly phase: Phase }
  /** A package is being unpacked, or is done. */
  | { readonly kind: "unpack"; readonly name: string; readonly done: number; readonly total: number }
  /** Steps of writing a tree. */
  | { readonly kind: "blit"; readonly done: number }
  /** The tree could not be made from a spare one, and why. */
  | { readonly kind: "full-build"; readonly reason: string }
  /** Files of the tree that is about to be live have not as many bytes as they must have. */
  | { readonly kind: "damaged"; readonly files: readonly DamagedFile[] }
  /** An earlier run that did not end was finished or undone. */
  | {
      readonly kind: "recovered";
      readonly how: "finished" | "undone";
      readonly state: number;
      readonly command: string;
    }
  /** A check has got so far; how much there is in all is not always known before. */
  | {
      readonly kind: "verify";
      readonly what: "database" | "store" | "trees";
      readonly done: number;
      readonly total?: number;
      /** Of what; things where absent. */
      readonly unit?: "bytes";
    }
  | {
      readonly kind: "removed";
      readonly what: "state" | "tree" | "asset" | "package";
      readonly name: string;
      readonly bytes: number;
      readonly done: number;
      readonly total: number;
    };

export type Phase =
  | "recover"
  | "unpack"
  | "merge"
  | "stage"
  | "triggers"
  | "sync"
  | "exchange"
  | "system-triggers"
  | "boot"
  | "spare"
  | "verify"
  | "repair"
  | "prune"
  | "sweep";

export type Listener = (event: TransitionEvent) => void;

/** Milliseconds of each part of a transition. */
export type Timings = Record<
  | "recover"
  | "unpack"
  | "merge"
  | "check"
  | "link"
  | "triggers"
  | "sync"
  | "commit"
  | "exchange"
  | "hooks"
  | "spare"
  | "total",
  number
>;

/** Adds up how long parts take. */
export class Stopwatch {
  readonly timings: Timings = {
    recover: 0,
    unpack: 0,
    merge: 0,
    check: 0,
    link: 0,
    triggers: 0,
    sync: 0,
    commit: 0,
    exchange: 0,
    hooks: 0,
    spare: 0,
    total: 0,
  };
  readonly #started = performance.now();
  #last = performance.now();

  /** Books the time since the last call to a part. */
  lap(part: keyof Timings): void {
    const now = performance.now();
    this.timings[part] += now - this.#last;
    this.#last = now;
    this.timings.total = now - this.#started;
  }
}
