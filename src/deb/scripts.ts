// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * What can be read out of maintainer scripts, which never run here: alternatives, diversions, system users, enabled
 * units. The rest is named in the report.
 */
import { uniqueSorted } from "#base/order";
import type { Alternative, Diversion, Loss, SystemUser } from "#deb/scan-model";
import { type Command, programOf, readCommands } from "#deb/shell";
import { enabledUnits } from "#deb/units";

export interface ScriptFacts {
  readonly alternatives: Alternative[];
  readonly diversions: Diversion[];
  readonly users: SystemUser[];
  /** Units of the system that are enabled. */
  readonly units: string[];
  readonly losses: Loss[];
}

/** Words of the shell itself, and programs that only look. */
const QUIET = new Set(
  (
    "set exit if fi case esac for done while return true false echo printf test [ [[ cd shift local export unset break " +
    "continue : . source read eval exec command which trap cat grep egrep sed awk head tail cut tr sort basename dirname " +
    "dpkg-maintscript-helper umask in do then else }"
  ).split(" "),
);

function optionValue(command: Command, ...names: string[]): string | undefined {
  for (const [i, word] of command.entries()) {
    if (word === undefined) continue;
    for (const name of names) {
      if (word === name) return command[i + 1];
      if (word.startsWith(`${name}=`)) return word.slice(name.length + 1);
    }
  }
  return undefined;
}

function readAlternative(command: Command): Alternative | undefined {
  const at = command.indexOf("--install");
  const [link, name, target, priority] = command.slice(at + 1, at + 5);
  if (link === undefined || name === undefined || target === undefined || !/^-?\d+$/.test(priority ?? ""))
    return undefined;
  if (!link.startsWith("/") || !target.startsWith("/")) return undefined;
  const slaves: { link: string; name: string; target: string }[] = [];
  for (let i = at + 5; i < command.length; i++) {
    if (command[i] !== "--slave") continue;
    const [slaveLink, slaveName, slaveTarget] = command.slice(i + 1, i + 4);
    if (slaveLink?.startsWith("/") && slaveName !== undefined && slaveTarget?.startsWith("/")) {
      slaves.push({ link: slaveLink, name: slaveName, target: slaveTarget });
    }
  }
  return { link, name, target, priority: Number(priority), slaves };
}

function readDiversion(command: Command): Diversion | undefined {
  const last = command.at(-1);
  const at = command.indexOf("--add");
  const from = at >= 0 && command[at + 1]?.startsWith("/") ? command[at + 1] : last;
  if (!from?.startsWith("/")) return undefined;
  const to = optionValue(command, "--divert") ?? `${from}.distrib`;
  return to.startsWith("/") ? { from, to } : undefined;
}

const USER_NAME = /^[a-z_][a-z0-9_.-]{0,30}$/i;
const number = (text: string | undefined) => (text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : undefined);

function readUser(program: string, command: Command): SystemUser | undefined {
  const name = command.at(-1);
  if (name === undefined || !USER_NAME.test(name)) return undefined;
  const isGroup = program === "addgroup" || program === "groupadd";
  const uid = number(optionValue(command, "--uid", "-u"));
  const gid = number(optionValue(command, "--gid", "-g"));
  if (isGroup) return { name, kind: "group", ...(gid === undefined ? {} : { gid }) };
  const system = command.includes("--system") || command.includes("-r");
  if (!system) return undefined;
  const gidName = optionValue(command, "--ingroup", "--gid", "-g");
  const own = command.includes("--group") || program === "useradd";
  const group = gidName !== undefined && gid === undefined ? gidName : own ? undefined : "nogroup";
  const gecos = optionValue(command, "--gecos", "--comment", "-c");
  const home = optionValue(command, "--home", "--home-dir", "-d");
  const shell = optionValue(command, "--shell", "-s");
  return {
    name,
    kind: "user",
    ...(uid === undefined ? {} : { uid }),
    ...(gid === undefined ? {} : { gid }),
    ...(group === undefined || group === name ? {} : { group }),
    ...(gecos === undefined || gecos === "" ? {} : { gecos }),
    ...(home === undefined ? {} : { home }),
    ...(shell === undefined ? {} : { shell }),
  };
}

/** Reads the scripts of one package. @param scripts name of the script to its text. */
export function readScripts(scripts: ReadonlyMap<string, string>): ScriptFacts {
  const facts: ScriptFacts = { alternatives: [], diversions: [], users: [], units: [], losses: [] };
  const lose = (kind: Loss["kind"], subject: string, detail: string) => facts.losses.push({ kind, subject, detail });
  const seen = new Set<string>();
  for (const name of ["preinst", "postinst", "prerm", "postrm", "config"]) {
    const text = scripts.get(name);
    if (text === undefined) continue;
    const commands = readCommands(text);
    const other = new Set<string>();
    for (const command of commands) {
      const program = programOf(command);
      const written = command.map((word) => word ?? "?").join(" ");
      if (program === undefined || name === "prerm" || name === "postrm") continue;
      facts.units.push(...enabledUnits(command).filter((unit) => !facts.units.includes(unit)));
      const key = `${program} ${written}`;
      if (program === "update-alternatives" && command.includes("--install")) {
        if (seen.has(key)) continue;
        seen.add(key);
        const alternative = readAlternative(command);
        if (alternative === undefined) lose("alternative", written, "it depends on what is known only when it runs");
        else facts.alternatives.push(alternative);
      } else if (
        program === "dpkg-divert" &&
        !command.some((word) => word === "--remove" || word === "--list" || word === "--truename")
      ) {
        const diversion = readDiversion(command);
        if (diversion === undefined) lose("diversion", written, "it depends on what is known only when it runs");
        else if (!seen.has(key)) facts.diversions.push(diversion);
        seen.add(key);
      } else if (program === "dpkg-statoverride" && command.includes("--add")) {
        lose("statoverride", written, "owner and mode of the file stay as packed");
      } else if (["adduser", "addgroup", "useradd", "groupadd"].includes(program)) {
        const user = readUser(program, command);
        if (user === undefined) lose("user", written, "not a system user with a literal name");
        else if (!seen.has(`user ${user.kind} ${user.name}`)) facts.users.push(user);
        if (user !== undefined) seen.add(`user ${user.kind} ${user.name}`);
      } else if (!QUIET.has(program) && /^[a-z][a-z0-9+._-]*$/.test(program)) other.add(program);
    }
    const runs = uniqueSorted(other);
    const detail = runs.length === 0 ? "never run" : `never run; it calls ${runs.slice(0, 20).join(", ")}`;
    lose("script", name, `${text.split("\n").length} lines, ${detail}`);
  }
  const triggers = (scripts.get("triggers") ?? "").split("\n").map((line) => line.replace(/#.*/, "").trim());
  for (const line of triggers) if (line !== "") lose("script", "triggers", `${line}: no trigger of dpkg is made`);
  return facts;
}
