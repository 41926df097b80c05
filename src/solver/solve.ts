// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** From installed packages, offers and jobs to a selection in which every need is met, or to an explanation. */
import { Failure } from "#base/errors";
import { compareText } from "#base/order";
import { parseCapability } from "#model/dependency";
import { compareRelease } from "#model/package";
import { explain, notInstalled, notOffered } from "#solver/explain";
import type { HeldBack, InstalledPackage, Job, Offer, Problem, Solution } from "#solver/model";
import { outcomeOf } from "#solver/outcome";
import { type Requirement, Rules } from "#solver/rules";
import { Contradiction, no, Sat, TRUE, yes } from "#solver/sat";
import { search, type Wish } from "#solver/search";
import type { Build, Why } from "#solver/why";

/** Upgrades that are held back are each looked into; of more than so many only the fact is told. */
const MOST_EXPLAINED = 16;

/**
 * Solves the jobs together, keeping what is installed where it can. The same input gives the same result.
 * Throws `package.unknown`, `package.essential`, `solver.unsatisfied`, `solver.conflict`, with the chain of reasons.
 */
export function solve<O extends Offer>(problem: Problem<O>): Solution<O> {
  const { offers } = problem;
  const run = () => solveNow(problem);
  return offers.within === undefined ? run() : offers.within(run);
}

interface Asked<O extends Offer> extends Requirement<O> {
  /** Index of the job. */
  readonly job: number;
  /** What has the name that was asked for is chosen before anything else is. */
  readonly named: boolean;
}

function solveNow<O extends Offer>(problem: Problem<O>): Solution<O> {
  const sat = new Sat<Why<O>>();
  const rules = new Rules(sat, problem);
  const asked: Asked<O>[] = [];
  const wishes: Wish<O>[] = [];
  problem.jobs.forEach((job, number) => {
    pose(problem, rules, job, number, asked, wishes);
  });
  asked.sort((a, b) => Number(b.named) - Number(a.named) || a.job - b.job);
  try {
    search(rules, asked, wishes);
  } catch (error) {
    if (error instanceof Contradiction) throw explain(problem, (error as Contradiction<Why<O>>).core);
    throw error;
  }
  const valueOf = (build: Build<O>) => sat.value(yes(build.variable));
  const satisfied = asked
    .filter(({ job }) => problem.jobs[job]?.kind.startsWith("install") === true)
    .sort((a, b) => a.job - b.job)
    .flatMap(({ candidates }) => candidates.find((one) => valueOf(one) === TRUE)?.name ?? []);
  const outcome = outcomeOf(problem, rules, satisfied);
  const leaving = new Set(outcome.outgoing.map((item) => item.package.id));
  const held = wishes.filter(
    ({ installed, targets }) => !leaving.has(installed.id) && targets.every((one) => valueOf(one) !== TRUE),
  );
  const heldBack = held.flatMap(({ installed, targets }, i): HeldBack<O>[] => {
    const offer = targets[0]?.offer;
    if (installed.installed === undefined || offer === undefined) return [];
    const explanation = i < MOST_EXPLAINED ? whyHeld(problem, installed.name) : "not looked into";
    return [{ package: installed.installed, offer, explanation }];
  });
  return { ...outcome, heldBack };
}

/** Writes down what a job asks for. */
function pose<O extends Offer>(
  problem: Problem<O>,
  rules: Rules<O>,
  job: Job,
  number: number,
  asked: Asked<O>[],
  wishes: Wish<O>[],
): void {
  const { installed, offers } = problem;
  const ask = (why: Extract<Why<O>, { candidates: unknown }>, named: boolean) => {
    const { candidates } = why;
    rules.sat.add(
      candidates.map(({ variable }) => yes(variable)),
      why,
    );
    asked.push({ guard: undefined, candidates, job: number, named });
  };
  const present = (verb: string, name: string): InstalledPackage => {
    const item = installed.byName(name);
    if (item === undefined) throw notInstalled(problem, verb, name);
    return item;
  };
  switch (job.kind) {
    case "install": {
      const { kind, name } = parseCapability(job.capability);
      const exact = kind === "name" ? buildsNamed(problem, rules, name) : [];
      const candidates = exact.length > 0 ? exact : rules.candidates(job.capability);
      if (candidates.length === 0) throw notOffered(problem, job.capability, job.by);
      ask({ kind: "asked", text: kind === "name" ? name : job.capability, by: job.by, candidates }, exact.length > 0);
      break;
    }
    case "install-build": {
      const offer = offers.byId(job.id);
      if (offer === undefined) throw notOffered(problem, job.id);
      ask({ kind: "asked", text: offer.meta.name, by: undefined, candidates: [rules.touchOffer(offer)] }, true);
      break;
    }
    case "remove":
      for (const name of job.names) rules.touchInstalled(present("remove", name));
      break;
    case "upgrade": {
      const items = job.names?.map((name) => present("upgrade", name)) ?? inOrderOfUpgrade(installed.all());
      for (const item of items) {
        const targets = targetsOf(problem, rules, item, job.newerOnly === true);
        if (targets.length === 0) continue;
        const { name } = item.meta;
        if (job.names !== undefined) ask({ kind: "upgrade", name, candidates: targets }, true);
        else if (item.pinned !== true) wishes.push({ installed: rules.touchInstalled(item), targets });
      }
      break;
    }
    case "mark":
      present("mark", job.name);
      break;
    case "remove-orphans":
      break;
  }
}

function buildsNamed<O extends Offer>({ installed }: Problem<O>, rules: Rules<O>, name: string): Build<O>[] {
  const item = installed.byName(name);
  const offered = rules.eligible(name).map((offer) => rules.touchOffer(offer));
  return item === undefined ? offered : [...new Set([rules.touchInstalled(item), ...offered])];
}

/** What the user asked for is upgraded before what only others need. */
function inOrderOfUpgrade(all: Iterable<InstalledPackage>): InstalledPackage[] {
  return [...all].sort((a, b) => Number(b.explicit) - Number(a.explicit) || compareText(a.meta.name, b.meta.name));
}

/** Builds that an installed package could become, the best first. Empty where it is what it should be. */
function targetsOf<O extends Offer>(
  { installed }: Problem<O>,
  rules: Rules<O>,
  item: InstalledPackage,
  newerOnly: boolean,
): Build<O>[] {
  const { name } = item.meta;
  const offered = rules.eligible(name);
  const [best] = offered;
  if (best !== undefined) {
    const newer = offered.filter((offer) => compareRelease(offer.meta, item.meta) < 0);
    if (newer.length > 0) return newer.map((offer) => rules.touchOffer(offer));
    // The collections went back to an older release, or built the same one again.
    if (newerOnly || offered.some(({ id }) => id === item.id)) return [];
    return [rules.touchOffer(best)];
  }
  // Nothing has its name any more: it may have been renamed.
  const old = rules.touchInstalled(item);
  const heirs = rules.successors(name).filter((build) => build !== old && installed.byName(build.name) === undefined);
  for (const heir of heirs) {
    rules.sat.add([no(heir.variable), no(old.variable)], { kind: "replaces", build: heir, other: old });
  }
  return heirs;
}

/** Why an upgrade was not possible, found by asking for it alone. */
function whyHeld<O extends Offer>(problem: Problem<O>, name: string): string {
  const others = problem.jobs.filter((job) => job.kind !== "upgrade" || job.names !== undefined);
  try {
    solveNow({ ...problem, jobs: [...others, { kind: "upgrade", names: [name] }] });
    return "other upgrades exclude it";
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return error.message.replace(/^Cannot [^:]*: /, "");
  }
}
