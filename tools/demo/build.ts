// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Last part of the demo: a real upstream project is built in protosnek's packages, published, installed, upgraded. */
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { formatDuration } from "#cli/style";
import { EXAMPLES } from "#tests/support/examples";
import { stonesIn } from "./collections.ts";
import type { Places } from "./places.ts";
import type { Stage } from "./stage.ts";
import { liveState, treeDigest } from "./system.ts";

const repository = join(import.meta.dir, "../..");
/** The project that is built. */
export const NAME = "lua";
/** The profile that it is built with. */
export const PROFILE = "local-x86_64";

/** The second release: a change that can be seen once it is installed. */
function writeSecondRelease(recipe: string): void {
  const path = join(recipe, "stone.yaml");
  const text = readFileSync(path, "utf8");
  const next = text
    .replace("release: 1\n", "release: 2\n")
    .replace("check: |\n", "  ln -s lua %(installroot)%(bindir)/lua5.4\ncheck: |\n");
  writeFileSync(path, next);
}

/** Writes a profile of two layers: what came from Debian, and over it what is built here. */
export function writeProfile(config: string, protosnek: string, local: string): void {
  mkdirSync(config, { recursive: true });
  const collection = (name: string, uri: string, priority: number) =>
    `        "${name}" {\n            uri "${uri}"\n            priority ${priority}\n        }\n`;
  const both = collection("protosnek", protosnek, 0) + collection(PROFILE, local, 100);
  const text = `"${PROFILE}" {\n    family "debian"\n    repositories {\n${both}    }\n}\n`;
  writeFileSync(join(config, "profile.kdl"), text);
}

export async function buildProject(stage: Stage, places: Places): Promise<void> {
  const cwd = places.folder;
  const source = EXAMPLES.find((example) => example.name === NAME)?.source ?? NAME;
  const recipe = places.in("recipes", NAME);
  const root = "workshop";
  const folders = ["--config-dir", "boulder/config", "--cache-dir", "boulder"];
  const moss = async (...words: string[]) => await stage.run(["moss", "-D", root, ...words], { cwd });
  const inside = async (script: string) =>
    (await stage.run(["moss-container", "-D", root, "--", "sh", "-c", script], { cwd, codes: [1, 126, 127] })).stdout;
  const build = async () => {
    const shown = `boulder bi recipes/${NAME} -p ${PROFILE} --local`;
    const words = [
      "boulder",
      ...folders,
      "bi",
      `recipes/${NAME}`,
      "-p",
      PROFILE,
      "--local",
      "--mirror",
      "mirror",
      "--offline",
      "-q",
    ];
    return await stage.run([...words, "--compiler-cache"], { cwd, shown, lines: 24 });
  };

  await stage.step("Build a real upstream project with boulder, in a root of protosnek's packages", async () => {
    const local = places.in("boulder/collections", PROFILE);
    mkdirSync(local, { recursive: true });
    writeProfile(places.in("boulder/config"), places.in("collections/protosnek"), local);
    cpSync(join(repository, "examples/recipes", NAME), recipe, { recursive: true });
    const tool = [
      process.execPath,
      join(repository, "tools/debian-sources.ts"),
      "-o",
      "mirror",
      "--cache",
      "apt-sources",
      source,
    ];
    await stage.run(tool, { cwd, shown: `bun tools/debian-sources.ts -o mirror ${source}` });
    const { ms } = await build();
    const { count } = stonesIn(places.in("boulder/collections", PROFILE));
    stage.check("stones of it are in the local collection", count >= 2, String(count));
    stage.figure(`build of ${NAME}, its root from nothing`, formatDuration(ms));
    return `${count} stones`;
  });

  await stage.step("Install it from there, upgrade it to its second release, roll back", async () => {
    await moss("remote", "add", "local", places.in("boulder/collections", PROFILE), "-p", "100");
    await moss("install", "-y", NAME);
    stage.check("it runs", (await inside("lua -e 'print(6 * 7, _VERSION)'")) === "42\tLua 5.4\n");
    const first = await treeDigest(stage, places, root);
    const installed = await liveState(stage, places, root);
    writeSecondRelease(recipe);
    const again = await build();
    await moss("upgrade", "-y");
    stage.check("the second release has what is new", (await inside("lua5.4 -e 'print(\"second\")'")) === "second\n");
    await moss("state", "rollback", "-y");
    const state = await liveState(stage, places, root);
    stage.check("the first release is live again", state.id === installed.id, String(state.id));
    stage.check("and is what it was", (await treeDigest(stage, places, root)) === first);
    stage.check("without what was new", (await inside("command -v lua5.4 || echo absent")) === "absent\n");
    stage.figure(`second build of ${NAME}, its root at hand`, formatDuration(again.ms));
    return "1 to 2 and back";
  });
}
