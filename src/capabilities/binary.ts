// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Programs by name: whatever lies below /usr/bin is `binary(name)`, below /usr/sbin `sysbinary(name)`. */
import { baseName, type Handler } from "#capabilities/file";
import { type Capability, capability } from "#model/dependency";

/** A program's path as a capability; paths of the old folders mean those below /usr. Undefined for any other folder. */
export function programOf(path: string): Capability | undefined {
  const match = /^(?:\/usr)?\/(s?bin)\/(.+)$/.exec(path);
  if (match === null) return undefined;
  return capability(match[1] === "sbin" ? "sysbinary" : "binary", baseName(path));
}

export const binary: Handler = {
  name: "binary",
  concerns: (file) => file.kind !== "directory" && /^\/usr\/s?bin\//.test(file.path),
  decide(file) {
    const found = programOf(file.path);
    return found === undefined ? {} : { provides: [found] };
  },
};
