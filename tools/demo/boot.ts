// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * The demo boots its root: with systemd-nspawn, or where the machine cannot, with its init as process 1 of our container.
 * A unit that is only there for this boot looks around and powers off.
 */
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { stripVTControlCharacters } from "node:util";
import { formatDuration } from "#cli/style";
import { OwnGroup } from "../own-group.ts";
import type { Places } from "./places.ts";
import type { Stage } from "./stage.ts";

const UNIT = `[Unit]
Description=Looks around and powers off
After=multi-user.target graphical.target

[Service]
Type=simple
ExecStart=/usr/bin/bash /run/moss-demo/look.sh
`;

const LOOK = `exec > /run/moss-demo/report 2>&1
for i in {1..60}; do
  state=$(systemctl is-system-running)
  [ "$state" != starting ] && [ "$state" != initializing ] && break
  sleep 0.25
done
echo "system $state"
echo "failed units:" $(systemctl list-units --failed --no-legend --plain)
echo "target $(systemctl get-default) $(systemctl is-active multi-user.target)"
echo "bus $(systemctl show -p Id --value dbus.service) $(busctl --no-pager --no-legend list | wc -l)"
systemctl --no-block poweroff
`;

/** Milliseconds after which a boot has failed. */
const PATIENCE = 120_000;

/** What only a machine's own kernel can be asked for, and systemd would try where it is not told that users are private. */
const MASKED =
  "dev-hugepages.mount sys-fs-fuse-connections.mount sys-kernel-debug.mount sys-kernel-tracing.mount systemd-machine-id-commit.service".split(
    " ",
  );

interface Way {
  readonly name: string;
  readonly words: readonly string[];
  readonly shown: string;
}

function ways(places: Places): Way[] {
  const probe = places.in("probe");
  const unit = `${probe}/moss-demo.service:/etc/systemd/system/moss-demo.service`;
  const nspawn = "systemd-nspawn -q -D destdir --register=no --keep-unit --volatile=overlay --console=read-only".split(
    " ",
  );
  const program = `${process.execPath} ${import.meta.dir}/../../bin/moss-container.ts`;
  const masks = MASKED.map((name) => `systemd.mask=${name}`).join(" ");
  const own = `${program} -D destdir --init --hostname demo -e container=moss --ro-bind ${unit} -b ${probe}:/run/moss-demo -- /usr/lib/systemd/systemd ${masks} systemd.wants=moss-demo.service`;
  return [
    {
      name: "systemd-nspawn",
      words: [
        ...nspawn,
        `--bind-ro=${unit}`,
        `--bind=${probe}:/run/moss-demo`,
        "-b",
        "systemd.wants=moss-demo.service",
      ],
      shown: "systemd-nspawn -D destdir --volatile=overlay -b systemd.wants=moss-demo.service",
    },
    {
      name: "moss-container --init",
      // Its messages want a terminal for a console, which script(1) makes.
      words: ["script", "-qec", own, "/dev/null"],
      shown: "moss-container -D destdir --init -- /usr/lib/systemd/systemd systemd.wants=moss-demo.service",
    },
  ];
}

export async function bootSystem(stage: Stage, places: Places): Promise<void> {
  writeFileSync(places.in("probe/moss-demo.service"), UNIT);
  writeFileSync(places.in("probe/look.sh"), LOOK);
  await stage.step("Boot it, to a reached target and a clean power-off", async () => {
    let grouped = false;
    for (const { name, words, shown } of ways(places)) {
      if (Bun.which(words[0] ?? "") === null) continue;
      const report = places.in("probe/report");
      rmSync(report, { force: true });
      const options = {
        cwd: places.folder,
        shown,
        output: "quiet",
        timeout: PATIENCE,
        codes: [1, 124, 130, 137, 255],
      } as const;
      using group = new OwnGroup();
      grouped ||= group.made;
      const { code, stdout, ms } = await stage.run(group.command(words), options);
      const lines = stripVTControlCharacters(stdout).replaceAll("\r", "").split("\n");
      if (!existsSync(report)) {
        stage.say(`   ${name} could not boot it here (code ${code}): ${lines.slice(-3).join(" | ")}`);
        continue;
      }
      return judge(stage, name, lines, readFileSync(report, "utf8"), { code, ms });
    }
    if (!grouped && process.getuid?.() !== 0) {
      stage.say("   Not booted: an init needs a control group of its own, and this machine gives your user none.");
      stage.say("   Run the demo as root to see it boot.");
      return "left out: no control group for this user";
    }
    stage.check("the root boots", false, "neither systemd-nspawn nor our own container could");
    return "not booted";
  });
}

function judge(stage: Stage, name: string, lines: string[], report: string, ran: { code: number; ms: number }): string {
  const reached = lines.filter((line) => line.includes("Reached target"));
  for (const line of reached.filter((text) => /multi-user|graphical|power/i.test(text))) stage.say(`  ${line.trim()}`);
  for (const line of report.trim().split("\n")) stage.say(`  ${line}`);
  stage.check("it reached multi-user.target", /^target \S+ active$/m.test(report), report);
  stage.check("every unit started", /^system running$/m.test(report) && /^failed units:$/m.test(report), report);
  stage.check("dbus-broker carries the system's bus", /^bus dbus-broker\.service [1-9]/m.test(report), report);
  const off = lines.some((line) => /Powering off|poweroff\.target/.test(line));
  stage.check("it powered off cleanly", ran.code === 0 && off, `code ${ran.code}`);
  stage.figure("boot, look around, power off", `${formatDuration(ran.ms)} with ${name}`);
  return `${reached.length} targets reached with ${name}`;
}
