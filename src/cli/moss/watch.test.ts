// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** What is shown of the engine's work, as programs get it. */
import { expect, test } from "bun:test";
import { join } from "node:path";
import { run } from "#sys/process";

test("a disk that is waited for is shown until the next phase begins, and not where it takes no time", async () => {
  const program = `
    import { watch } from ${JSON.stringify(join(import.meta.dir, "watch.ts"))};
    import { Ui } from ${JSON.stringify(join(import.meta.dir, "../ui.ts"))};
    const ui = new Ui({ json: true, verbose: false, yes: true, colour: false });
    using watcher = watch(ui);
    const shown = (phase) => watcher.on({ kind: "phase", phase });
    shown("sync");
    shown("exchange");
    await Bun.sleep(500);
    shown("sync");
    await Bun.sleep(1000);
    shown("exchange");
    await Bun.sleep(500);
    ui.flush();
  `;
  const { code, stdout, stderr } = await run([process.execPath, "-e", program], { cwd: import.meta.dir });
  expect([code, stderr]).toEqual([0, ""]);
  const events = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { readonly type: string; readonly phase?: string; readonly label?: string });
  const told = events.map(({ phase, label }) => phase ?? label);
  expect(told.filter((what, i) => what !== told[i - 1])).toEqual([
    "sync",
    "exchange",
    "sync",
    "Waiting for the disk",
    "exchange",
  ]);
});
