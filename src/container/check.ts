// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Options of a container, checked: paths are absolute and real, contradictions are refused. */
import { realpathSync, statSync } from "node:fs";
import { posix, resolve } from "node:path";
import { Failure } from "#base/errors";
import type { Bind, ContainerOptions } from "#container/options";

/** What `check` has made of the options. */
export interface Checked {
  /** Real paths of the layers, the topmost first. */
  readonly layers: readonly string[];
  readonly binds: readonly Bind[];
  readonly access: "overlay" | "read-only" | "writable";
  readonly fakeroot: boolean;
  readonly uid: number;
  readonly gid: number;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

const MAX_ID = 0xffff_fffe;

function usage(what: string, thing: string, found: string, expected: string, hint?: string): Failure {
  return new Failure("usage", `Cannot ${what} "${thing}": ${found}, expected ${expected}`, hint ? { hint } : {});
}

function realFolder(path: string): string {
  let real: string;
  try {
    real = realpathSync(resolve(path));
  } catch (cause) {
    throw new Failure("root.invalid", `Cannot run in "${path}": it cannot be opened, expected a folder`, { cause });
  }
  if (!statSync(real).isDirectory()) {
    throw new Failure("root.invalid", `Cannot run in "${path}": it is not a folder, expected the folder of a root`);
  }
  return real;
}

/** An absolute path inside the container without `.`, `..` or NUL. */
function inside(what: string, path: string): string {
  if (!path.startsWith("/") || path.includes("\0") || path.split("/").includes("..")) {
    throw usage(what, path, "this is not a path inside", "an absolute path without ..");
  }
  return posix.normalize(path);
}

function checkBind(bind: Bind): Bind {
  let source: string;
  try {
    source = realpathSync(resolve(bind.source));
  } catch (cause) {
    throw new Failure("usage", `Cannot bind "${bind.source}": it does not exist, expected a file or folder`, { cause });
  }
  return { source, target: inside("bind to", bind.target), readOnly: bind.readOnly ?? false };
}

function checkId(name: string, value: number): number {
  if (!Number.isInteger(value) || value < 0 || value > MAX_ID) {
    throw usage(`run as ${name}`, String(value), "this is not an id", `a whole number from 0 to ${MAX_ID}`);
  }
  return value;
}

function checkLimits(options: ContainerOptions): void {
  const bounds = { ...options.limits, timeout: options.timeout, scratchSize: options.scratchSize };
  for (const [name, value] of Object.entries(bounds)) {
    if (value !== undefined && !(Number.isSafeInteger(value) && value > 0)) {
      throw usage(`bound ${name} to`, String(value), "this is not a bound", "a whole number above 0");
    }
  }
}

/** Throws `usage` or `root.invalid` where the options make no container. */
export function checkOptions(options: ContainerOptions): Checked {
  const folders = typeof options.root === "string" ? [options.root] : options.root;
  const access = options.access ?? "overlay";
  const fakeroot = (options.fakeroot ?? false) || (options.init ?? false) || (options.nested ?? false);
  if (folders.length === 0) throw usage("run in", "", "no root is named", "at least one folder");
  if (options.command.length === 0) throw usage("run", "", "no command is given", "a program and its arguments");
  for (const text of [...options.command, ...Object.entries(options.env ?? {}).flat()]) {
    if (text.includes("\0")) throw usage("run", text.replaceAll("\0", "\\0"), "it holds a NUL byte", "none");
  }
  for (const name of Object.keys(options.env ?? {})) {
    if (name === "" || name.includes("=")) throw usage("set", name, "this is no variable's name", "a name without =");
  }
  if (access === "writable" && folders.length > 1) {
    throw usage("write to", folders.join(":"), `there are ${folders.length} layers`, "one folder with writable");
  }
  if (access !== "overlay" && options.keep !== undefined) {
    throw usage("keep changes in", options.keep, `access is ${access}`, "an overlay");
  }
  if (fakeroot && (options.uid ?? 0) !== 0) {
    throw usage("run as user", String(options.uid), "fakeroot is user 0", "either a user or fakeroot");
  }
  checkLimits(options);
  return {
    layers: folders.map(realFolder),
    binds: (options.binds ?? []).map(checkBind),
    access,
    fakeroot,
    uid: fakeroot ? 0 : checkId("user", options.uid ?? 1000),
    gid: fakeroot ? 0 : checkId("group", options.gid ?? options.uid ?? 1000),
    cwd: inside("work in", options.cwd ?? "/"),
    env: {
      PATH: "/usr/bin:/usr/sbin:/bin:/sbin",
      HOME: fakeroot ? "/root" : "/tmp",
      LANG: "C.UTF-8",
      ...(options.interactive === true && process.env["TERM"] !== undefined ? { TERM: process.env["TERM"] } : {}),
      ...options.env,
    },
  };
}
