// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** `moss verify` and `moss state verify`: is everything what it should be? With `--repair`, it is made so. */
import { Failure } from "#base/errors";
import { openAsOwner, openForAsking, openForChange } from "#cli/moss/engine";
import { askToGoOn, sinceStart } from "#cli/moss/result";
import { stateNumber, waitOf } from "#cli/moss/root";
import { watch } from "#cli/moss/watch";
import type { Invocation } from "#cli/spec";
import { counted, formatBytes, formatDuration, printable } from "#cli/style";
import { refetch } from "#moss/refetch";
import type { Counts } from "#transition/gather";
import { describeProblems, type Problem } from "#transition/problems";
import { repairRoot } from "#transition/repair";
import { type MossRoot, unknownState } from "#transition/root";
import { type Beside, examineRoot, type VerifyReport, verifyRoot } from "#transition/verify";

/** More than these are counted only, unless `--verbose`: a question below them must still be seen. */
const SHOWN = 15;

export async function run(invocation: Invocation): Promise<void> {
  const { ui, options, operands } = invocation;
  const only = operands[0] === undefined ? undefined : stateNumber(operands[0]);
  const wait = waitOf(invocation);
  if (neverChanged(invocation)) {
    if (only !== undefined) throw unknownState(only);
    ui.event({ type: "verified", problems: [], assets: 0, bytes: 0, trees: 0, entries: 0, milliseconds: 0 });
    ui.say("moss has never installed anything here, so there is nothing to verify.");
    return;
  }
  if (options.flag("repair")) await repair(invocation, only, wait);
  else await check(invocation, only);
}

/** Only reads: takes no lock, and waits for nobody. */
async function check(invocation: Invocation, only: number | undefined): Promise<void> {
  const { ui, options } = invocation;
  const quick = options.flag("quick");
  using moss = await openAsOwner(invocation);
  using watcher = watch(ui);
  const concerns = concerning(moss.root, only);
  const whole = verifyRoot(moss.root, { quick }, watcher.on);
  watcher[Symbol.dispose]();
  const report = { ...whole, problems: whole.problems.filter(concerns) };
  const told = tellReport(invocation, report, quick);
  for (const line of besideText(report)) ui.say(line);
  if (report.problems.length > 0) throw found(told, moss.root.directory);
  if (report.beside.unsettled > 0) throw unsettled(report.beside.unsettled, moss.root.directory);
}

async function repair(invocation: Invocation, only: number | undefined, wait: number): Promise<void> {
  const { ui, options, command } = invocation;
  const quick = options.flag("quick");
  using moss = await openForChange(invocation);
  using watcher = watch(ui);
  using _lock = moss.root.lock({ command, wait });
  const concerns = concerning(moss.root, only);
  const evidence = await examineRoot(moss.root, { command, quick }, watcher.on);
  const before = { ...evidence.report, problems: evidence.report.problems.filter(concerns) };
  watcher[Symbol.dispose]();
  const told = tellReport(invocation, before, quick);
  if (before.problems.length === 0) return;
  askToGoOn(ui, `Do you wish to repair ${told === 1 ? "it" : "them"}?`, "leave --repair out");
  const fetch = refetch(moss, watcher.on);
  const { after, fetched } = await repairRoot(moss.root, { command, quick, fetch, evidence }, watcher.on);
  watcher[Symbol.dispose]();
  ui.event({ type: "repaired", fetched, left: after.problems });
  const took = formatDuration(sinceStart());
  if (after.problems.length === 0) {
    const anew = fetched.length === 0 ? "" : `, ${counted(fetched.length, "package")} unpacked again`;
    ui.say(`${ui.style.green("Everything is repaired")}${anew}, in ${took}.`);
    return;
  }
  const left = tellProblems(invocation, after.problems);
  throw new Failure("verify.found", `Cannot repair "${moss.root.directory}" wholly: ${counted(left, "problem")} left`, {
    hint: "Bring back the collections that the packages concerned came from, and try again.",
  });
}

/** Has moss never made a state here? Then there is nothing to verify, and nothing is made for it. */
function neverChanged(invocation: Invocation): boolean {
  using moss = openForAsking(invocation);
  return !moss.root.exists;
}

/** Does a problem concern a state, where only one is asked for? Throws state.unknown. */
function concerning(root: MossRoot, id: number | undefined): (problem: Problem) => boolean {
  if (id === undefined) return () => true;
  const names = new Set(root.packages(root.state(id)).map(({ name }) => name));
  const live = root.active()?.id;
  return (problem) => {
    if (problem.where === "tree") return problem.state === id;
    if (problem.where === "store") return problem.packages.some((name) => names.has(name));
    return problem.where === "database" || id === live;
  };
}

function found(count: number, directory: string): Failure {
  return new Failure(
    "verify.found",
    `Cannot verify "${directory}": ${counted(count, "problem")} found, expected none`,
    {
      hint: '"moss verify --repair" puts right what can be put right.',
    },
  );
}

function unsettled(count: number, directory: string): Failure {
  return new Failure(
    "root.busy",
    `Cannot verify "${directory}" wholly: it was changed each time that ${counted(count, "difference")} of it were looked at again`,
    { hint: "Run the command again when whoever changes the root has ended." },
  );
}

/** Tells what was found; gives how many things are wrong. */
function tellReport(
  invocation: Invocation,
  report: Counts & { readonly problems: readonly Problem[] } & Partial<VerifyReport>,
  quick: boolean,
): number {
  const { ui } = invocation;
  const { problems, assets, bytes, trees, entries, state, beside, unread } = report;
  const others = beside === undefined ? {} : { state, beside, ...(unread === undefined ? {} : { unread }) };
  ui.event({
    type: "verified",
    problems,
    assets,
    bytes,
    trees,
    entries,
    ...others,
    milliseconds: Math.round(sinceStart()),
  });
  const looked = quick ? "Looked at" : "Verified";
  const store = unread?.store === true ? "" : `${counted(assets, "file")} of the store (${formatBytes(bytes)}), `;
  const what = `${store}${counted(trees, "tree")} of ${entries} entries`;
  const count = describeProblems(problems).length;
  const result = count === 0 ? ui.style.green("no difference found") : ui.style.red(counted(count, "problem"));
  ui.say(`${looked} ${what}, in ${formatDuration(sinceStart())}: ${result}.`);
  tellProblems(invocation, problems);
  return count;
}

/** What the report does not say, for want of rights or since others are at work. */
function besideText({ state, beside, unread }: VerifyReport): string[] {
  const lines: string[] = [];
  if (unread !== undefined) {
    lines.push("Only the database and /usr were looked at: the store and the other trees are open to root alone.");
    const closed = counted(unread.entries, "file or folder", "files and folders");
    if (unread.entries > 0) lines.push(`Of /usr, ${closed} cannot be read without root's rights.`);
  }
  const { live, changed } = beside;
  if (live !== state) lines.push(`Meanwhile state ${live} has become the live one in place of state ${state}.`);
  for (const id of changed) {
    lines.push(`The tree of state ${id} was meanwhile made into that of another: what was found in it was not told.`);
  }
  const pending = pendingText(beside);
  return pending === undefined ? lines : [...lines, pending];
}

function pendingText({ pending }: Beside): string | undefined {
  if (pending === undefined) return undefined;
  const what = pending.kind === "prune" ? "States are being removed" : `State ${pending.state} is being made live`;
  return `${what} (${printable(pending.command)}). Where that was cut off, the next command that changes something, or moss recover, ends it.`;
}

/** Lists what is wrong; gives how many things that are. */
function tellProblems({ ui }: Invocation, problems: readonly Problem[]): number {
  const lines = describeProblems(problems);
  const shown = ui.verbose ? lines : lines.slice(0, SHOWN);
  for (const line of shown) ui.say(`  ${printable(line)}`);
  if (shown.length < lines.length) ui.say(`  and ${lines.length - shown.length} more; --verbose shows all`);
  return lines.length;
}
