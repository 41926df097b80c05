// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Runs the program that moss-container was asked for, with the caller's terminal. */
import { Failure } from "#base/errors";
import type { Invocation, Options } from "#cli/spec";
import { takeHelper } from "#container/helper";
import type { Bind, ContainerOptions, ContainerResult } from "#container/options";
import { runInRoot } from "#container/run";

const UNITS: Readonly<Record<string, number>> = { "": 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40 };

/** Bytes of a size such as `512M`. Throws `usage`. */
export function parseSize(text: string): number {
  const match = /^(\d+(?:\.\d+)?)([kmgt]?)(?:i?b)?$/i.exec(text);
  const bytes = Math.floor(Number(match?.[1]) * (UNITS[(match?.[2] ?? "").toLowerCase()] ?? Number.NaN));
  if (!Number.isSafeInteger(bytes) || bytes <= 0) {
    throw new Failure("usage", `Cannot use "${text}" as a size: expected a number with K, M, G or T`);
  }
  return bytes;
}

/** `FROM` or `FROM:TO`; a colon in FROM is written `\:`. */
export function parseBind(text: string, readOnly: boolean): Bind {
  const at = text.search(/(?<!\\):/);
  const plain = (part: string): string => part.replaceAll("\\:", ":");
  const source = plain(at < 0 ? text : text.slice(0, at));
  return { source, target: at < 0 ? source : plain(text.slice(at + 1)), readOnly };
}

/** `NAME=VALUE`, or `NAME` for the caller's own value. Throws `usage` where the caller has none. */
export function parseVariable(text: string): [string, string] {
  const at = text.indexOf("=");
  if (at > 0) return [text.slice(0, at), text.slice(at + 1)];
  const value = process.env[text];
  if (value === undefined) throw new Failure("usage", `Cannot pass "${text}" on: it is not set, expected NAME=VALUE`);
  return [text, value];
}

function parseUser(text: string): { uid: number; gid: number } {
  const match = /^(\d+)(?::(\d+))?$/.exec(text);
  if (match === null) throw new Failure("usage", `Cannot be user "${text}": expected UID or UID:GID`);
  return { uid: Number(match[1]), gid: Number(match[2] ?? match[1]) };
}

function accessOf(options: Options): "overlay" | "read-only" | "writable" {
  if (options.flag("read-only") && options.flag("writable")) {
    throw new Failure("usage", "Cannot run with --read-only and --writable: expected one of them");
  }
  return options.flag("read-only") ? "read-only" : options.flag("writable") ? "writable" : "overlay";
}

/** What the command line asks for. Throws `usage`. */
function containerOptions(options: Options, operands: readonly string[]): ContainerOptions {
  const optional = <T>(name: string, value: T | undefined): Record<string, T> =>
    value === undefined ? {} : { [name]: value };
  const memory = options.text("memory");
  const scratch = options.text("scratch");
  const user = options.text("user");
  const timeout = options.number("timeout", 1);
  return {
    root: options.text("directory") ?? options.text("dir") ?? ".",
    command: operands.length > 0 ? operands : ["sh"],
    access: accessOf(options),
    fakeroot: options.flag("fakeroot"),
    network: options.flag("network"),
    init: options.flag("init"),
    nested: options.flag("nested"),
    etc: !options.flag("no-etc"),
    interactive: true,
    binds: [
      ...options.list("bind").map((text) => parseBind(text, false)),
      ...options.list("ro-bind").map((text) => parseBind(text, true)),
    ],
    tmpfs: options.list("tmpfs"),
    env: Object.fromEntries(options.list("env").map(parseVariable)),
    limits: {
      ...optional("memory", memory === undefined ? undefined : parseSize(memory)),
      ...optional("pids", options.number("pids", 1)),
    },
    ...(user === undefined ? {} : parseUser(user)),
    ...optional("cwd", options.text("cwd")),
    ...optional("hostname", options.text("hostname")),
    ...optional("keep", options.text("keep")),
    ...optional("scratchSize", scratch === undefined ? undefined : parseSize(scratch)),
    ...optional("timeout", timeout === undefined ? undefined : timeout * 1000),
  };
}

function usageLine({ usage }: ContainerResult): string {
  const mib = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
  const bounds = Object.entries(usage.enforced).map(([name, how]) => `${name} by ${how}`);
  return [
    `${(usage.wallMs / 1000).toFixed(3)} s, ${((usage.userMs + usage.systemMs) / 1000).toFixed(3)} s of processor time`,
    `largest process ${mib(usage.processPeak)}`,
    ...(usage.memoryPeak === undefined ? [] : [`${mib(usage.memoryPeak)} at most`]),
    ...(usage.outOfMemory === undefined || usage.outOfMemory === 0 ? [] : [`out of memory ${usage.outOfMemory}x`]),
    ...(bounds.length === 0 ? [] : [`bounds: ${bounds.join(", ")}`]),
  ].join("; ");
}

export async function run({ options, operands, ui }: Invocation): Promise<number> {
  const stop = new AbortController();
  const abort = (): void => stop.abort();
  process.on("SIGTERM", abort);
  process.on("SIGHUP", abort);
  // An interrupt from the terminal reaches the program inside by itself, which may have its own mind about it.
  const ignore = (): void => undefined;
  process.on("SIGINT", ignore);
  try {
    const asked = { ...containerOptions(options, operands), signal: stop.signal };
    const helper = takeHelper();
    const result = await runInRoot(asked, undefined, helper);
    if (options.flag("json")) {
      const { code, signal, timedOut, usage } = result;
      ui.flush();
      process.stderr.write(`${JSON.stringify({ code, signal, timedOut, usage })}\n`);
    } else if (options.flag("usage")) ui.note(usageLine(result));
    return result.code;
  } finally {
    process.off("SIGTERM", abort);
    process.off("SIGHUP", abort);
    process.off("SIGINT", ignore);
  }
}
