// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Packages of the live state as the solver asks for them. */
import { Failure } from "#base/errors";
import { installedOf } from "#solver/installed";
import type { InstalledPackage, InstalledSource } from "#solver/model";
import type { MossRoot } from "#transition/root";
import type { StateRecord } from "#transition/schema";

/** What is installed in a state; nothing where there is none. */
export function installedIn(root: MossRoot, state: StateRecord | undefined): InstalledSource {
  return installedOf(
    root.packages(state).map(({ id, name, explicit }): InstalledPackage => {
      const meta = root.package(id)?.meta;
      if (meta !== undefined) return { id, meta, explicit };
      throw new Failure("db.decode", `Cannot read the package "${name}" of state ${state?.id}: its record is missing`);
    }),
  );
}
