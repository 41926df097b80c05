// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Shows an import's events: one line that changes on a terminal, a line every tenth of the way where output is piped. */
import type { ImportEvent } from "#deb/import";

const MIB = 1024 * 1024;

export function megabytes(bytes: number): string {
  return `${(bytes / MIB).toFixed(bytes < 10 * MIB ? 1 : 0)} MiB`;
}

/** Renders events to stderr. */
export class Progress {
  readonly #terminal = process.stderr.isTTY && process.env["TERM"] !== "dumb";
  readonly #start = performance.now();
  #tenth = -1;
  #open = false;

  readonly show = (event: ImportEvent): void => {
    switch (event.type) {
      case "apt-update":
        return this.#line("Fetching package lists through apt, in a state of its own");
      case "apt-lists":
        return this.#line(`apt offers ${event.packages} packages`);
      case "apt-warning":
        return this.#line(`apt: ${event.text}`);
      case "resolved":
        return this.#line(`Resolved to ${event.packages} packages`);
      case "download":
        this.#tenth = -1;
        return this.#line(`Fetching ${event.packages} packages, ${megabytes(event.bytes)}`);
      case "downloading":
        return this.#step("Fetching", event.percent, "");
      case "scanned":
        return this.#step("Reading", (event.done / event.total) * 100, event.name);
      case "planned":
        this.#tenth = -1;
        return this.#line(`Decided on ${event.packages} packages`);
      case "written":
        return this.#step("Writing", (event.done / event.total) * 100, event.name);
      case "indexed":
        return this.#line(`Indexed ${event.packages} stones`);
    }
  };

  /** Seconds since the start, for the closing line. */
  get seconds(): string {
    return ((performance.now() - this.#start) / 1000).toFixed(1);
  }

  #line(text: string): void {
    this.#clear();
    process.stderr.write(`${text}\n`);
  }

  #clear(): void {
    if (this.#open) process.stderr.write("\r\x1b[K");
    this.#open = false;
  }

  #step(verb: string, percent: number, name: string): void {
    if (this.#terminal) {
      this.#clear();
      process.stderr.write(
        `${verb} ${percent.toFixed(0).padStart(3)}% ${name}`.slice(0, (process.stderr.columns ?? 80) - 1),
      );
      this.#open = true;
      if (percent >= 100) this.#clear();
      return;
    }
    const tenth = Math.floor(percent / 10);
    if (tenth <= this.#tenth) return;
    this.#tenth = tenth >= 10 ? -1 : tenth;
    process.stderr.write(`${verb} ${tenth * 10}%\n`);
  }
}
