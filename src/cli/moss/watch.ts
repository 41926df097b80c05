// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Shows what the engine tells: one bar for each piece of work, lines for what stays, events for programs. */
import type { Progress } from "#cli/progress";
import { counted, formatBytes, printable } from "#cli/style";
import type { Ui } from "#cli/ui";
import type { EngineEvent, EngineListener } from "#moss/events";
import type { DamagedFile } from "#transition/damaged";

/** A listener that shows events; dispose it when the work has ended, however it ended. */
export interface Watcher extends Disposable {
  readonly on: EngineListener;
}

const PHASES: Readonly<Record<string, string>> = {
  recover: "Looking after a run that did not end",
  merge: "Merging",
  stage: "Writing",
  sync: "Syncing",
  verify: "Verifying",
  repair: "Repairing",
  prune: "Removing states",
  sweep: "Sweeping the store",
};

/** Makes a listener of the engine. */
export function watch(ui: Ui): Watcher {
  const bars = new Bars(ui);
  return {
    on: (event) => {
      if (isWork(event)) bars.show(event);
      else tell(ui, event, bars);
    },
    [Symbol.dispose]: () => bars.end(),
  };
}

/** Kinds of events that say how far some work is. */
const WORK = ["refresh", "storing", "fetch", "unpack", "blit", "verify"] as const;

type Work = Extract<EngineEvent, { readonly kind: (typeof WORK)[number] }>;

function isWork(event: EngineEvent): event is Work {
  return WORK.some((kind) => kind === event.kind);
}

/** Milliseconds after which a wait is shown. */
const LONG = 300;

/** One bar at a time, for what goes on. */
class Bars {
  readonly #ui: Ui;
  #bar: { readonly label: string; readonly progress: Progress } | undefined;
  #waiting: Timer | undefined;
  /** Bytes that a sweep has given back so far. */
  #reclaimed = 0;

  constructor(ui: Ui) {
    this.#ui = ui;
  }

  end(): void {
    clearInterval(this.#waiting);
    this.#waiting = undefined;
    this.#bar?.progress.end();
    this.#bar = undefined;
  }

  /** Shows what is waited for, once that takes long. */
  wait(label: string): void {
    this.#waiting = setInterval(() => this.#update(label, "items", 0, undefined), LONG);
    this.#waiting.unref();
  }

  show(event: Work): void {
    switch (event.kind) {
      case "refresh":
        return this.#update(`Refreshing ${event.collection}`, "bytes", event.bytes, event.total);
      case "storing":
        return this.#update(`Taking in ${event.collection}`, "items", event.packages, undefined, "packages");
      case "fetch":
        return this.#update("Fetching", "bytes", event.bytes, event.total, event.name);
      case "unpack":
        return this.#update("Unpacking", "items", event.done, event.total, event.name);
      case "blit":
        // Its units are of no size that would mean something to anybody.
        return this.#update("Writing the tree", "items", 0, undefined);
      case "verify":
        return this.#update(`Verifying the ${event.what}`, event.unit ?? "items", event.done, event.total);
      default:
        return event satisfies never;
    }
  }

  /** Files that left the store; what each event says of bytes is the sum of its own sweep. */
  swept({ bytes, done, total }: { readonly bytes: number; readonly done: number; readonly total: number }): void {
    this.#reclaimed = Math.max(this.#reclaimed, bytes);
    this.#update("Sweeping", "items", done, total, `${formatBytes(this.#reclaimed)} given back`);
  }

  #update(label: string, unit: "bytes" | "items", done: number, total: number | undefined, note?: string): void {
    if (this.#bar?.label !== label) this.#bar = { label, progress: this.#ui.progress(label, unit) };
    this.#bar.progress.update(done, total, note);
  }
}

/** Tells what happened, in words and to programs. */
function tell(ui: Ui, event: Exclude<EngineEvent, Work>, bars: Bars): void {
  switch (event.kind) {
    case "phase":
      bars.end();
      ui.event({ type: "phase", phase: event.phase });
      ui.log("debug", PHASES[event.phase] ?? event.phase);
      if (event.phase === "sync") bars.wait("Waiting for the disk");
      return;
    case "refreshed": {
      bars.end();
      const { collection, changed, packages } = event;
      ui.event({ type: "refreshed", collection, changed, packages });
      if (changed || ui.verbose) {
        ui.note(`Refreshed ${collection}: ${counted(packages, "package")}${changed ? "" : ", nothing new"}`);
      }
      return;
    }
    case "stale":
      bars.end();
      return ui.warn(
        `${event.collection} could not be refreshed, so what is known of it is used: ${printable(event.reason)}`,
      );
    case "fetched":
      ui.event({ type: "fetched", name: event.name, cached: event.cached, bytes: event.bytes });
      if (ui.verbose) ui.note(`Fetched ${event.name}${event.cached ? " (was there)" : ""}`);
      return;
    case "retry":
      return ui.note(
        `Trying ${event.name} again in ${Math.round(event.wait / 100) / 10} s: ${printable(event.reason)}`,
      );
    case "full-build":
      ui.log("info", `The tree is written in full: ${event.reason}`);
      return;
    case "recovered":
      bars.end();
      ui.event({ type: "recovered", how: event.how, state: event.state, command: event.command });
      return ui.note(recoveredText(event.how, printable(event.command)));
    case "damaged":
      return ui.warn(printable(damagedText(event.files)));
    case "warning":
      return ui.warn(printable(event.message));
    case "removed":
      return event.what === "state" ? ui.event({ type: "removed", state: Number(event.name) }) : bars.swept(event);
    default:
      return event satisfies never;
  }
}

/** More damaged files than these are counted only. */
const SHOWN = 3;

function damagedText(files: readonly DamagedFile[]): string {
  const told = files.slice(0, SHOWN).map(({ path, owners, found, expected }) => {
    const there = found === undefined ? "no file" : `${found} bytes`;
    return `usr/${path} of ${owners.join(", ")} (${there}, expected ${expected})`;
  });
  const more = files.length > SHOWN ? ` and ${files.length - SHOWN} more` : "";
  return `The store is damaged, and with it this state: ${told.join("; ")}${more}. "moss verify --repair" puts it right.`;
}

function recoveredText(how: "finished" | "undone", command: string): string {
  return how === "finished"
    ? `An earlier command had been cut off; what it began is finished now (${command})`
    : `An earlier command had been cut off before it changed anything; what it left is cleared away (${command})`;
}
