// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** From the rules that contradict each other to a sentence for people: from what was asked for, down to what is in the way. */
import { type Code, Failure } from "#base/errors";
import { nearest } from "#base/nearest";
import { type CapabilityText, formatCapability, parseCapability } from "#model/dependency";
import { formatVersion } from "#model/package";
import type { Offer, Problem } from "#solver/model";
import { better } from "#solver/rules";
import type { Build, Why } from "#solver/why";

const MOST = 4;

/** What the jobs are, for "Cannot ...". */
function describe<O extends Offer>({ jobs, offers, purpose }: Problem<O>): string {
  if (purpose !== undefined) return purpose;
  const texts = jobs.map((job) => {
    switch (job.kind) {
      case "install":
        return `install "${plain(job.capability)}"`;
      case "install-build":
        return `install "${offers.byId(job.id)?.meta.name ?? job.id}"`;
      case "remove":
        return `remove "${job.names.join('", "')}"`;
      case "upgrade":
        return job.names === undefined ? "upgrade" : `upgrade "${job.names.join('", "')}"`;
      case "mark":
        return `mark "${job.name}"`;
      case "remove-orphans":
        return "remove orphans";
      default:
        return job satisfies never;
    }
  });
  const first = texts.slice(0, MOST).join(", ");
  return texts.length > MOST ? `${first} and ${texts.length - MOST} more` : first;
}

/** The capability as people write it: a package name is bare. */
export function plain(text: CapabilityText): string {
  return text.startsWith("name(") ? text.slice(5, -1) : text;
}

function list(words: readonly string[], last: string): string {
  const shown = words.length > MOST ? [...words.slice(0, MOST), `${words.length - MOST} more`] : words;
  if (shown.length < 2) return shown.join("");
  return `${shown.slice(0, -1).join(", ")} ${last} ${shown.at(-1)}`;
}

/** Says in words why a problem has no solution. */
export function explain<O extends Offer>(problem: Problem<O>, core: readonly Why<O>[]): Failure {
  const label = labelsOf(core);
  const ordered = inOrder(core);
  const sentences = [...new Set(ordered.map((why) => sentence(why, label)))];
  const code = codeOf(core);
  const hint = hintOf(problem, core, code);
  const detail = hint === undefined ? {} : { hint };
  return new Failure(code, `Cannot ${describe(problem)}: ${sentences.join("; ")}`, detail);
}

function codeOf<O extends Offer>(core: readonly Why<O>[]): Code {
  if (core.some((why) => why.kind === "stays" && why.because === "essential")) return "package.essential";
  return core.every(({ kind }) => kind === "asked" || kind === "needs" || kind === "upgrade" || kind === "stays")
    ? "solver.unsatisfied"
    : "solver.conflict";
}

/** A build is called by its name, and by its version too where two builds of the name have a part in it. */
function labelsOf<O extends Offer>(core: readonly Why<O>[]): (build: Build<O>) => string {
  const byName = new Map<string, Set<string>>();
  for (const why of core) {
    for (const build of mentioned(why)) byName.set(build.name, (byName.get(build.name) ?? new Set()).add(build.id));
  }
  return (build) => {
    if ((byName.get(build.name)?.size ?? 0) < 2) return build.name;
    return `${build.name} ${formatVersion(build.meta)}${build.installed === undefined ? "" : " (installed)"}`;
  };
}

function mentioned<O extends Offer>(why: Why<O>): readonly Build<O>[] {
  switch (why.kind) {
    case "asked":
    case "upgrade":
      return why.candidates;
    case "removed":
      return [];
    case "needs":
      return [why.build, ...why.candidates];
    case "conflict":
    case "one-build":
    case "replaces":
      return [why.build, why.other];
    case "stays":
      return [why.build];
    default:
      return why satisfies never;
  }
}

/** What was asked for, then what that needs, and so on; what is in the way comes last. */
function inOrder<O extends Offer>(core: readonly Why<O>[]): Why<O>[] {
  const left = new Set([...core].sort((a, b) => rank(a) - rank(b)));
  const ordered: Why<O>[] = [];
  const reached = new Set<Build<O>>();
  const take = (why: Why<O>) => {
    left.delete(why);
    ordered.push(why);
    if (why.kind === "asked" || why.kind === "upgrade" || why.kind === "needs") {
      for (const build of why.candidates) reached.add(build);
    }
  };
  const all = [...left];
  for (const why of all) if (why.kind === "asked" || why.kind === "upgrade" || why.kind === "removed") take(why);
  for (;;) {
    const next = [...left].find((why) => why.kind === "needs" && reached.has(why.build));
    if (next === undefined) break;
    take(next);
  }
  for (const why of all) if (why.kind !== "needs" && why.kind !== "stays" && left.has(why)) take(why);
  for (const why of all) if (why.kind === "needs" && left.has(why)) take(why);
  for (const why of all) if (why.kind === "stays") take(why);
  return ordered;
}

/** Needs of one package are told in the order in which it states them. */
function rank<O extends Offer>(why: Why<O>): number {
  if (why.kind !== "needs") return -1;
  return why.build.meta.depends.findIndex((item) => formatCapability(item) === why.capability);
}

function sentence<O extends Offer>(why: Why<O>, label: (build: Build<O>) => string): string {
  switch (why.kind) {
    case "asked": {
      const [only, second] = why.candidates;
      const asks = why.by === undefined ? "you asked for" : `${why.by} asks for`;
      if (only !== undefined && second === undefined && only.name === why.text) return `${asks} ${label(only)}`;
      return `${asks} ${why.text}, which ${givers(why.candidates, label)}`;
    }
    case "upgrade":
      return `${why.name} is to become ${list(
        why.candidates.map(({ meta }) => formatVersion(meta)),
        "or",
      )}`;
    case "removed":
      return `you asked to remove ${why.name}`;
    case "needs": {
      const [only, second] = why.candidates;
      const text = plain(why.capability);
      if (only !== undefined && second === undefined && only.name === text)
        return `${label(why.build)} needs ${label(only)}`;
      return `${label(why.build)} needs ${text}, which ${givers(why.candidates, label)}`;
    }
    case "conflict": {
      const text = plain(why.capability);
      const through = text === why.other.name ? "" : ` (as one that gives ${text})`;
      return `${label(why.build)} conflicts with ${label(why.other)}${through}`;
    }
    case "one-build":
      return `${label(why.build)} and ${label(why.other)} are builds of one package`;
    case "replaces":
      return `${label(why.build)} takes the place of ${label(why.other)}`;
    case "stays":
      return `${label(why.build)} ${STAYS[why.because]}`;
    default:
      return why satisfies never;
  }
}

const STAYS = {
  explicit: "was asked for before",
  essential: "is essential",
  pinned: "is pinned",
  dependent: "was not to be removed",
} as const;

function givers<O extends Offer>(builds: readonly Build<O>[], label: (build: Build<O>) => string): string {
  if (builds.length === 0) return "nothing gives";
  if (builds.length === 1) return `only ${list(builds.map(label), "and")} gives`;
  return `only ${list(builds.map(label), "and")} give`;
}

function hintOf<O extends Offer>(problem: Problem<O>, core: readonly Why<O>[], code: Code): string | undefined {
  if (code === "package.essential")
    return "Nothing works without it. Where that is what you want, say so with the extra flag.";
  for (const why of core) {
    if (why.kind !== "needs" || why.candidates.length > 0) continue;
    const near = hidden(problem, why.capability) ?? nearName(problem, why.capability);
    return near ?? "Refresh the collections, or add one that has it.";
  }
  if (core.some((why) => why.kind === "stays" && why.because === "pinned"))
    return "Take away the pin, or choose another.";
  if (core.some((why) => why.kind === "stays" && why.because === "explicit")) {
    return "Remove what is in the way first, or together with it.";
  }
  return undefined;
}

function nearName<O extends Offer>({ offers, installed }: Problem<O>, text: CapabilityText): string | undefined {
  const { kind, name } = parseCapability(text);
  if (kind !== "name") return undefined;
  const near =
    nearest(name, offers.names()) ??
    nearest(
      name,
      [...installed.all()].map(({ meta }) => meta.name),
    );
  return near === undefined ? undefined : `Is "${near}" meant?`;
}

/** A build that would give it, did not a higher collection have another build of its name. */
function hidden<O extends Offer>({ offers }: Problem<O>, text: CapabilityText): string | undefined {
  const [below] = [...offers.providing(text)].sort(better);
  if (below === undefined) return undefined;
  const { name } = below.meta;
  const [above] = [...offers.providing(`name(${name})`)].filter(({ meta }) => meta.name === name).sort(better);
  if (above === undefined || above.priority <= below.priority) return undefined;
  const of = (offer: Offer) => `${name} ${formatVersion(offer.meta)} of ${offer.collection}`;
  return `${of(below)} gives it, but ${of(above)} comes before that.`;
}

/** What was asked for is nowhere. */
export function notOffered<O extends Offer>(problem: Problem<O>, text: CapabilityText, by?: string): Failure {
  const word = plain(text);
  const what = problem.purpose ?? `install "${word}"`;
  const found = problem.purpose === undefined ? "no collection has a package that gives it" : `nothing gives ${word}`;
  const asker = by === undefined ? "" : `; ${by} asks for it`;
  return new Failure("package.unknown", `Cannot ${what}: ${found}${asker}`, {
    hint: nearName(problem, text) ?? "Refresh the collections, or add one that has it.",
  });
}

/** What is to be removed, upgraded or marked is not there. */
export function notInstalled<O extends Offer>(problem: Problem<O>, verb: string, name: string): Failure {
  return new Failure("package.unknown", `Cannot ${verb} "${name}": it is not installed`, {
    hint: nearInstalled(problem, name) ?? "moss list installed shows what is.",
  });
}

function nearInstalled<O extends Offer>({ installed }: Problem<O>, word: string): string | undefined {
  const near = nearest(
    word,
    [...installed.all()].map(({ meta }) => meta.name),
  );
  return near === undefined ? undefined : `Is "${near}" meant?`;
}
