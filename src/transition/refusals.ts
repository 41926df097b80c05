// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Why a root is not read or changed, in words. */
import { existsSync } from "node:fs";
import { Failure } from "#base/errors";
import { lockOwner } from "#sys/lock";

/** The failure for a number that no state has. */
export function unknownState(id: number): Failure {
  return new Failure("state.unknown", `Cannot find the state "${id}": no state has this number`, {
    hint: '"moss state list" shows the states that there are.',
  });
}

/** The failure for removing the live state. */
export function liveState(id: number): Failure {
  return new Failure("state.active", `Cannot remove the state "${id}": it is the live one`, {
    hint: "Activate another state first.",
  });
}

/** Unlike other databases this one cannot be made anew: it alone knows the states. */
export function torn(folder: string, cause: Failure): Failure {
  return new Failure("db.corrupt", cause.message, {
    hint: `Restore "${folder}" from a backup. /usr itself is as it was.`,
    cause,
  });
}

function signature(path: string): RegExpExecArray | null {
  return /"pid":(\d+),"command":"((?:[^"\\]|\\.)*)"/.exec(lockOwner(path));
}

/** Milliseconds that one who has just taken the lock may need to sign it. */
const SIGNING = 100;

/** `path` is the lock that another process holds. */
export function busy(directory: string, path: string): Failure {
  const until = performance.now() + SIGNING;
  let match = signature(path);
  // A process that is gone held the lock before the one that has it now.
  while ((match === null || !existsSync(`/proc/${match[1]}`)) && performance.now() < until) {
    Bun.sleepSync(5);
    match = signature(path);
  }
  const who = match === null ? "another process" : `process ${match[1]} (${match[2]})`;
  return new Failure("root.busy", `Cannot change the root "${directory}": ${who} is changing it`, {
    hint: "Wait for it to end, or give --wait.",
  });
}
