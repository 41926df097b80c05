// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Why a command could not be started in a root: looked up as the kernel would, without ever following a link out. */
import { lstatSync, readlinkSync, type Stats } from "node:fs";
import { join } from "node:path";

const MAX_LINKS = 40;

function look(layers: readonly string[], path: string): { file: string; stat: Stats } | undefined {
  for (const layer of layers) {
    const file = join(layer, path);
    try {
      return { file, stat: lstatSync(file) };
    } catch {
      // Not in this layer.
    }
  }
  return undefined;
}

/** The file that an absolute path names inside a root made of `layers` (topmost first), or undefined. */
export function resolveIn(layers: readonly string[], path: string): { file: string; stat: Stats } | undefined {
  let links = 0;
  let done = "/";
  const left = path.split("/").filter((part) => part !== "");
  let found = look(layers, "/");
  while (left.length > 0) {
    const part = left.shift();
    if (part === undefined || part === ".") continue;
    const next = join(done, part);
    found = look(layers, next);
    if (found === undefined) return undefined;
    if (!found.stat.isSymbolicLink()) {
      done = next;
      continue;
    }
    if (++links > MAX_LINKS) return undefined;
    const target = readlinkSync(found.file);
    left.unshift(...target.split("/").filter((step) => step !== ""));
    if (target.startsWith("/")) done = "/";
  }
  return look(layers, done);
}

/** 127 where no such program is there, 126 where one is, but cannot be executed (what shells give). */
export function startFailure(layers: readonly string[], command: string, path: string, cwd: string): 126 | 127 {
  const places = command.includes("/")
    ? [command.startsWith("/") ? command : join(cwd, command)]
    : path.split(":").map((folder) => join("/", folder, command));
  return places.some((place) => resolveIn(layers, place) !== undefined) ? 126 : 127;
}
