// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Shows a plan: what comes, what leaves, why, and what that costs. */
import { fittedTable } from "#cli/moss/table";
import { oneLine, versionText } from "#cli/moss/text";
import { counted, formatBytes } from "#cli/style";
import type { Ui } from "#cli/ui";
import type { PackageMeta } from "#model/package";
import { type Plan, type PlannedPackage, type PlannedRemoval, planValue, whyComing } from "#moss/plan";
import { removalText } from "#moss/reasons";

/** Versions of a change; where only the build differs, that is shown too. */
function change(before: PackageMeta, after: PackageMeta): string {
  const same = versionText(before) === versionText(after);
  const version = (meta: PackageMeta) => (same ? `${versionText(meta)}-${meta.buildRelease}` : versionText(meta));
  return `${version(before)} -> ${version(after)}`;
}

/** Name, version, size, and what follows: of versions the beginning says enough. */
const COLUMNS = { right: [2], least: { 1: 12 }, indent: "  ", stacked: true };

const HEADINGS: Readonly<Record<PlannedPackage["kind"], string>> = {
  install: "will be installed",
  upgrade: "will be upgraded",
  downgrade: "will go back to an older release",
  reinstall: "will be replaced by another build",
  mark: "here already will be kept even where nothing needs it",
};

/** Shows a whole plan: as tables for people, as one event for programs. */
export function showPlan(ui: Ui, plan: Plan): void {
  ui.event({ type: "plan", ...planValue(plan) });
  if (ui.json) return;
  for (const kind of ["install", "upgrade", "downgrade", "reinstall", "mark"] as const) {
    showIncoming(
      ui,
      HEADINGS[kind],
      plan.incoming.filter((item) => item.kind === kind),
    );
  }
  showOutgoing(ui, plan.outgoing);
  showHeldBack(ui, plan);
  const grows = plan.delta >= 0 ? `grows by ${formatBytes(plan.delta)}` : `shrinks by ${formatBytes(-plan.delta)}`;
  const here = plan.local === 0 ? "" : ` (${formatBytes(plan.local)} of stones are here)`;
  const download = plan.incoming.length === 0 ? "" : `Download size: ${formatBytes(plan.download)}${here}. `;
  ui.print(`${download}Disk: /usr ${grows}.`);
}

/** What was asked for comes first: it is what people look for. */
function askedFirst<T>(list: readonly T[], asked: (item: T) => boolean): T[] {
  return [...list.filter(asked), ...list.filter((item) => !asked(item))];
}

function showIncoming(ui: Ui, heading: string, list: readonly PlannedPackage[]): void {
  if (list.length === 0) return;
  const { style } = ui;
  const collections = [...new Set(list.flatMap((item) => item.collection ?? []))];
  // One name for all says it better in the heading, and leaves the room to the reasons.
  const from = collections.length === 1 ? ` from ${collections[0]}` : "";
  ui.print(style.bold(`${counted(list.length, "package")} ${heading}${from}:`));
  const rows = askedFirst(list, ({ explicit }) => explicit).map((item) => [
    item.explicit ? style.bold(item.name) : item.name,
    style.magenta(
      item.before === undefined || item.kind === "mark" ? versionText(item.meta) : change(item.before, item.meta),
    ),
    formatBytes(item.size),
    ...(collections.length > 1 ? [item.collection ?? ""] : []),
    oneLine(whyComing(item)),
  ]);
  for (const line of fittedTable(rows, COLUMNS)) ui.print(line);
}

function showOutgoing(ui: Ui, list: readonly PlannedRemoval[]): void {
  if (list.length === 0) return;
  const { style } = ui;
  ui.print(style.bold(`${counted(list.length, "package")} will be ${style.red("removed")}:`));
  const rows = askedFirst(list, ({ reason }) => reason.kind === "asked").map(({ name, meta, reason, size }) => [
    style.bold(name),
    style.magenta(versionText(meta)),
    formatBytes(size),
    oneLine(removalText(reason)),
  ]);
  for (const line of fittedTable(rows, COLUMNS)) ui.print(line);
}

/** Upgrades that are offered and cannot be made. */
export function showHeldBack(ui: Ui, plan: Plan): void {
  if (plan.heldBack.length === 0 || ui.json) return;
  ui.print(ui.style.bold(`${counted(plan.heldBack.length, "upgrade")} held back:`));
  for (const { name, version, explanation } of plan.heldBack) ui.print(`  ${name} ${version}: ${oneLine(explanation)}`);
}
