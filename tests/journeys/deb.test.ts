// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * Debian's own packages, imported by the real program and installed by the real moss: nothing misses a library, the programs run,
 * the root boots. Skipped where apt reaches no archive; the boot also where there is no systemd-nspawn that may.
 */
import { afterAll, expect, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EXIT } from "#base/errors";
import type { ImportReport } from "#deb/report";
import { readIndex } from "#stone/repository";
import { run } from "#sys/process";
import { sha256Hex } from "#sys/sha256";
import { checkLibraries } from "../../tools/libraries.ts";
import { OwnGroup } from "../../tools/own-group.ts";
import { ANNOUNCED } from "../../tools/protosnek.ts";
import { must } from "./moss.ts";

const bin = join(import.meta.dir, "../../bin");
const base = mkdtempSync(join(tmpdir(), "deb-journey-"));
afterAll(() => rmSync(base, { recursive: true, force: true }), 60_000);

const words = ANNOUNCED.filter((name) => name !== "moss" && name !== "which");
const folder = join(base, "protosnek");
const mossDeb = (...args: string[]) => [process.execPath, join(bin, "moss-deb.ts"), ...args];
const importWords = (out: string) => mossDeb("import", "--profile", "fast", "--json", "-o", out, ...words);

const first = Bun.which("apt-get") === null ? undefined : await run(importWords(folder));
const reachable = first !== undefined && first.code !== EXIT.network;
if (!reachable) console.error("deb: apt reaches no archive of Debian, so these journeys are skipped");
const it = test.skipIf(!reachable);

function hashes(out: string): string[] {
  const stones = readdirSync(out).filter((name) => name.endsWith(".stone"));
  return stones.sort().map((name) => `${name} ${sha256Hex(readFileSync(join(out, name)))}`);
}

it("a set of real packages becomes stones, and the report says of each what was lost", () => {
  expect([first?.code, first?.stderr]).toEqual([0, ""]);
  const report = JSON.parse(first?.stdout.trim().split("\n").at(-1) ?? "") as ImportReport;
  const stones = hashes(folder);
  expect(report.packages.map(({ stone }) => `${stone.file} ${stone.sha256}`).sort()).toEqual(stones);
  expect(stones.length).toBeGreaterThan(60);
  for (const word of words) expect(report.packages.find(({ name }) => name === word)?.reason).toBe("asked");
  // What would make a root wrong does not happen in this set.
  for (const kind of ["collision", "relation", "device", "outside", "duplicate", "user"]) {
    expect([kind, report.totals[kind]]).toEqual([kind, undefined]);
  }
  const systemd = report.packages.find(({ name }) => name === "systemd");
  expect(systemd?.losses.some((loss) => loss.kind === "script" && loss.subject === "postinst")).toBe(true);
});

it("an import that is killed leaves nothing in the way of the next, which gives the same bytes", async () => {
  const debs = join(base, "debs");
  const out = join(base, "killed");
  const fetched = await run(mossDeb("fetch", "--offline", "-o", debs, ...words));
  expect(fetched.code).toBe(0);
  const files = readdirSync(debs).map((name) => join(debs, name));
  // A cache of its own, so that all is to be done; the files satisfy themselves, so apt is not asked.
  const command = mossDeb("import", "--profile", "fast", "--cache", join(base, "cache"), "-o", out, ...files);
  for (const delay of [1500, 3000]) {
    const child = Bun.spawn(command, { stdout: "ignore", stderr: "ignore" });
    await Bun.sleep(delay);
    child.kill("SIGKILL");
    await child.exited;
  }
  expect((await run(command)).code).toBe(0);
  expect(readdirSync(out).filter((name) => name.startsWith(".moss-deb-"))).toEqual([]);
  expect(hashes(out)).toEqual(hashes(folder));
  expect(readFileSync(join(out, "stone.index")).equals(readFileSync(join(folder, "stone.index")))).toBe(true);
}, 400_000);

const root = join(base, "root");

it("an empty folder becomes a system: no ELF file misses a library, and its programs work", async () => {
  mkdirSync(root);
  await must(["remote", "add", "-D", root, "protosnek", folder]);
  await must(["install", "-D", root, "-y", ...words, "which"]);
  const check = checkLibraries(root);
  expect(check.missing).toEqual([]);
  expect(check.programs).toBeGreaterThan(200);
  const script = [
    "dash -c 'echo dash'",
    "nano --version | head -n 1",
    "which which",
    "systemctl --version | head -n 1",
    "echo a b | awk '{ print $2 }'",
    "dbus-broker --version",
    "lsblk --version",
    '. /usr/lib/os-release; echo "$ID"',
  ].join("; ");
  const words2 = ["-D", root, "--fakeroot", "--", "bash", "-c", script];
  const { code, stdout } = await run([process.execPath, join(bin, "moss-container.ts"), ...words2]);
  const lines = stdout.trim().split("\n");
  expect([code, lines[0], lines[2], lines[4], lines[7]]).toEqual([0, "dash", "/usr/bin/which", "b", "debian"]);
  expect([lines[1], lines[3], lines[5], lines[6]]).toEqual([
    expect.stringContaining("GNU nano"),
    expect.stringContaining("systemd"),
    expect.stringContaining("dbus-broker"),
    expect.stringContaining("lsblk"),
  ]);
  await must(["verify", "-D", root]);
}, 400_000);

const UNIT = "[Unit]\nAfter=multi-user.target\n[Service]\nType=simple\nExecStart=/usr/bin/bash /run/probe/look.sh\n";
const LOOK = `exec > /run/probe/report 2>&1
state=$(systemctl is-system-running --wait)
echo "$state; failed:" $(systemctl list-units --failed --no-legend --plain)
getent passwd root messagebus | cut -d: -f1,6
stat -c '%n %a %U:%G' /etc/shadow /etc/profile /var/log/wtmp /usr/bin/su
systemctl is-enabled getty@tty1.service systemd-networkd.service
[[ $(busctl --no-pager --no-legend list) == *dbus-broker* ]] && echo bus
systemctl --no-block poweroff
`;

const mayBoot = reachable && process.getuid?.() === 0 && Bun.which("systemd-nspawn") !== null;
if (!mayBoot) console.error("deb: no systemd-nspawn for root here, so the boot is skipped");

test.skipIf(!mayBoot)(
  "the system boots to its default target with every unit, and powers off",
  async () => {
    const probe = join(base, "probe");
    mkdirSync(probe);
    writeFileSync(join(probe, "probe.service"), UNIT);
    writeFileSync(join(probe, "look.sh"), LOOK);
    const nspawn = "systemd-nspawn -q --register=no --keep-unit --volatile=overlay --console=pipe".split(" ");
    const command = [
      ...nspawn,
      "-D",
      root,
      `--bind-ro=${probe}/probe.service:/etc/systemd/system/probe.service`,
      `--bind=${probe}:/run/probe`,
      "-b",
      "systemd.wants=probe.service",
    ];
    using group = new OwnGroup();
    const { code, stdout, stderr } = await run(group.command(command), { timeout: 100_000 });
    const path = join(probe, "report");
    const report = existsSync(path) ? readFileSync(path, "utf8") : `${stdout}\n${stderr}`;
    expect(report.split("\n")).toEqual([
      "running; failed:",
      "root:/root",
      "messagebus:/",
      "/etc/shadow 640 root:shadow",
      "/etc/profile 644 root:root",
      "/var/log/wtmp 664 root:utmp",
      "/usr/bin/su 4555 root:root",
      "enabled",
      "disabled",
      "bus",
      "",
    ]);
    expect(code).toBe(0);
  },
  400_000,
);

it("everything that apt offers is indexed from its lists alone", async () => {
  const out = join(base, "everything");
  const { code, stdout } = await run(mossDeb("index", "--json", "--offline", "-o", out));
  expect(code).toBe(0);
  const { packages } = JSON.parse(stdout) as { packages: number };
  const offers = readIndex(join(out, "stone.index"));
  expect(offers.length).toBe(packages);
  expect(packages).toBeGreaterThan(1000);
  const bash = offers.find(({ meta }) => meta.name === "bash");
  expect(bash?.meta).toMatchObject({ name: "bash", release: 1, essential: true });
  expect(bash?.meta.depends.map(({ name }) => name)).toContain("debianutils");
}, 400_000);
