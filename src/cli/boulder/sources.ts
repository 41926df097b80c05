// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** How sources are fetched, and what is told of it. */
import { basename, join } from "node:path";
import type { SourceEvent, SourceOptions } from "#boulder/upstreams/archives";
import { download } from "#boulder/upstreams/download";
import { cacheFolder } from "#cli/boulder/options";
import type { Progress } from "#cli/progress";
import type { Options } from "#cli/spec";
import { formatBytes, printable } from "#cli/style";
import type { Ui } from "#cli/ui";

export function sourceOptions(options: Options, downloads: Downloads): SourceOptions {
  return {
    cache: join(cacheFolder(options), "upstreams"),
    mirrors: options.list("mirror"),
    offline: options.flag("offline"),
    download: (uri, destination, signal) => downloads.run(uri, destination, signal),
  };
}

export function sourceText(event: SourceEvent): string {
  switch (event.kind) {
    case "cached":
      return `${event.name}: in the cache`;
    case "fetching":
      return `${event.name}: from ${event.uri}`;
    case "failed":
      return `${event.name}: ${event.reason}`;
    case "fetched":
      return `${event.name}: fetched and verified${event.bytes === 0 ? "" : `, ${formatBytes(event.bytes)}`}`;
    default:
      return event satisfies never;
  }
}

/** All files that are being fetched, as one bar. */
export class Downloads implements Disposable {
  readonly #ui: Ui;
  readonly #running = new Map<string, { readonly done: number; readonly total: number | undefined }>();
  #progress: Progress | undefined;

  constructor(ui: Ui) {
    this.#ui = ui;
  }

  /** Fetches one address to a file. Throws `fetch.*`. */
  async run(uri: string, destination: string, signal: AbortSignal | undefined): Promise<void> {
    this.#running.set(uri, { done: 0, total: undefined });
    try {
      await download(uri, destination, signal, (done, total) => {
        this.#running.set(uri, { done, total });
        this.#show(uri);
      });
    } finally {
      this.#running.delete(uri);
      if (this.#running.size === 0) this[Symbol.dispose]();
    }
  }

  #show(uri: string): void {
    this.#progress ??= this.#ui.progress("Fetching", "bytes");
    let done = 0;
    let total: number | undefined = 0;
    for (const item of this.#running.values()) {
      done += item.done;
      total = total === undefined || item.total === undefined ? undefined : total + item.total;
    }
    this.#progress.update(done, total, printable(basename(uri)));
  }

  [Symbol.dispose](): void {
    this.#progress?.end();
    this.#progress = undefined;
  }
}
