// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Bubblewrap's part of a container: what it unshares, what is seen where, which rights are left. */
import { totalmem } from "node:os";
import type { Checked } from "#container/check";
import type { ContainerOptions } from "#container/options";

/** Rights that a package's or a build's own steps use as root: owners, modes, other users, file capabilities. */
const FAKEROOT_RIGHTS = [
  "CAP_CHOWN",
  "CAP_DAC_OVERRIDE",
  "CAP_DAC_READ_SEARCH",
  "CAP_FOWNER",
  "CAP_FSETID",
  "CAP_KILL",
  "CAP_SETGID",
  "CAP_SETUID",
  "CAP_SETPCAP",
  "CAP_SETFCAP",
  "CAP_SYS_CHROOT",
];

/** Folders that bubblewrap takes the container's parts from. */
export interface Parts {
  readonly merged: string;
  readonly sys: string;
  readonly dev: string;
  /** Where /proc of the outer process namespace is; absent where bubblewrap makes one of its own. */
  readonly proc?: string;
  /** Control groups that an init may manage. */
  readonly groups?: string;
}

/** A folder in memory of `size` bytes. */
function memory(target: string, mode: string, size: number): string[] {
  return ["--perms", mode, "--size", String(Math.ceil(size)), "--tmpfs", target];
}

/**
 * The folders in memory. What is written to the root has a bound, half of the memory where none is given; /tmp has half
 * of that and /run an eighth, so that all together stay below the memory that there is.
 */
function memoryFolders(options: ContainerOptions): string[] {
  const bound = options.scratchSize ?? totalmem() / 2;
  return [
    ...memory("/tmp", "1777", bound / 2),
    ...memory("/run", "0755", bound / 8),
    ...(options.tmpfs ?? []).flatMap((target) => memory(target, "0755", bound / 2)),
  ];
}

/**
 * /proc is read-only for a caller that is root: its files that steer the whole machine belong to that root, who may also
 * give every one of them another mode, for all. Other users' containers have no part in it. Only a container for containers
 * can write there, since the kernel allows a new /proc only where the one that is seen is as open.
 */
function procBind(options: ContainerOptions): "--bind" | "--ro-bind" {
  return options.nested === true || process.geteuid?.() !== 0 ? "--bind" : "--ro-bind";
}

/** Bubblewrap's options. They go to it in a file: all inside can read its command line, and they name the host's paths. */
export function bubblewrap(parts: Parts, checked: Checked, options: ContainerOptions): string[] {
  const args = ["--die-with-parent", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"];
  if (parts.proc === undefined) args.push("--unshare-pid");
  if (options.network !== true) args.push("--unshare-net");
  if (options.interactive !== true && options.terminal !== true) args.push("--new-session");
  args.push("--hostname", options.hostname ?? "moss", "--json-status-fd", "3");
  if (!checked.fakeroot) args.push("--unshare-user", "--uid", String(checked.uid), "--gid", String(checked.gid));
  if (options.init === true) args.push("--as-pid-1", "--cap-add", "ALL");
  else if (checked.fakeroot) {
    args.push("--cap-drop", "ALL", ...FAKEROOT_RIGHTS.flatMap((right) => ["--cap-add", right]));
  }
  args.push(checked.access === "read-only" ? "--ro-bind" : "--bind", parts.merged, "/");
  args.push("--dev-bind", parts.dev, "/dev");
  args.push(...(parts.proc === undefined ? ["--proc", "/proc"] : [procBind(options), parts.proc, "/proc"]));
  args.push("--ro-bind", parts.sys, "/sys");
  if (parts.groups !== undefined) args.push("--bind", parts.groups, "/sys/fs/cgroup");
  args.push(...memoryFolders(options));
  for (const { source, target, readOnly } of checked.binds) {
    args.push(readOnly === true ? "--ro-bind" : "--bind", source, target);
  }
  args.push("--clearenv");
  for (const [name, value] of Object.entries(checked.env)) args.push("--setenv", name, value);
  args.push("--chdir", checked.cwd);
  return args;
}
