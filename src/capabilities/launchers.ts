// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Files that start programs for others: systemd units, desktop entries, D-Bus services. They want those programs. */
import { programOf } from "#capabilities/binary";
import { type Handler, textOf } from "#capabilities/file";
import type { Capability } from "#model/dependency";

/** Values of some keys of an INI-like file, wherever they stand; lines that end in a backslash go on. */
function* values(text: string, keys: RegExp): Generator<string> {
  for (const line of text.replaceAll(/\\\r?\n/g, " ").split(/\r?\n/)) {
    const match = /^([\w-]+)\s*=\s*(.*)$/.exec(line);
    if (match?.[1] !== undefined && match[2] !== undefined && keys.test(match[1])) yield match[2];
  }
}

/** The program that a command line begins with: quotes taken off, arguments dropped. */
function programWord(command: string): string {
  const match = /^"([^"]*)"|^'([^']*)'|^(\S+)/.exec(command.trim());
  return match?.[1] ?? match?.[2] ?? match?.[3] ?? "";
}

function wanted(commands: Iterable<string>, bare: boolean): Capability[] {
  const out: Capability[] = [];
  for (const command of commands) {
    const word = programWord(command);
    if (!/^[\w./+-]+$/.test(word)) continue;
    const program = word.startsWith("/")
      ? programOf(word)
      : bare && !word.includes("/")
        ? programOf(`/usr/bin/${word}`)
        : undefined;
    if (program !== undefined) out.push(program);
  }
  return out;
}

export const systemd: Handler = {
  name: "systemd",
  concerns: (file) =>
    file.kind === "regular" &&
    /\/systemd\/(?:system|user)\/(?:[^/]+\.d\/)?[^/]+\.(?:service|socket|mount|swap|conf)$/.test(file.path),
  decide(file) {
    const commands: string[] = [];
    for (const value of values(textOf(file) ?? "", /^Exec\w+$/)) {
      const [, prefix = "", command = ""] = /^([-@:+!|]*)(.*)$/.exec(value) ?? [];
      // "-" says that the unit does without the program.
      if (!prefix.includes("-")) commands.push(command);
    }
    return { wants: wanted(commands, true) };
  },
};

export const desktop: Handler = {
  name: "desktop",
  concerns: (file) =>
    file.kind === "regular" &&
    /^\/usr\/share\/(?:applications|xsessions|wayland-sessions)\/.*\.desktop$/.test(file.path),
  decide: (file) => ({ wants: wanted(values(textOf(file) ?? "", /^Exec$/), true) }),
};

export const dbus: Handler = {
  name: "dbus",
  concerns: (file) =>
    file.kind === "regular" && /^\/usr\/share\/dbus-1\/(?:system-)?services\/.*\.service$/.test(file.path),
  decide: (file) => ({ wants: wanted(values(textOf(file) ?? "", /^Exec$/), false) }),
};
