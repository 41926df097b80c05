// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Carries a plan out: room checked, stones fetched, the new state made. The root's lock must be held by the caller. */
import type { EngineListener } from "#moss/events";
import type { Moss } from "#moss/moss";
import { additionsOf, type Plan, removalsOf } from "#moss/plan";
import { checkSpace } from "#moss/space";
import { bringStones } from "#moss/stones";
import { type ApplyResult, apply } from "#transition/apply";
import { exportTree } from "#transition/export";
import type { RootRef } from "#tree/entry";

export interface CarryOutOptions {
  /** The command line, and who ran it. */
  readonly command: string;
  readonly user?: string;
  readonly onEvent?: EngineListener;
  /** Ends the fetching; what comes after it takes a moment only, and is not ended. */
  readonly signal?: AbortSignal;
}

/** Makes the planned state live. Throws disk.full before anything is fetched, fetch.*, and what `apply` throws. */
export async function carryOut(moss: Moss, plan: Plan, options: CarryOutOptions): Promise<ApplyResult> {
  const { root } = moss;
  const { onEvent = () => {}, command, user, signal } = options;
  checkSpace(root, plan);
  const offers = plan.incoming.flatMap(({ offer }) => (offer === undefined ? [] : [offer]));
  const stones = await bringStones(offers, root.cache, onEvent, signal === undefined ? {} : { signal });
  return await apply(
    root,
    {
      add: additionsOf(plan),
      remove: removalsOf(plan),
      stones,
      summary: plan.summary,
      command,
      ...(user === undefined ? {} : { user }),
      systemModel: plan.systemModel,
      base: plan.base,
    },
    onEvent,
  );
}

/**
 * Writes the tree that a plan leads to into a folder, without a state: what is in the plan's base stays in it, what the plan
 * brings comes. Throws root.dangerous, and what `carryOut` throws.
 */
export async function writeOut(
  moss: Moss,
  plan: Plan,
  directory: string,
  options: CarryOutOptions & { readonly force?: boolean },
): Promise<{ readonly tree: RootRef; readonly packages: number }> {
  const { root } = moss;
  const { onEvent = () => {}, command, force = false, signal } = options;
  checkSpace(root, plan, directory);
  const offers = plan.incoming.flatMap(({ offer }) => (offer === undefined ? [] : [offer]));
  const stones = await bringStones(offers, root.cache, onEvent, signal === undefined ? {} : { signal });
  const changed = new Set([...plan.incoming.map(({ name }) => name), ...plan.outgoing.map(({ name }) => name)]);
  const kept = (plan.base === 0 ? [] : root.packages(root.state(plan.base))).filter(({ name }) => !changed.has(name));
  const selections = [...kept, ...additionsOf(plan)];
  const tree = await exportTree(
    root,
    directory,
    { selections, stones, systemModel: plan.systemModel, command, force },
    onEvent,
  );
  return { tree, packages: selections.length };
}
