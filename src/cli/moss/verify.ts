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
import { describeProblem, type Problem } from "#transition/problems";
import { repairRoot } from "#transition/repair";
import type { MossRoot } from "#transition/root";
import { type VerifyReport, verifyRoot, verifyUnwritable } from "#transition/verify";

const SHOWN = 50;

export async function run(invocation: Invocation): Promise<void> {
  const { ui, options, command, operands } = invocation;
  const only = operands[0] === undefined ? undefined : stateNumber(operands[0]);
  const wait = waitOf(invocation);
  const quick = options.flag("quick");
  const unwritable = !options.flag("repair") && isUnwritable(options.text("directory") ?? "/");
  using moss = unwritable ? openForAsking(invocation) : await openForChange(invocation);
  using watcher = watch(ui);
  using _lock = unwritable ? undefined : moss.root.lock({ command, wait });
  const concerns = only === undefined ? () => true : concerning(moss.root, only);
  const whole = unwritable
    ? verifyUnwritable(moss.root, { quick }, watcher.on)
    : await verifyRoot(moss.root, { command, quick }, watcher.on);
  const before = { ...whole, problems: whole.problems.filter(concerns) };
  watcher[Symbol.dispose]();
  tellReport(invocation, before);
  if (before.problems.length === 0) return;
  tellProblems(invocation, before.problems);
  if (!options.flag("repair")) throw found(before.problems.length, moss.root.directory);
  askToGoOn(ui, `Do you wish to repair ${counted(before.problems.length, "problem")}?`);
  const fetch = refetch(moss, watcher.on);
  const { after, fetched } = await repairRoot(moss.root, { command, quick, fetch }, watcher.on);
  watcher[Symbol.dispose]();
  ui.event({ type: "repaired", fetched, left: after.problems });
  const took = formatDuration(sinceStart());
  if (after.problems.length === 0) {
    ui.say(
      `${ui.style.green("Everything is repaired")}, ${counted(fetched.length, "package")} fetched again, in ${took}.`,
    );
    return;
  }
  tellProblems(invocation, after.problems);
  throw new Failure(
    "verify.found",
    `Cannot repair "${moss.root.directory}" wholly: ${counted(after.problems.length, "problem")} left`,
    {
      hint: "Bring back the collections that the packages concerned came from, and try again.",
    },
  );
}

/** Does a root stand on a disk that can only be read? */
function isUnwritable(directory: string): boolean {
  try {
    accessSync(directory, constants.W_OK);
    return false;
  } catch (error) {
    return errnoCode(error) === "EROFS";
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
    `Cannot call "${directory}" sound: ${counted(count, "problem")} found, expected none`,
    {
      hint: '"moss verify --repair" puts right what can be put right.',
    },
  );
}

function tellReport({ ui }: Invocation, report: VerifyReport): void {
  const { problems, assets, bytes, trees, entries } = report;
  ui.event({ type: "verified", problems, assets, bytes, trees, entries, milliseconds: Math.round(sinceStart()) });
  const what = `${counted(assets, "file")} of the store (${formatBytes(bytes)}), ${counted(trees, "tree")} of ${entries} entries`;
  const result =
    problems.length === 0 ? ui.style.green("no difference found") : ui.style.red(counted(problems.length, "problem"));
  ui.say(`Verified ${what}, in ${formatDuration(sinceStart())}: ${result}.`);
}

function tellProblems({ ui }: Invocation, problems: readonly Problem[]): void {
  if (ui.json) return;
  const shown = ui.verbose ? problems : problems.slice(0, SHOWN);
  for (const problem of shown) ui.print(`  ${printable(describeProblem(problem))}`);
  if (shown.length < problems.length) ui.print(`  and ${problems.length - shown.length} more; --verbose shows all`);
}
