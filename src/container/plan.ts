// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** From checked options to the steps that make the container: those of the outer program, then bubblewrap's arguments. */
import { existsSync, lstatSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { Failure } from "#base/errors";
import type { Checked } from "#container/check";
import { missingEtc } from "#container/etc";
import { type Identity, mappedOnto, mayMount, rootIdentity, singleIdentity } from "#container/identity";
import type { ContainerOptions } from "#container/options";
import { Steps } from "#container/outer";

const RLIMIT = { cpu: 0, fsize: 1, nproc: 6, nofile: 7, as: 9 } as const;

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

const MS_BIND = 0x1000;

/** The largest option text that mount(2) takes is one page. */
const MAX_MOUNT_DATA = 4000;

/** Overlay's own escapes in its options. */
function escapeOverlay(path: string): string {
  return path.replace(/[\\:,]/g, "\\$&");
}

function overlayData(privileged: boolean, lower: readonly string[], upper?: string, work?: string): string {
  const parts = [`lowerdir=${lower.map(escapeOverlay).join(":")}`];
  if (!privileged) parts.unshift("userxattr");
  if (upper !== undefined && work !== undefined) {
    parts.push(`upperdir=${escapeOverlay(upper)}`, `workdir=${escapeOverlay(work)}`);
  }
  const data = parts.join(",");
  if (Buffer.byteLength(data) > MAX_MOUNT_DATA) {
    throw new Failure(
      "container.failed",
      `Cannot lay ${lower.length} folders over each other: their paths take ${data.length} bytes, expected at most ${MAX_MOUNT_DATA}`,
    );
  }
  return data;
}

/** Which bounds fall to rlimits because no cgroup keeps them. */
export function rlimits(
  options: ContainerOptions,
  byGroup: readonly string[],
): [name: string, which: number, value: number][] {
  const { memory, pids, cpuSeconds, fileSize, openFiles } = options.limits ?? {};
  const list: [string, number, number][] = [];
  const add = (name: string, which: number, value: number | undefined): void => {
    if (value !== undefined && !byGroup.includes(name)) list.push([name, which, value]);
  };
  add("memory", RLIMIT.as, memory);
  add("pids", RLIMIT.nproc, pids);
  add("cpuSeconds", RLIMIT.cpu, cpuSeconds);
  add("fileSize", RLIMIT.fsize, fileSize);
  add("openFiles", RLIMIT.nofile, openFiles);
  return list;
}

/** Where /etc is a folder or absent in every layer, so that files can be put beside what is there. */
function plainEtc(layers: readonly string[]): boolean {
  return layers.every((layer) => {
    const etc = join(layer, "etc");
    return !existsSync(etc) || lstatSync(etc).isDirectory();
  });
}

/** Adds the steps that make the merged root, and gives back the folder where it is. */
function mountRoot(
  steps: Steps,
  checked: Checked,
  options: ContainerOptions,
  { path: scratch, privileged }: { path: string; privileged: boolean },
): string {
  const size = options.scratchSize === undefined ? "" : `,size=${options.scratchSize}`;
  steps.mount("tmpfs", scratch, "tmpfs", 0, `mode=755${size}`);
  if (checked.access === "writable") return checked.layers[0] ?? "/";
  const merged = join(scratch, "root");
  const kept = checked.access === "overlay" ? options.keep : undefined;
  const upper = kept === undefined ? join(scratch, "upper") : join(kept, "upper");
  const work = kept === undefined ? join(scratch, "work") : join(kept, "work");
  steps.umask("000").mkdir(merged).mkdir(upper).mkdir(work);
  // Places that bubblewrap mounts on must be there already where the root cannot be written.
  const folders = checked.access === "read-only" ? ["dev", "proc", "sys", "tmp", "run"] : [];
  for (const name of folders) steps.mkdir(join(upper, name));
  if (checked.access === "read-only") {
    for (const target of [...checked.binds.map((bind) => bind.target), ...(options.tmpfs ?? [])]) {
      if (checked.layers.some((layer) => existsSync(join(layer, target)))) continue;
      let path = upper;
      for (const part of target.split("/").filter((name) => name !== "")) {
        path = join(path, part);
        steps.mkdir(path);
      }
    }
  }
  if (options.etc !== false && plainEtc([...checked.layers, ...(kept === undefined ? [] : [upper])])) {
    const layers = kept === undefined ? checked.layers : [upper, ...checked.layers];
    const files = missingEtc(layers, checked, options.network ?? false);
    if (files.length > 0) steps.mkdir(join(upper, "etc"));
    for (const { name, text } of files) steps.write(join(upper, "etc", name), text);
  }
  steps.umask("022");
  const data =
    checked.access === "read-only"
      ? overlayData(privileged, [upper, ...checked.layers])
      : overlayData(privileged, checked.layers, upper, work);
  steps.mount("overlay", merged, "overlay", 0, data);
  return merged;
}

/** Folders that bubblewrap takes the container's parts from. */
interface Parts {
  readonly merged: string;
  readonly sys: string;
  /** Where /proc of the outer process namespace is; absent where bubblewrap makes one of its own. */
  readonly proc?: string;
  /** Control groups that an init may manage. */
  readonly groups?: string;
}

/** The host's /sys without what is mounted in it, such as cgroups: a dozen mounts, each of which would be bound. */
function mountSys(steps: Steps, scratch: string): string {
  const sys = join(scratch, "sys");
  steps.mkdir(sys).mount("/sys", sys, "none", MS_BIND, "");
  return sys;
}

/**
 * What of /proc steers the whole machine, and root could write: the owner of these files is the real root. The outer
 * program makes it read-only; bubblewrap would read the table of all mounts again for each.
 */
const STEERING = ["sys", "sysrq-trigger", "irq", "bus"];

function bubblewrap(bwrap: string, parts: Parts, checked: Checked, options: ContainerOptions): string[] {
  const args = [bwrap, "--die-with-parent", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"];
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
  args.push("--dev", "/dev");
  args.push(...(parts.proc === undefined ? ["--proc", "/proc"] : ["--bind", parts.proc, "/proc"]));
  args.push("--ro-bind-try", parts.sys, "/sys");
  if (parts.groups !== undefined) args.push("--bind", parts.groups, "/sys/fs/cgroup");
  args.push("--perms", "1777", "--tmpfs", "/tmp", "--perms", "0755", "--tmpfs", "/run");
  for (const target of options.tmpfs ?? []) args.push("--tmpfs", target);
  for (const { source, target, readOnly } of checked.binds) {
    args.push(readOnly === true ? "--ro-bind" : "--bind", source, target);
  }
  args.push("--clearenv");
  for (const [name, value] of Object.entries(checked.env)) args.push("--setenv", name, value);
  args.push("--chdir", checked.cwd, "--", ...options.command);
  return args;
}

/** Who the processes are on the host. */
export function identity(checked: Checked): Identity {
  // Without fakeroot, bubblewrap maps this root to the ordinary user in a namespace below.
  return checked.fakeroot ? rootIdentity() : singleIdentity(0, 0);
}

/** The steps, as the outer program reads them. `procs` are the cgroups to join, `byGroup` the bounds that these keep. */
export function plan(
  checked: Checked,
  options: ContainerOptions,
  context: {
    readonly bwrap: string;
    readonly scratch: string;
    readonly procs: readonly string[];
    readonly byGroup: readonly string[];
    /** Whether the container has a control group of its own, for its init. */
    readonly delegated: boolean;
  },
): Buffer {
  if (options.keep !== undefined) mkdirSync(options.keep, { recursive: true });
  const who = identity(checked);
  const steps = new Steps();
  for (const procs of context.procs) steps.join(procs);
  // Whoever may mount does it before giving up that right: in a user namespace, a layer that has mounts of its own below
  // it (such as the host's `/`) is refused, and so are the overlay's usual attributes.
  const privileged = mayMount();
  if (privileged) steps.enterAsCaller(context.delegated);
  else steps.enterAsUser(who);
  const merged = mountRoot(steps, checked, options, { path: context.scratch, privileged });
  const sys = privileged ? mountSys(steps, context.scratch) : "/sys";
  // The outer program's process namespace serves: bubblewrap is process 1 there, reaps, and ends it with the command. A
  // namespace within that costs milliseconds; it is needed only where the command is process 1 itself.
  const own = options.init === true ? undefined : join(context.scratch, "proc");
  if (own !== undefined) steps.mkdir(own);
  const groups = privileged && context.delegated ? join(context.scratch, "cgroup") : undefined;
  if (groups !== undefined) steps.mkdir(groups).mount("cgroup2", groups, "cgroup2", 0, "");
  const steering = options.nested === true ? [] : STEERING;
  // Without fakeroot, bubblewrap puts the command into a user namespace below in any case.
  if (own !== undefined && checked.fakeroot) {
    const inside = privileged ? who : mappedOnto(who);
    steps.childApart(inside.uids, inside.gids, own, steering);
  } else steps.child(privileged ? who : undefined, own, steering);
  for (const [, which, value] of rlimits(options, context.byGroup)) steps.rlimit(which, value);
  return steps.exec(
    bubblewrap(context.bwrap, { merged, sys, ...(own === undefined ? {} : { proc: own }) }, checked, options),
  );
}
