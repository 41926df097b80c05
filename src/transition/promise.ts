// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * A plan is made from what an index says of packages; what a stone says of itself is known when it has been unpacked. A
 * state is only made where the two agree on all that the plan stands on.
 */
import { Failure } from "#base/errors";
import { type Capability, formatCapability } from "#model/dependency";
import { formatVersion, type PackageMeta } from "#model/package";

/** Throws collection.invalid where a package is not what the plan took it for. */
export function checkPromise(promised: PackageMeta, found: PackageMeta): void {
  const difference = differenceOf(promised, found);
  if (difference === undefined) return;
  throw new Failure(
    "collection.invalid",
    `Cannot use the package "${promised.name}": ${difference}, expected what the index of its collection says`,
    {
      hint: "Nothing was changed. The index was not made of these stones; whoever keeps the collection can make it again.",
    },
  );
}

function differenceOf(promised: PackageMeta, found: PackageMeta): string | undefined {
  const identity = ({ name, release, buildRelease, version }: PackageMeta) =>
    `${name} ${formatVersion({ version, release })}-${buildRelease}`;
  if (identity(promised) !== identity(found)) return `its stone is ${identity(found)}`;
  if (found.essential === true && promised.essential !== true) return "its stone says that it is essential";
  // An index that asks for more, or promises less, has made the plan no worse.
  const needs = beyond(found.depends, promised.depends);
  if (needs !== undefined) return `its stone needs ${needs}`;
  const conflicts = beyond(found.conflicts, promised.conflicts);
  if (conflicts !== undefined) return `its stone conflicts with ${conflicts}`;
  const gives = beyond(promised.provides, found.provides);
  if (gives !== undefined) return `its stone does not give ${gives}`;
  const replaces = (promised.replaces ?? []).find((name) => found.replaces?.includes(name) !== true);
  return replaces === undefined ? undefined : `its stone does not replace ${replaces}`;
}

/** The first of `more` that is not among `known`. */
function beyond(more: readonly Capability[], known: readonly Capability[]): string | undefined {
  if (more.length === 0) return undefined;
  const texts = new Set(known.map(formatCapability));
  return more.map(formatCapability).find((text) => !texts.has(text));
}
