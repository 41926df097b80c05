// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** From checked options to the steps that make the container: those of the outer program, then bubblewrap's arguments. */
import { existsSync, lstatSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { Failure } from "#base/errors";
import { bubblewrap, type Parts } from "#container/bubblewrap";
import type { Checked } from "#container/check";
import { mountDevices } from "#container/devices";
import { missingEtc } from "#container/etc";
import { type Identity, mappedOnto, mayMount, rootIdentity, singleIdentity } from "#container/identity";
import type { ContainerOptions } from "#container/options";
import { Steps } from "#container/outer";
import { filterTexts } from "#container/seccomp-made" with { type: "macro" };

const RLIMIT = { cpu: 0, fsize: 1, nproc: 6, nofile: 7, as: 9 } as const;

const MS_BIND_REC = 0x5000;

/** Filters of system calls, as text. */
const FILTERS = filterTexts();

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

/** What of the host's /sys is seen: processors, which compilers and tests count. The rest tells of its hardware and disks. */
const SEEN_OF_SYS = "/sys/devices/system/cpu";

/** A /sys with little in it. Bubblewrap makes it read-only. */
function mountSys(steps: Steps, scratch: string): string {
  const sys = join(scratch, "sys");
  for (const name of ["", "devices", "devices/system", "devices/system/cpu", "fs", "fs/cgroup"]) {
    steps.mkdir(join(sys, name));
  }
  if (existsSync(SEEN_OF_SYS)) steps.mount(SEEN_OF_SYS, join(scratch, SEEN_OF_SYS), "none", MS_BIND_REC, "");
  return sys;
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
  const sys = mountSys(steps, context.scratch);
  const dev = mountDevices(steps, context.scratch, options.interactive === true);
  // The outer program's process namespace serves: bubblewrap is process 1 there, reaps, and ends it with the command. A
  // namespace within that costs milliseconds; it is needed only where the command is process 1 itself.
  const own = options.init === true ? undefined : join(context.scratch, "proc");
  if (own !== undefined) steps.mkdir(own);
  const groups = privileged && context.delegated ? join(context.scratch, "cgroup") : undefined;
  if (groups !== undefined) steps.mkdir(groups).mount("cgroup2", groups, "cgroup2", 0, "");
  // Without fakeroot, bubblewrap puts the command into a user namespace below in any case.
  if (own !== undefined && checked.fakeroot) {
    const inside = privileged ? who : mappedOnto(who);
    steps.childApart(inside.uids, inside.gids, own);
  } else steps.child(privileged ? who : undefined, own);
  for (const [, which, value] of rlimits(options, context.byGroup)) steps.rlimit(which, value);
  const parts: Parts = {
    merged,
    sys,
    dev,
    ...(own === undefined ? {} : { proc: own }),
    ...(groups === undefined ? {} : { groups }),
  };
  steps.pass("--args", bubblewrap(parts, checked, options).join("\0"));
  const filters = FILTERS[process.arch === "arm64" ? "arm64" : "x64"];
  steps.pass("--seccomp", options.init === true || options.nested === true ? filters.contains : filters.plain, true);
  return steps.exec([context.bwrap, "--", ...options.command]);
}
