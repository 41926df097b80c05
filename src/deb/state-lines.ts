// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * What a package has outside /usr, as lines for systemd-tmpfiles (tmpfiles.d(5)), and its users, as lines for
 * systemd-sysusers (sysusers.d(5)). Both only add what is not there, so they may run at every start.
 */
import { compareText } from "#base/order";
import { isUsual } from "#deb/owners";
import type { PlannedText } from "#deb/plan-model";
import type { StateEntry, SystemUser } from "#deb/scan-model";

/** A word of a line: quoted where it has blanks or quotes, `%` doubled because it starts a specifier. */
function word(text: string): string {
  const escaped = text.replaceAll("%", "%%");
  return /[\s"'\\]/.test(escaped) ? `"${escaped.replace(/["\\]/g, "\\$&")}"` : escaped;
}

function octal(mode: number): string {
  return mode.toString(8).padStart(4, "0");
}

/** Lines in the order of their paths. A folder is named where it is empty or of unusual mode or owner. */
function tmpfilesLines(entries: readonly StateEntry[]): string[] {
  const sorted = [...entries].sort((a, b) => compareText(a.path, b.path));
  const parents = new Set(sorted.map((entry) => entry.path.slice(0, Math.max(0, entry.path.lastIndexOf("/")))));
  const lines: string[] = [];
  for (const { path, kind, mode, uid, gid, target = "" } of sorted) {
    const where = word(`/${path}`);
    if (kind === "directory") {
      if (parents.has(path) && isUsual({ mode, uid, gid })) continue;
      // The system's own lines for these are better than any package's.
      if (["tmp", "var/tmp", "run", "var", "etc"].includes(path)) continue;
      lines.push(`d ${where} ${octal(mode)} ${uid} ${gid} - -`);
    } else if (kind === "link") lines.push(`L ${where} - - - - ${word(target)}`);
    // Without an argument, C copies from the same path below /usr/share/factory.
    else lines.push(`C ${where} ${octal(mode)} ${uid} ${gid} - ${target === "" ? "-" : word(target)}`);
  }
  return [...new Set(lines)];
}

function quoted(text: string): string {
  return text === "" ? "-" : `"${text.replaceAll("%", "%%").replace(/["\\]/g, "\\$&")}"`;
}

/** Groups first: a user's line may name them. */
function sysusersLines(users: readonly SystemUser[]): string[] {
  const groups = users.filter((user) => user.kind === "group");
  const lines = groups.map((group) => `g ${group.name} ${group.gid ?? "-"}`);
  for (const user of users) {
    if (user.kind !== "user") continue;
    const gid = user.gid ?? user.group;
    const uid = user.uid === undefined ? "-" : String(user.uid);
    const id = gid === undefined ? uid : `${uid}:${gid}`;
    lines.push(`u ${user.name} ${id} ${quoted(user.gecos ?? "")} ${word(user.home || "-")} ${word(user.shell || "-")}`);
  }
  return [...new Set(lines)];
}

/** The generated files of a package; none where it has nothing to say. */
export function stateTexts(name: string, entries: readonly StateEntry[], users: readonly SystemUser[]): PlannedText[] {
  const texts: PlannedText[] = [];
  const add = (path: string, lines: readonly string[], what: string) => {
    if (lines.length === 0) return;
    texts.push({ path, text: `# ${what} of the Debian package ${name}, written by moss-deb.\n${lines.join("\n")}\n` });
  };
  add(`lib/tmpfiles.d/moss-deb-${name}.conf`, tmpfilesLines(entries), "What is outside /usr");
  add(`lib/sysusers.d/moss-deb-${name}.conf`, sysusersLines(users), "Users");
  return texts;
}
