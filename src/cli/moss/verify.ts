// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** `moss verify` and `moss state verify`: is everything what it should be? With `--repair`, it is made so. */
import { accessSync, constants } from "node:fs";
import { errnoCode, Failure } from "#base/errors";
import { openForAsking, openForChange } from "#cli/moss/engine";
import { askToGoOn, sinceStart } from "#cli/moss/result";
import { stateNumber, waitOf } from "#cli/moss/root";
import { watch } from "#cli/moss/watch";
import type { Invocation } from "#cli/spec";
import { counted, formatBytes, formatDuration, printable } from "#cli/style";
import { refetch } from "#moss/refetch";
import { describeProblems, type Problem } from "#transition/problems";
import { repairRoot } from "#transition/repair";
import { type MossRoot, unknownState } from "#transition/root";
import { examineRoot, type VerifyReport, verifyUnwritable } from "#transition/verify";

/** More than these are counted only, unless `--verbose`: a question below them must still be seen. */
const SHOWN = 15;

export async function run(invocation: Invocation): Promise<void> {
  const { ui, options, command, operands } = invocation;
  const only = operands[0] === undefined ? undefined : stateNumber(operands[0]);
  const wait = waitOf(invocation);
  const quick = options.flag("quick");
  if (neverChanged(invocation)) {
    if (only !== undefined) throw unknownState(only);
    ui.event({ type: "verified", problems: [], assets: 0, bytes: 0, trees: 0, entries: 0, milliseconds: 0 });
    ui.say("moss has never installed anything here, so there is nothing to verify.");
    return;
  }
  const unwritable = !options.flag("repair") && isUnwritable(options.text("directory") ?? "/");
  using moss = unwritable ? openForAsking(invocation) : await openForChange(invocation);
  using watcher = watch(ui);
  using _lock = unwritable ? undefined : moss.root.lock({ command, wait });
  const concerns = only === undefined ? () => true : concerning(moss.root, only);
  const evidence = unwritable ? undefined : await examineRoot(moss.root, { command, quick }, watcher.on);
  const whole = evidence?.report ?? verifyUnwritable(moss.root, { quick }, watcher.on);
  const before = { ...whole, problems: whole.problems.filter(concerns) };
  watcher[Symbol.dispose]();
  const told = tellReport(invocation, before, quick);
  if (before.problems.length === 0) return;
  if (evidence === undefined || !options.flag("repair")) throw found(told, moss.root.directory);
  askToGoOn(ui, `Do you wish to repair ${told === 1 ? "it" : "them"}?`);
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

/** Can a root only be read: by anybody, or by us? */
function isUnwritable(directory: string): boolean {
  try {
    accessSync(directory, constants.W_OK);
    return false;
  } catch (error) {
    return ["EROFS", "EACCES"].includes(errnoCode(error) ?? "");
  }
}

/** Does a problem concern a state? Throws state.unknown. */
function concerning(root: MossRoot, id: number): (problem: Problem) => boolean {
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

/** Tells what was found; gives how many things are wrong. */
function tellReport(invocation: Invocation, report: VerifyReport, quick: boolean): number {
  const { ui } = invocation;
  const { problems, assets, bytes, trees, entries } = report;
  ui.event({ type: "verified", problems, assets, bytes, trees, entries, milliseconds: Math.round(sinceStart()) });
  const looked = quick ? "Looked at" : "Verified";
  const what = `${counted(assets, "file")} of the store (${formatBytes(bytes)}), ${counted(trees, "tree")} of ${entries} entries`;
  const count = describeProblems(problems).length;
  const result = count === 0 ? ui.style.green("no difference found") : ui.style.red(counted(count, "problem"));
  ui.say(`${looked} ${what}, in ${formatDuration(sinceStart())}: ${result}.`);
  tellProblems(invocation, problems);
  return count;
}

/** Lists what is wrong; gives how many things that are. */
function tellProblems({ ui }: Invocation, problems: readonly Problem[]): number {
  const lines = describeProblems(problems);
  const shown = ui.verbose ? lines : lines.slice(0, SHOWN);
  for (const line of shown) ui.say(`  ${printable(line)}`);
  if (shown.length < lines.length) ui.say(`  and ${lines.length - shown.length} more; --verbose shows all`);
  return lines.length;
}
