// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Which states of the older moss can be taken over as they are, and what stands in the way of the others. Changes nothing. */
import { hex } from "#base/bytes";
import { Failure } from "#base/errors";
import type { PackageId } from "#model/package";
import { bodySize } from "#moss/legacy/convert";
import type { LegacyRoot, LegacyState } from "#moss/legacy/root";

/** A state that cannot be taken over. */
export interface Incomplete {
  readonly id: number;
  readonly summary: string;
  /** The first thing that stands in the way. */
  readonly reason: Failure;
}

export interface Survey {
  readonly complete: readonly LegacyState[];
  readonly incomplete: readonly Incomplete[];
  /** Packages of the complete states that are not known yet. */
  readonly packages: number;
  /** Bytes of their files, each body once for each mode and owner that it has. */
  readonly bytes: number;
}

/** Judges states. `known` says which packages are in our database already; `tell` hears how many have been looked at. */
export function survey(
  legacy: LegacyRoot,
  states: readonly LegacyState[],
  known: (id: PackageId) => boolean,
  tell: (done: number, total: number) => void = () => {},
): Survey {
  const looked = new Map<PackageId, Failure | undefined>();
  const sizes = new Map<string, number>();
  const needed = new Set(states.flatMap(({ selections }) => selections.map(({ id }) => id)));
  for (const id of needed) {
    looked.set(id, known(id) ? undefined : look(legacy, id, sizes));
    tell(looked.size, needed.size);
  }
  const complete: LegacyState[] = [];
  const incomplete: Incomplete[] = [];
  for (const state of states) {
    const problems = state.selections.flatMap(({ id }) => looked.get(id) ?? []);
    const reason = problems[0] ?? (state.selections.length === 0 ? empty(state.id) : undefined);
    if (reason === undefined) complete.push(state);
    else incomplete.push({ id: state.id, summary: state.summary, reason });
  }
  const coming = new Set(complete.flatMap(({ selections }) => selections.map(({ id }) => id)));
  const packages = [...coming].filter((id) => !known(id)).length;
  return { complete, incomplete, packages, bytes: [...sizes.values()].reduce((sum, size) => sum + size, 0) };
}

function empty(id: number): Failure {
  return new Failure("state.unknown", `Cannot import the state "${id}": it has no packages, expected some`);
}

/** What stands in the way of a package; the sizes of its files go into `sizes`. */
function look(legacy: LegacyRoot, id: PackageId, sizes: Map<string, number>): Failure | undefined {
  try {
    const { name } = legacy.meta(id);
    for (const entry of legacy.layout(id, name)) {
      if (entry.kind !== "regular") continue;
      const digest = hex(entry.digest);
      const key = `${digest}-${entry.mode}-${entry.uid}-${entry.gid}`;
      if (sizes.has(key)) continue;
      const size = bodySize(legacy.assets, digest);
      if (size === undefined) {
        const found = `the body "${digest}" of "usr/${entry.path}" is missing`;
        return new Failure("store.missing", `Cannot import "${name}": ${found}, expected it in .moss/assets/v2`, {
          hint: "Have the older moss repair it (moss state verify), then import again.",
        });
      }
      sizes.set(key, size);
    }
    return undefined;
  } catch (error) {
    if (error instanceof Failure && error.code !== "db.corrupt") return error;
    throw error;
  }
}
