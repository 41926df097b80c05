// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Shows what an import tells: a bar for each piece of work, lines for what stays. */
import type { Progress } from "#cli/progress";
import { counted, formatBytes, printable } from "#cli/style";
import type { Ui } from "#cli/ui";
import type { ImportEvent } from "#deb/import";

/** A listener that shows events; dispose it when the work has ended, however it ended. */
export interface Watcher extends Disposable {
  readonly on: (event: ImportEvent) => void;
}

/** Makes the listener of an import. */
export function watch(ui: Ui): Watcher {
  let bar: { readonly label: string; readonly progress: Progress } | undefined;
  const end = (): void => {
    bar?.progress.end();
    bar = undefined;
  };
  const show = (label: string, done: number, total: number, note: string): void => {
    if (bar?.label !== label) {
      end();
      bar = { label, progress: ui.progress(label, "bytes") };
    }
    bar.progress.update(done, total, printable(note));
  };
  const packages = (label: string, event: ImportEvent & { readonly type: "scanned" | "written" }): void => {
    show(label, event.doneBytes, event.totalBytes, `${event.done}/${event.total} ${event.name}`);
    if (event.done >= event.total) end();
  };
  let bytes = 0;
  const on = (event: ImportEvent): void => {
    switch (event.type) {
      case "apt-update":
        return ui.note("Fetching package lists through apt, in a state of its own");
      case "apt-lists":
        return ui.note(`apt offers ${counted(event.packages, "package")}`);
      case "apt-warning":
        return ui.warn(`apt: ${printable(event.text)}`);
      case "resolved":
        ui.event(event);
        return ui.note(`Resolved to ${counted(event.packages, "package")}`);
      case "download":
        bytes = event.bytes;
        ui.event(event);
        return ui.note(`Fetching ${counted(event.packages, "package")}, ${formatBytes(event.bytes)}`);
      case "downloading":
        show("Fetching", (event.percent / 100) * bytes, bytes, "");
        if (event.percent >= 100) end();
        return;
      case "scanned":
        return packages("Reading", event);
      case "planned":
        return ui.note(`Decided on ${counted(event.packages, "package")}`);
      case "written":
        return packages("Writing", event);
      case "indexed":
        return ui.note(`Indexed ${counted(event.packages, "stone")}`);
    }
  };
  return { on, [Symbol.dispose]: end };
}
