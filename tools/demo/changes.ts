// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Third part of the demo: packages change, and every change can be gone back to. */
import { formatDuration } from "#cli/style";
import { makeMossStone } from "../moss-stone.ts";
import { olderWords } from "../protosnek.ts";
import { importProtosnek } from "./collections.ts";
import type { Places } from "./places.ts";
import type { Stage } from "./stage.ts";
import { liveState, treeDigest } from "./system.ts";

export async function changeSystem(stage: Stage, places: Places): Promise<void> {
  const cwd = places.folder;
  const moss = async (...words: string[]) => await stage.run(["moss", "-D", "destdir", ...words], { cwd });
  const first = await treeDigest(stage, places);

  await stage.step(
    "Upgrade: a newer build of moss in volatile, and a newer version from Debian in protosnek",
    async () => {
      const older = await olderWords();
      if (older.length > 0)
        stage.figure("protosnek brought up to date", formatDuration(await importProtosnek(stage, places)));
      await makeMossStone({ outDir: places.in("collections/volatile"), release: 2, news: "Second release.\n" });
      await stage.run(["moss", "index", "collections/volatile"], { cwd });
      const { ms } = await moss("upgrade", "-y");
      const words = ["moss-container", "-D", "destdir", "--", "cat", "/usr/share/doc/moss/NEWS"];
      const { stdout } = await stage.run(words, { cwd });
      stage.check("its files are those of the newer build", stdout === "Second release.\n", stdout);
      const { stdout: list } = await stage.run(["moss", "-D", "destdir", "list", "installed"], {
        cwd,
        output: "quiet",
      });
      for (const [name, version] of older.map((word) => word.split("="))) {
        const now = new RegExp(`^${name?.replaceAll(".", "\\.")}\\s+(\\S+)`, "m").exec(list)?.[1];
        if (now === undefined) continue;
        stage.check(`${name} is newer than ${version}`, now !== `${version}-1`, now);
      }
      stage.figure("upgrade", formatDuration(ms));
      return ["moss, release 1 to 2", ...older].join("; ");
    },
  );

  await stage.step("Remove a package", async () => {
    const { ms } = await moss("remove", "-y", "nano");
    const gone = await stage.run(["moss-container", "-D", "destdir", "--", "which", "nano"], { cwd, codes: [1] });
    stage.check("nano is gone", gone.code === 1);
    stage.figure("removal of one package", formatDuration(ms));
    return "nano";
  });

  await stage.step("List the states, and show what differs", async () => {
    const { stdout } = await moss("state", "list");
    stage.check("there are three states", stdout.trim().split("\n").length === 3, stdout);
    const diff = await moss("state", "diff", "1", "3");
    stage.check("the difference is moss and nano", /moss/.test(diff.stdout) && /nano/.test(diff.stdout), diff.stdout);
    return "3 states";
  });

  await stage.step("Roll back, twice, and verify", async () => {
    const back = await moss("state", "rollback", "-y");
    await moss("state", "activate", "1", "-y");
    const state = await liveState(stage, places, "destdir");
    stage.check("state 1 is live again", state.id === 1, String(state.id));
    stage.check("every byte, mode, owner and link is as it was at first", (await treeDigest(stage, places)) === first);
    const verified = await moss("verify");
    stage.check("moss verify finds no difference", verified.code === 0);
    stage.figure("rollback", formatDuration(back.ms));
    stage.figure("verify of the whole root", formatDuration(verified.ms));
    return "state 1 again, no difference";
  });
}
