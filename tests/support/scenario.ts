// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * Scenarios of the solver as text. A file holds many, each begun by `== what must be so`:
 *
 *     installed
 *       app 1 explicit needs lib, binary(x)
 *       lib 1 gives soname(l) refuses old replaces older
 *     offers main 0
 *       lib 2
 *     jobs
 *       install app
 *     expect
 *       + app 1 asked
 *
 * Flags of a package: explicit, pinned, essential. Builds are `name release`.
 */
import { Failure } from "#base/errors";
import { formatCapability, parseCapability } from "#model/dependency";
import type { PackageMeta } from "#model/package";
import { problemsOf } from "#solver/check";
import { installedOf } from "#solver/installed";
import type {
  InstalledPackage,
  Job,
  Offer,
  OfferSource,
  Problem,
  Reason,
  RemovalReason,
  Solution,
} from "#solver/model";
import { solve } from "#solver/solve";
import { sha256Hex } from "#sys/sha256";

export interface Scenario {
  readonly title: string;
  readonly problem: Problem;
  readonly expected: readonly string[];
}

const LISTS = ["needs", "gives", "refuses", "replaces"] as const;
const FLAGS = ["explicit", "pinned", "essential"] as const;

/** A build of a line: name, release, flags and lists. The id is the hash of the line without the state's flags. */
export function parseBuild(line: string): InstalledPackage {
  const words = line.trim().split(/\s+/);
  const [name = "", release = ""] = words;
  if (!/^\d+$/.test(release)) throw new Error(`no release in "${line}"`);
  const flags = new Set<string>();
  const lists: Record<(typeof LISTS)[number], string[]> = { needs: [], gives: [], refuses: [], replaces: [] };
  let list: string[] | undefined;
  for (const word of words.slice(2)) {
    const key = LISTS.find((one) => one === word);
    if (key !== undefined) list = lists[key];
    else if (FLAGS.some((flag) => flag === word)) flags.add(word);
    else if (list !== undefined) list.push(word.replace(/,$/, ""));
    else throw new Error(`what is "${word}" in "${line}"?`);
  }
  const meta: PackageMeta = {
    name,
    version: release,
    release: Number(release),
    buildRelease: 1,
    architecture: "x86_64",
    summary: "",
    description: "",
    homepage: "",
    sourceId: name,
    licenses: [],
    depends: lists.needs.map(parseCapability),
    provides: lists.gives.map(parseCapability),
    conflicts: lists.refuses.map(parseCapability),
    replaces: lists.replaces,
    essential: flags.has("essential"),
  };
  const id = sha256Hex(JSON.stringify(meta));
  return { id, meta, explicit: flags.has("explicit"), pinned: flags.has("pinned") };
}

/** Offers in memory. */
export function offersOf<O extends Offer>(all: readonly O[]): OfferSource<O> {
  const gives = (meta: PackageMeta) => [`name(${meta.name})`, ...meta.provides.map(formatCapability)];
  return {
    providing: (text) => all.filter(({ meta }) => gives(meta).includes(text)),
    replacing: (name) => all.filter(({ meta }) => meta.replaces?.includes(name) === true),
    byId: (id) => all.find((offer) => offer.id === id),
    names: () => all.map(({ meta }) => meta.name),
  };
}

function parseJob(line: string, offers: readonly Offer[]): Job {
  const [verb = "", ...words] = line.trim().split(/\s+/);
  const [first = ""] = words;
  switch (verb) {
    case "install":
      return { kind: "install", capability: formatCapability(parseCapability(first)) };
    case "install-build": {
      const found = offers.find(({ meta }) => meta.name === first && String(meta.release) === words[1]);
      return { kind: "install-build", id: found?.id ?? "0".repeat(64) };
    }
    case "remove":
      return { kind: "remove", names: words, dependents: true };
    case "remove-only":
      return { kind: "remove", names: words, dependents: false };
    case "upgrade":
      return words.length === 0 ? { kind: "upgrade" } : { kind: "upgrade", names: words };
    case "upgrade-newer":
      return { kind: "upgrade", newerOnly: true };
    case "mark":
      return { kind: "mark", name: first, explicit: words[1] === "explicit" };
    case "remove-orphans":
      return { kind: "remove-orphans" };
    default:
      throw new Error(`what is the job "${line}"?`);
  }
}

export function parseScenarios(text: string): Scenario[] {
  const parts = text.split(/^== /m).slice(1);
  return parts.map((part) => {
    const [title = "", ...lines] = part.split("\n");
    const installed: InstalledPackage[] = [];
    const offers: Offer[] = [];
    const jobs: string[] = [];
    const expected: string[] = [];
    const flags = new Set<string>();
    let section = "";
    let collection = { collection: "", priority: 0 };
    for (const line of lines) {
      if (line.trim() === "" || line.startsWith("#")) continue;
      if (!line.startsWith(" ")) {
        const [word = "", name = "", priority = "0"] = line.split(/\s+/);
        section = word;
        if (word === "allow-essential" || word === "keep-orphans") flags.add(word);
        if (word === "offers") collection = { collection: name, priority: Number(priority) };
      } else if (section === "installed") installed.push(parseBuild(line));
      else if (section === "offers") {
        const { id, meta } = parseBuild(line);
        offers.push({ id, meta, ...collection });
      } else if (section === "jobs") jobs.push(line);
      else if (section === "expect") expected.push(line.trim());
      else throw new Error(`what is "${line}" in "${title}"?`);
    }
    const problem: Problem = {
      installed: installedOf(installed),
      offers: offersOf(offers),
      jobs: jobs.map((line) => parseJob(line, offers)),
      allowEssential: flags.has("allow-essential"),
      keepOrphans: flags.has("keep-orphans"),
    };
    return { title: title.trim(), problem, expected };
  });
}

function reasonText(reason: Reason | RemovalReason): string {
  switch (reason.kind) {
    case "needed":
      return `needed by ${reason.by} through ${reason.capability}`;
    case "replaces":
      return `replaces ${reason.name}`;
    case "needs":
      return `needs ${reason.name} through ${reason.capability}`;
    case "orphan":
      return reason.of === undefined ? "orphan" : `orphan of ${reason.of}`;
    case "replaced":
      return `replaced by ${reason.by}`;
    case "conflict":
      return `conflicts with ${reason.with}`;
    case "asked":
    case "kept":
      return reason.kind;
    default:
      return reason satisfies never;
  }
}

/** A solution as the lines of `expect`. */
export function solutionLines(solution: Solution): string[] {
  const incoming = solution.incoming.map(({ kind, meta, reason, explicit, before }) => {
    const flag = explicit ? "explicit " : "";
    if (kind === "mark") return `= ${meta.name} ${flag}${reasonText(reason)}`;
    if (kind === "install") return `+ ${meta.name} ${meta.release} ${flag}${reasonText(reason)}`;
    return `${kind} ${meta.name} ${before?.meta.release} -> ${meta.release} ${flag}${reasonText(reason)}`;
  });
  const outgoing = solution.outgoing.map((item) => `- ${item.package.meta.name} ${reasonText(item.reason)}`);
  const held = solution.heldBack.map((item) => `held ${item.package.meta.name}: ${item.explanation}`);
  return [...incoming, ...outgoing, ...held];
}

/** What a scenario comes to, and what does not hold together in it though it did before. */
export function outcome({ problem }: Scenario): string[] {
  let solution: Solution;
  try {
    solution = solve(problem);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return [`! ${error.code}`, error.message, ...(error.hint === undefined ? [] : [`hint ${error.hint}`])];
  }
  const old = new Set(problemsOf([...problem.installed.all()].map(({ meta }) => meta)));
  const broken = problemsOf(solution.selection().map(({ meta }) => meta)).filter((line) => !old.has(line));
  return [...solutionLines(solution), ...broken.map((line) => `BROKEN ${line}`)];
}
