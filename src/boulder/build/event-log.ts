// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * The events of a build beside its logs, a JSON object a line, each with its time. Output of phases is there as ranges of
 * bytes of their logs, so that logs stay what the phases wrote and yet every byte of them has a time.
 */
import { closeSync, openSync, writeSync } from "node:fs";
import { basename } from "node:path";
import { Failure } from "#base/errors";
import type { BuildEvent } from "./events";

/** The file's name in the folder of the logs. */
export const EVENTS = "events.jsonl";

/** Output that comes within so many milliseconds is one range: a phase that writes byte by byte fills no disk here. */
const TOGETHER_MS = 10;

interface Range {
  readonly time: number;
  readonly from: number;
  readonly to: number;
}

export class EventLog implements Disposable {
  readonly #tell: (event: BuildEvent) => void;
  #file: number | undefined;
  /** Lines from before the folder of the logs was there. */
  #early: string[] = [];
  #log = "";
  #written = 0;
  #range: Range | undefined;

  /** @param tell hears every event too */
  constructor(tell: (event: BuildEvent) => void) {
    this.#tell = tell;
  }

  /** Opens the file; what an earlier part of the same build wrote there stays. */
  open(path: string): void {
    this.#file = openSync(path, "a", 0o644);
    const lines = this.#early;
    this.#early = [];
    for (const line of lines) this.#write(line);
  }

  readonly tell = (event: BuildEvent): void => {
    if (event.kind === "output") this.#output(event.chunk.byteLength);
    else {
      this.#line(event);
      if (event.kind === "phase") {
        this.#log = basename(event.log);
        this.#written = 0;
      }
    }
    this.#tell(event);
  };

  /** The last line of a build that ended so. */
  failed(error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    this.#line({ kind: "failed", code: error instanceof Failure ? error.code : null, message });
  }

  [Symbol.dispose](): void {
    this.#endRange();
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }

  #output(bytes: number): void {
    const now = Date.now();
    const from = this.#written;
    this.#written += bytes;
    const open = this.#range;
    if (open !== undefined && now - open.time >= 0 && now - open.time <= TOGETHER_MS) {
      this.#range = { ...open, to: this.#written };
      return;
    }
    this.#endRange();
    this.#range = { time: now, from, to: this.#written };
  }

  #endRange(): void {
    const range = this.#range;
    if (range === undefined) return;
    this.#range = undefined;
    const { time, from, to } = range;
    this.#write(JSON.stringify({ time: new Date(time).toISOString(), kind: "output", log: this.#log, from, to }));
  }

  #line(event: { readonly kind: string; readonly [key: string]: unknown }): void {
    this.#endRange();
    this.#write(JSON.stringify({ time: new Date().toISOString(), ...event }));
  }

  #write(line: string): void {
    if (this.#file === undefined) this.#early.push(line);
    else writeSync(this.#file, `${line}\n`);
  }
}
