// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** The demo's last word: boulder, packaged, in a moss root in a container, builds the same bytes once more. */
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { formatDuration } from "#cli/style";
import { sha256Hex } from "#sys/sha256";
import { NAME, PROFILE, writeProfile } from "./build.ts";
import type { Places } from "./places.ts";
import type { Stage } from "./stage.ts";

/** Where the demo's folder is seen inside. */
const INSIDE = "/demo";

/** Stones of a folder that have the release, each with its digest. */
function stonesOf(folder: string, release: number): string[] {
  return readdirSync(folder)
    .filter((name) => name.startsWith(`${NAME}-`) && name.includes(`-${release}-1-`) && name.endsWith(".stone"))
    .sort()
    .map((name) => `${name} ${sha256Hex(readFileSync(join(folder, name)))}`);
}

export async function buildNested(stage: Stage, places: Places): Promise<void> {
  const cwd = places.folder;
  await stage.step("Build it again, by the packaged boulder in a moss root in a container", async () => {
    await stage.run(["mkdir", "builder"], { cwd });
    mkdirSync(places.in("nested/out"), { recursive: true });
    writeProfile(places.in("nested/config"), join(INSIDE, "collections/protosnek"), join(INSIDE, "nested/local"));
    mkdirSync(places.in("nested/local"));
    const moss = async (...words: string[]) =>
      await stage.run(["moss", "-D", "builder", "--cache", "store", ...words], { cwd, lines: 4 });
    await moss("remote", "add", "protosnek", "collections/protosnek");
    await moss("remote", "add", "volatile", "collections/volatile", "-p", "10");
    const { ms: installed } = await moss("install", "-y", "moss", "bash", "coreutils", "perl-base");
    stage.figure("another root from the store of the workshop", formatDuration(installed));
    const boulder = `boulder --config-dir ${INSIDE}/nested/config --cache-dir ${INSIDE}/nested/cache bi ${INSIDE}/recipes/${NAME} -p ${PROFILE} -o ${INSIDE}/nested/out --mirror ${INSIDE}/mirror --offline -q`;
    const words = [
      "moss-container",
      "-D",
      "builder",
      "--nested",
      "-b",
      `${cwd}:${INSIDE}`,
      "--",
      ...boulder.split(" "),
    ];
    const shown = `moss-container -D builder --nested -b .:${INSIDE} -- boulder bi ${INSIDE}/recipes/${NAME} -o ${INSIDE}/nested/out`;
    const { ms } = await stage.run(words, { cwd, shown, lines: 10 });
    const outside = stonesOf(places.in("boulder/collections", PROFILE), 2);
    const inside = stonesOf(places.in("nested/out"), 2);
    const same = outside.length > 0 && inside.join("\n") === outside.join("\n");
    stage.check(`the ${outside.length} stones are the same to the last bit`, same, inside.join(", "));
    stage.figure(`build of ${NAME} in a container in a container`, formatDuration(ms));
    return `${inside.length} stones, bit-identical`;
  });
}
