// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** The log of `--log LEVEL[:FORMAT[:DEST]]`: text or JSON lines, to stderr or appended to a file. */
import { openSync } from "node:fs";
import { Failure } from "#base/errors";
import { writeAll } from "#cli/terminal";

const LEVELS = ["trace", "debug", "info", "warn", "error"] as const;
export type Level = (typeof LEVELS)[number];

export interface Logger {
  readonly write: (level: Level, message: string) => void;
}

/** Reads the value of the option. Throws `usage`. */
export function makeLogger(text: string): Logger {
  const [level = "", format = "text", ...rest] = text.split(":");
  const destination = rest.length === 0 ? "stderr" : rest.join(":");
  const least = LEVELS.findIndex((name) => name === level);
  if (least < 0 || (format !== "text" && format !== "json")) {
    throw new Failure("usage", `Cannot use "${text}" for --log: expected LEVEL[:text|json[:stderr|FILE]]`, {
      hint: `Levels: ${LEVELS.join(", ")}.`,
    });
  }
  const fd = destination === "stderr" ? 2 : openLog(destination);
  return {
    write: (at, message) => {
      if (LEVELS.indexOf(at) < least) return;
      const time = new Date().toISOString();
      const line = format === "json" ? JSON.stringify({ time, level: at, message }) : `${time} ${at} ${message}`;
      writeAll(fd, `${line}\n`);
    },
  };
}

function openLog(path: string): number {
  try {
    return openSync(path, "a", 0o644);
  } catch (cause) {
    throw new Failure("io", `Cannot open the log "${path}"`, { cause });
  }
}
