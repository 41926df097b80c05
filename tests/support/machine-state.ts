// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** What a program could leave behind on the machine: compared before and after. */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface MachineState {
  /** Mounts that this process sees. */
  readonly mounts: readonly string[];
  /** Namespaces that other processes of this machine are in, which this process is not. */
  readonly strangers: readonly string[];
  /** Names in the folder of temporary files that containers could have made. */
  readonly folders: readonly string[];
  /** Control groups of containers. */
  readonly groups: readonly string[];
}

function numbers(): string[] {
  return readdirSync("/proc").filter((name) => /^\d+$/.test(name));
}

/** Command lines of processes that hold `marker`, this one and its parents left out. */
export function processesWith(marker: string): string[] {
  const found: string[] = [];
  for (const pid of numbers()) {
    if (Number(pid) === process.pid) continue;
    try {
      const line = readFileSync(join("/proc", pid, "cmdline"), "utf8").replaceAll("\0", " ");
      if (line.includes(marker)) found.push(`${pid} ${line}`);
    } catch {
      // It has ended meanwhile.
    }
  }
  return found;
}

function namespaces(root: string): string[] {
  const found: string[] = [];
  for (const pid of numbers()) {
    try {
      // Only containers whose root is ours: other programs of this machine may make and end theirs at any time.
      const mounts = readFileSync(join("/proc", pid, "mountinfo"), "utf8");
      if (mounts.includes(root) && readlinkSync(join("/proc", pid, "ns/mnt")) !== readlinkSync("/proc/self/ns/mnt")) {
        found.push(pid);
      }
    } catch {
      // It has ended meanwhile.
    }
  }
  return found;
}

function groupFolders(pid: number): string[] {
  return [...new Bun.Glob(`**/moss-container-${pid}-*`).scanSync({ cwd: "/sys/fs/cgroup", onlyFiles: false })];
}

/** Looks. `root` is the root whose containers are meant, `pid` the process that made them. */
export function machineState(root: string, pid = process.pid): MachineState {
  return {
    mounts: readFileSync("/proc/self/mountinfo", "utf8")
      .split("\n")
      .filter((line) => line.includes(root) || line.includes("moss-container")),
    strangers: namespaces(root),
    folders: readdirSync(tmpdir()).filter((name) => name.startsWith("moss-container-")),
    groups: groupFolders(pid),
  };
}
