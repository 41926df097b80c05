// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** What install, remove and upgrade share: show the plan, ask, and carry it out. */
import { Failure } from "#base/errors";
import { noteCopies } from "#cli/moss/copies";
import { finishEarlier, openForAsking, openForChange, openMade } from "#cli/moss/engine";
import { interruptible } from "#cli/moss/interrupt";
import { askToGoOn, sinceStart, tellOutcome } from "#cli/moss/result";
import { userName, waitOf } from "#cli/moss/root";
import { showHeldBack, showPlan } from "#cli/moss/show-plan";
import { watch } from "#cli/moss/watch";
import type { Invocation } from "#cli/spec";
import { carryOut } from "#moss/carry-out";
import type { Moss } from "#moss/moss";
import { isEmpty, type Plan, planValue, samePlan } from "#moss/plan";
import { checkSpace } from "#moss/space";
import { checkRoot } from "#transition/checks";

const QUESTION = "Do you wish to continue?";

export interface Change {
  /** True where there is something to do in a root that moss has never made anything in. */
  readonly begins?: boolean;
  /** Makes the plan; again where another command was faster. */
  readonly plan: (moss: Moss) => Promise<Plan>;
  /** Done before planning, such as refreshing collections. */
  readonly before?: (moss: Moss) => Promise<void>;
  /** What is said where nothing would change. */
  readonly nothing: (plan: Plan) => string;
}

/** Plans, asks and carries out. Throws what planning throws, `declined`, `root.*`, `disk.full`, `fetch.*`, `interrupted`. */
export async function change(
  invocation: Invocation,
  { plan: makePlan, before, nothing, begins }: Change,
): Promise<void> {
  const { ui, options, command } = invocation;
  const wait = waitOf(invocation);
  const started = sinceStart();
  const dryRun = options.flag("dry-run");
  const open = begins === true ? openForChange : openMade;
  using moss = dryRun ? openForAsking(invocation) : await open(invocation);
  // Whoever cannot go on should know before having thought about a plan.
  if (!dryRun) await finishEarlier(invocation, moss);
  if (!dryRun) checkRoot(moss.root.directory, moss.root.states().length > 0);
  await before?.(moss);
  let plan = await makePlan(moss).catch(nameFlag);
  if (isEmpty(plan)) {
    ui.event({ type: "plan", ...planValue(plan) });
    showHeldBack(ui, plan);
    ui.say(nothing(plan));
    ui.event({ type: "done", state: plan.base, before: plan.base, made: false });
    return;
  }
  const planned = sinceStart();
  showPlan(ui, plan);
  noteCopies(ui, moss.root, plan);
  if (dryRun) return;
  checkSpace(moss.root, plan);
  askToGoOn(ui, QUESTION);
  using _lock = moss.root.lock({ command, wait });
  while ((moss.root.active()?.id ?? 0) !== plan.base) {
    ui.note("Another command has changed the root meanwhile, so this one is planned again.");
    const again = await makePlan(moss);
    if (!samePlan(plan, again)) {
      if (isEmpty(again)) {
        ui.say(nothing(again));
        return;
      }
      showPlan(ui, again);
      askToGoOn(ui, QUESTION);
    }
    plan = again;
  }
  using watcher = watch(ui);
  const outcome = await interruptible(ui, watcher.on, async (options) => {
    return await carryOut(moss, plan, { command, user: userName(), ...options });
  });
  watcher[Symbol.dispose]();
  const timings = { start: started, plan: planned - started, ...outcome.timings };
  tellOutcome(ui, { ...outcome, timings }, { summary: plan.summary });
}

/** The engine knows no flags of command lines. */
function nameFlag(error: unknown): never {
  if (error instanceof Failure && error.code === "package.essential") {
    throw new Failure(error.code, error.message, { hint: "If that is really what you want, give --allow-essential." });
  }
  throw error;
}
