// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * Units that a package's scripts would enable, as presets (systemd.preset(5)). On the first start, when /etc is empty,
 * systemd enables what the presets say; without them it would enable everything that it finds, which Debian never does.
 */
import type { PlannedText } from "#deb/plan-model";
import { type Command, programOf } from "#deb/shell";

const UNIT = /^[A-Za-z0-9:_.@\\-]{1,200}\.(service|socket|target|timer|path|mount|automount|swap|slice)$/;
const FOLDER = "lib/systemd/system-preset";

/** The units of the system that a command of a script enables; none where it is another command. */
export function enabledUnits(command: Command): string[] {
  const program = programOf(command);
  if (program !== "deb-systemd-helper" && program !== "systemctl") return [];
  const words = command.slice(1).filter((word) => word !== undefined && word !== "");
  // A user's own manager has no first start that obeys presets.
  if (words.includes("--user") || words.includes("--global")) return [];
  const [verb, ...units] = words.filter((word) => !word?.startsWith("-"));
  if (verb !== "enable") return [];
  return units.filter((unit): unit is string => unit !== undefined && UNIT.test(unit));
}

/** A line of a preset file; of an instance, the template and what it is made for. */
function line(unit: string): string {
  const [, name, instance, type] = /^([^@]+)@(.+)\.([a-z]+)$/.exec(unit) ?? [];
  return instance === undefined ? `enable ${unit}` : `enable ${name}@.${type} ${instance}`;
}

/** The preset file of one package; none where it enables nothing. */
export function presetTexts(name: string, units: readonly string[]): PlannedText[] {
  if (units.length === 0) return [];
  const head = `# Units that the Debian package ${name} enables, written by moss-deb.\n`;
  return [{ path: `${FOLDER}/50-moss-deb-${name}.preset`, text: `${head}${units.map(line).join("\n")}\n` }];
}

/** What holds for every other unit, in the package of systemd: as on Debian, who is not asked for does not run. */
export const OTHERS_DISABLED: PlannedText = {
  path: `${FOLDER}/60-moss-deb.preset`,
  text: "# On Debian only the packages' scripts enable units; written by moss-deb.\ndisable *\n",
};
