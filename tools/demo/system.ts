// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Second part of the demo: a system is installed, entered, used and looked through. */
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { counted, formatDuration } from "#cli/style";
import { checkLibraries } from "../libraries.ts";
import { ANNOUNCED } from "../protosnek.ts";
import type { Places } from "./places.ts";
import { ANNOUNCED_USES, type Use, WORKSHOP_USES } from "./programs.ts";
import type { Stage } from "./stage.ts";

const WORKSHOP = [
  "gcc",
  "g++",
  "clang-19",
  "lld-19",
  "binutils",
  "libc6-dev",
  "python3",
  "cmake",
  "ninja-build",
  "bash",
  "coreutils",
  "grep",
];

interface StateJson {
  readonly id: number;
  readonly packages: number;
}

/** The live state of a root. */
export async function liveState(stage: Stage, places: Places, root: string): Promise<StateJson> {
  const { stdout } = await stage.run(["moss", "-D", root, "state", "show", "--json"], {
    cwd: places.folder,
    output: "hidden",
  });
  return JSON.parse(stdout) as StateJson;
}

export async function installSystem(stage: Stage, places: Places): Promise<void> {
  const cwd = places.folder;
  await stage.step("Add the collections, and install what the announcements show", async () => {
    await stage.run(["mkdir", "destdir"], { cwd });
    await stage.run(["moss", "remote", "add", "-D", "destdir", "protosnek", "collections/protosnek"], { cwd });
    await stage.run(["moss", "remote", "add", "-D", "destdir", "volatile", "collections/volatile", "-p", "10"], {
      cwd,
    });
    await stage.run(["moss", "remote", "list", "-D", "destdir"], { cwd });
    const { ms } = await stage.run(["moss", "install", "-D", "destdir", "-y", ...ANNOUNCED], { cwd, lines: 16 });
    const state = await liveState(stage, places, "destdir");
    const owner = await stage.run(["moss", "-D", "destdir", "owns", "/usr/bin/which", "/usr/bin/moss"], { cwd });
    stage.check(
      "the word which, that names no package, was found as a program",
      /debianutils|which/.test(owner.stdout),
    );
    stage.figure("a fresh system installed", `${counted(state.packages, "package")} in ${formatDuration(ms)}`);
    return `${counted(state.packages, "package")}, state ${state.id}`;
  });
}

async function use(stage: Stage, places: Places, root: string, uses: readonly Use[]): Promise<void> {
  for (const { program, script, says } of uses) {
    const words = ["moss-container", "-D", root, "--fakeroot", "--timeout", "120", "--", "sh", "-c", script];
    const shown = `moss-container -D ${root} --fakeroot -- sh -c '${script.split("\n")[0]?.slice(0, 70)} ...'`;
    const { stdout } = await stage.run(words, { cwd: places.folder, shown, output: "quiet", codes: anyCode });
    stage.check(`${program} does its work`, says.test(stdout.trim()), JSON.stringify(stdout.slice(-300)));
  }
}

const anyCode = Array.from({ length: 255 }, (_, code) => code + 1);

/** Types into nano, on a terminal that the machine's own script(1) makes. */
async function useNano(stage: Stage, places: Places): Promise<void> {
  mkdirSync(places.in("notes"), { recursive: true });
  const inner = `${process.execPath} ${import.meta.dir}/../../bin/moss-container.ts -D destdir --fakeroot -b ${places.in("notes")}:/notes -e TERM=xterm --timeout 60 -- nano --ignorercfiles /notes/note`;
  const typed = "(sleep 1; printf 'typed into nano\\017'; sleep 0.3; printf '\\r'; sleep 0.3; printf '\\030')";
  const shown = "moss-container -D destdir --fakeroot -b notes:/notes -- nano /notes/note      (with keys typed)";
  await stage.run(["sh", "-c", `${typed} | script -qec "${inner}" /dev/null`], {
    cwd: places.folder,
    shown,
    output: "quiet",
    codes: anyCode,
  });
  const note = existsSync(places.in("notes/note")) ? readFileSync(places.in("notes/note"), "utf8") : "";
  stage.check("nano does its work", note === "typed into nano\n", JSON.stringify(note));
}

export async function enterSystem(stage: Stage, places: Places): Promise<void> {
  const cwd = places.folder;
  await stage.step("Enter it in a container, and use each of these programs", async () => {
    const before = await treeDigest(stage, places);
    await use(stage, places, "destdir", ANNOUNCED_USES);
    await useNano(stage, places);
    const words = ["moss-container", "-D", "destdir", "--fakeroot", "--", "moss", "state", "list"];
    const { stdout } = await stage.run(words, { cwd });
    stage.check("the packaged moss lists the states of its own root", /^1\s+live\s/m.test(stdout), stdout);
    stage.check("nothing that ran in containers changed the system", (await treeDigest(stage, places)) === before);
    return counted(ANNOUNCED_USES.length + 2, "program");
  });
  await stage.step("Look for ELF files with a missing library, in the whole root", async () => {
    const { files, programs, missing } = checkLibraries(places.in("destdir"));
    stage.say(`   ${counted(files, "ELF file")} looked at, ${programs} of them programs`);
    const first = missing.slice(0, 5).map(({ file, needs }) => `${file} needs ${needs}`);
    stage.check("no ELF file misses a library", files > 200 && missing.length === 0, first.join(", "));
    stage.figure("ELF files without a missing library", `${files - missing.length} of ${files}`);
    return counted(files, "file");
  });
}

/** What `find` and `sha256sum` say of a root, in one line. */
export async function treeDigest(stage: Stage, places: Places, root = "destdir"): Promise<string> {
  const script = `cd ${root} && { find usr etc -printf '%p %y %m %U %G %l\\n' | sort; find usr etc -type f -print0 | sort -z | xargs -0 sha256sum; } | sha256sum`;
  const shown = `find ${root}/usr ${root}/etc ... | sha256sum`;
  return (await stage.run(["sh", "-c", script], { cwd: places.folder, shown, output: "quiet" })).stdout.trim();
}

export async function makeWorkshop(stage: Stage, places: Places): Promise<void> {
  const cwd = places.folder;
  await stage.step("A root with compilers and Python, on a store for several roots; real work in it", async () => {
    await stage.run(["mkdir", "workshop", "store"], { cwd });
    await stage.run(
      ["moss", "-D", "workshop", "--cache", "store", "remote", "add", "protosnek", "collections/protosnek"],
      { cwd },
    );
    const { ms } = await stage.run(["moss", "-D", "workshop", "--cache", "store", "install", "-y", ...WORKSHOP], {
      cwd,
      lines: 4,
    });
    const state = await liveState(stage, places, "workshop");
    await use(stage, places, "workshop", WORKSHOP_USES);
    const { files, missing } = checkLibraries(places.in("workshop"));
    stage.check(`no ELF file of ${files} misses a library here`, missing.length === 0, JSON.stringify(missing[0]));
    stage.figure(
      "a root with both toolchains installed",
      `${counted(state.packages, "package")} in ${formatDuration(ms)}`,
    );
    return counted(state.packages, "package");
  });
}
