// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Work that takes its time, shown: a bar on a terminal, a few plain lines where piped, events for programs. */
import { cut, formatBytes, formatDuration, pad, type Style, textWidth } from "#cli/style";
import { terminalWidth, writeAll } from "#cli/terminal";

export interface Progress extends Disposable {
  /** Where the work is; `note` names what is worked on. */
  readonly update: (done: number, total?: number, note?: string) => void;
  /** Takes the bar off the screen until the next update, so that a line can be written. */
  readonly hide: () => void;
  /** Ends it; a second call does nothing. */
  readonly end: () => void;
}

type Unit = "bytes" | "items";
const REDRAW = 100;
const PLAIN_EVERY = 5000;
const EVENT_EVERY = 250;
const CELLS = 24;

/** What has been seen must say something of the rest: this share of the work, or this many seconds of it. */
const ENOUGH_SHARE = 0.05;
const ENOUGH_SECONDS = 20;
const FEW_SECONDS = 3;

/** Rate, from the start of the work, and the time left, once that can be told; `seconds` have passed. */
export function pace(done: number, total: number | undefined, seconds: number, unit: Unit): string {
  if (seconds < 0.5 || done === 0) return "";
  const rate = done / seconds;
  const speed = unit === "bytes" ? `${formatBytes(rate)}/s` : `${rate < 10 ? rate.toFixed(1) : Math.round(rate)}/s`;
  const tellable = seconds >= FEW_SECONDS && (seconds >= ENOUGH_SECONDS || done >= (total ?? 0) * ENOUGH_SHARE);
  const left = total === undefined || !tellable ? 0 : Math.round((total - done) / rate);
  return left < 1 ? speed : `${speed}, ${formatDuration(left * 1000).replace(".0 s", " s")} left`;
}

function position(done: number, total: number | undefined, unit: Unit): string {
  const show = (value: number) => (unit === "bytes" ? formatBytes(value) : String(value));
  if (total === undefined) return done === 0 ? "" : show(done);
  return `${show(done)}/${show(total)}`;
}

/**
 * A line of progress no wider than `width`: the label, a bar where the share is known, and of the parts as many whole ones as
 * fit. Where not even the first fits, the bar goes.
 */
export function fittedLine(label: string, share: number | undefined, parts: readonly string[], width: number): string {
  const filled = Math.round((share ?? 0) * CELLS);
  const bar = share === undefined ? "" : ` [${"=".repeat(filled)}${" ".repeat(CELLS - filled)}]`;
  const [first = "", ...others] = parts.filter((part) => part !== "");
  const whole = `${label}${bar} ${first}`.trimEnd();
  let line = textWidth(whole) <= width ? whole : cut(`${label} ${first}`.trimEnd(), width);
  for (const part of others) {
    if (textWidth(line) + 2 + textWidth(part) > width) break;
    line += `  ${part}`;
  }
  return line;
}

abstract class Base implements Progress {
  protected readonly label: string;
  protected readonly unit: Unit;
  protected readonly started = performance.now();
  protected done = 0;
  protected total: number | undefined;
  protected note = "";
  #ended = false;
  #last = Number.NEGATIVE_INFINITY;
  readonly #every: number;

  constructor(label: string, unit: Unit, every: number) {
    this.label = label;
    this.unit = unit;
    this.#every = every;
  }

  update(done: number, total?: number, note = ""): void {
    if (this.#ended) return;
    this.done = done;
    this.total = total ?? this.total;
    this.note = note;
    const now = performance.now();
    if (now - this.#last < this.#every) return;
    this.#last = now;
    this.draw();
  }

  protected get seconds(): number {
    return (performance.now() - this.started) / 1000;
  }

  hide(): void {}

  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.finish();
  }

  [Symbol.dispose](): void {
    this.end();
  }

  protected abstract draw(): void;
  protected finish(): void {}
}

/** A bar on one line of stderr, drawn again in its place. */
export class TerminalProgress extends Base {
  readonly #style: Style;
  #shown = false;

  constructor(label: string, unit: Unit, style: Style) {
    super(label, unit, REDRAW);
    this.#style = style;
  }

  protected override draw(): void {
    const { total } = this;
    const share = total === undefined || total === 0 ? undefined : Math.min(1, this.done / total);
    const percent = share === undefined ? "" : ` ${Math.floor(share * 100)}%`;
    const parts = [
      position(this.done, total, this.unit) + percent,
      pace(this.done, total, this.seconds, this.unit),
      this.note,
    ];
    const line = fittedLine(this.label, share, parts, terminalWidth() - 1);
    // Written over what stands there, and only then cleared to its end: cleared first, the line would flicker.
    writeAll(2, `\r${this.#style.blue(line.slice(0, this.label.length))}${line.slice(this.label.length)}\x1b[K`);
    this.#shown = true;
  }

  override hide(): void {
    if (this.#shown) writeAll(2, "\r\x1b[K");
    this.#shown = false;
  }

  protected override finish(): void {
    this.hide();
  }
}

/** A line every few seconds, for files, pipes, and terminals that obey nothing. */
export class PlainProgress extends Base {
  constructor(label: string, unit: Unit) {
    super(label, unit, PLAIN_EVERY);
  }

  protected override draw(): void {
    // The first report comes when there is something to tell: short work needs no line.
    if (performance.now() - this.started < PLAIN_EVERY / 2) return;
    const parts = [position(this.done, this.total, this.unit), pace(this.done, this.total, this.seconds, this.unit)];
    writeAll(2, `${pad(this.label, 12)} ${parts.filter((part) => part !== "").join("  ")}\n`);
  }
}

/** Events for programs; nothing for people. */
export class QuietProgress extends Base {
  readonly #emit: (event: { readonly type: "progress" } & Readonly<Record<string, unknown>>) => void;

  constructor(
    label: string,
    unit: Unit,
    emit: (event: { readonly type: "progress" } & Readonly<Record<string, unknown>>) => void,
  ) {
    super(label, unit, EVENT_EVERY);
    this.#emit = emit;
  }

  protected override draw(): void {
    const { label, done, total, unit, note } = this;
    this.#emit({
      type: "progress",
      label,
      done,
      ...(total === undefined ? {} : { total }),
      unit,
      ...(note === "" ? {} : { note }),
    });
  }

  protected override finish(): void {
    if (this.done > 0) this.draw();
  }
}
