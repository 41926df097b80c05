// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** What moss-container can complete: the programs of the root that is named so far. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { complete } from "#cli/complete";
import type { Invocation } from "#cli/spec";

export async function run(invocation: Invocation): Promise<void> {
  await complete(invocation, async (kind, given) => {
    if (kind !== "program") return [];
    const root = given.get("directory") ?? given.get("dir") ?? ".";
    return readdirSync(join(root, "usr/bin"))
      .sort()
      .map((word) => ({ word }));
  });
}
