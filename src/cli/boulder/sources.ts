// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** How sources are fetched, and what is told of it. */
import { join } from "node:path";
import type { SourceEvent, SourceOptions } from "#boulder/upstreams/archives";
import { cacheFolder } from "#cli/boulder/options";
import type { Progress } from "#cli/progress";
import type { Options } from "#cli/spec";
import { formatBytes, printable } from "#cli/style";
import type { Ui } from "#cli/ui";
import { download } from "#fetch/download";
import type { DownloadOptions, DownloadRequest } from "#fetch/events";

export function sourceOptions(options: Options, downloads: Downloads): SourceOptions {
  return {
    cache: join(cacheFolder(options), "upstreams"),
    mirrors: options.list("mirror"),
    offline: options.flag("offline"),
    download: (request, how) => downloads.run(request, how),
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
    case "signed":
      return `${event.name}: signed with the key of the recipe`;
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

  /** Fetches one file. Throws `fetch.*`. */
  async run(request: DownloadRequest, options: DownloadOptions): Promise<void> {
    const { path, name } = request;
    this.#running.set(path, { done: 0, total: request.size });
    try {
      await download(request, {
        ...options,
        onEvent: (event) => {
          if (event.kind === "retry") this.#ui.note(printable(`${name}: ${event.reason}; trying again`));
          if (event.kind !== "bytes") return;
          const { done = 0, total } = this.#running.get(path) ?? {};
          this.#running.set(path, { done: done + event.bytes, total: event.total ?? total });
          this.#show(name);
        },
      });
    } finally {
      this.#running.delete(path);
      if (this.#running.size === 0) this[Symbol.dispose]();
    }
  }

  #show(name: string): void {
    this.#progress ??= this.#ui.progress("Fetching", "bytes");
    let done = 0;
    let total: number | undefined = 0;
    for (const item of this.#running.values()) {
      done += item.done;
      total = total === undefined || item.total === undefined ? undefined : total + item.total;
    }
    this.#progress.update(done, total, printable(name));
  }

  [Symbol.dispose](): void {
    this.#progress?.end();
    this.#progress = undefined;
  }
}
