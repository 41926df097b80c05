// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * Runs a program in a root: private mounts, processes, ipc, host name and network; the root itself under an overlay.
 *
 * From outside in: an outer user and mount namespace in which the overlay is mounted, bubblewrap in it, the program in
 * that. All processes end with the container; all mounts are gone with its namespaces, so nothing has to be undone.
 */
import { rmdirSync } from "node:fs";
import { constants } from "node:os";
import { resolve } from "node:path";
import { Failure } from "#base/errors";
import { Groups } from "#container/cgroup";
import { type Checked, checkOptions } from "#container/check";
import { startFailure } from "#container/command";
import { firstProcess, waitUntilEnded } from "#container/ended";
import { Helper } from "#container/helper";
import type { ContainerOptions, ContainerResult, OutputSink, Usage } from "#container/options";
import { plan, rlimits } from "#container/plan";
import { scratchPoint } from "#container/scratch";

export type { Bind, ContainerOptions, ContainerResult, Limits, OutputSink, Usage } from "#container/options";

const MAX_CAPTURE = 64 * 1024 * 1024;
/** Of output that is passed on, the beginning is kept too: bubblewrap speaks before the program does, or never. */
const HEAD = 4096;
const TIMED_OUT = 124;
const CANCELLED = 130;
/** What the kernel does to process 1 of a namespace that asks for a power-off, or for a restart. */
const INIT_ENDS: Readonly<Record<string, number>> = { SIGINT: 0, SIGHUP: 133 };

/** The path of bubblewrap; `container.unavailable` where it is not installed. */
function findBubblewrap(): string {
  const bwrap = Bun.which("bwrap");
  if (bwrap !== null) return bwrap;
  throw new Failure("container.unavailable", 'Cannot make a container: "bwrap" is not installed, expected bubblewrap', {
    hint: "Install the package bubblewrap.",
  });
}

async function drain(
  stream: ReadableStream<Uint8Array>,
  name: "stdout" | "stderr",
  sink: OutputSink | undefined,
): Promise<string> {
  const parts: Uint8Array[] = [];
  let kept = 0;
  for await (const chunk of stream) {
    sink?.(chunk, name);
    if (kept >= (sink === undefined ? MAX_CAPTURE : HEAD)) continue;
    parts.push(sink === undefined ? chunk : chunk.slice());
    kept += chunk.byteLength;
  }
  return Buffer.concat(parts).toString("utf8");
}

function signalName(code: number): string | undefined {
  const number = code - 128;
  return Object.entries(constants.signals).find(([, value]) => value === number)?.[0];
}

/** What to tell where the container itself could not be made. */
function setupFailure(checked: Checked, text: string): Failure {
  const reason = text.trim().replace(/\s+/g, " ");
  const denied = /unshare|uid_map|newuidmap|user namespace/i.test(reason);
  return new Failure(
    denied ? "container.unavailable" : "container.failed",
    `Cannot make a container in "${checked.layers.join(":")}": ${reason || "bubblewrap gave no reason"}, expected namespaces and an overlay`,
    denied ? { hint: "Allow unprivileged user namespaces (user.max_user_namespaces), or run as root." } : {},
  );
}

/**
 * Runs `options.command` to its end and gives its exit code. Output is captured, or handed to `onOutput` as it comes.
 *
 * Throws `usage` or `root.invalid` for options that make no container, `container.unavailable` where this machine allows
 * none, `container.failed` where one could not be made. A command that fails, is missing, is killed or runs too long is
 * no failure but a result. `early` is a helper that was started with the same options; it is taken over.
 */
export async function runInRoot(
  options: ContainerOptions,
  onOutput?: OutputSink,
  early?: Helper,
): Promise<ContainerResult> {
  await using helper = early ?? Helper.start(options);
  const checked = checkOptions(options);
  const keep = options.keep === undefined ? undefined : resolve(options.keep);
  const absolute = keep === undefined ? options : { ...options, keep };
  const bwrap = findBubblewrap();
  using groups = Groups.create(options.limits ?? {}, options.init === true);
  const needed = [bwrap, ...checked.layers, ...checked.binds.map((bind) => bind.source)];
  const scratch = scratchPoint(keep === undefined ? needed : [...needed, keep]);
  try {
    const steps = plan(checked, absolute, {
      bwrap,
      scratch: scratch.path,
      procs: groups.procs,
      byGroup: groups.enforced,
      delegated: groups.delegated,
    });
    helper.send(steps);
    return await finish(helper, checked, absolute, groups, onOutput);
  } finally {
    if (scratch.made) rmdirSync(scratch.path);
  }
}

async function finish(
  helper: Helper,
  checked: Checked,
  options: ContainerOptions,
  groups: Groups,
  onOutput: OutputSink | undefined,
): Promise<ContainerResult> {
  const { child } = helper;
  let timedOut = false;
  let cancelled = false;
  const kill = (): void => child.kill("SIGKILL");
  const cancel = (): void => {
    cancelled = true;
    kill();
  };
  const timer =
    options.timeout === undefined
      ? undefined
      : setTimeout(() => {
          timedOut = true;
          kill();
        }, options.timeout);
  options.signal?.addEventListener("abort", cancel);
  if (options.signal?.aborted === true) cancel();
  try {
    const [stdout, stderr, exit] = await Promise.all([
      child.stdout instanceof ReadableStream ? drain(child.stdout, "stdout", onOutput) : "",
      child.stderr instanceof ReadableStream ? drain(child.stderr, "stderr", onOutput) : "",
      child.exited,
    ]);
    if (cancelled || timedOut) await waitUntilEnded(firstProcess(helper.status()));
    const wallMs = performance.now() - helper.started;
    const heard = onOutput === undefined ? { stdout, stderr } : { stdout: "", stderr: "" };
    const result = { ...heard, timedOut, cancelled, usage: usageOf(options, child, groups, wallMs) };
    if (cancelled) return { ...result, code: CANCELLED };
    if (timedOut) return { ...result, code: TIMED_OUT };
    return { ...result, ...outcome(checked, options, exit, helper.status(), stderr) };
  } finally {
    clearTimeout(timer);
    options.signal?.removeEventListener("abort", cancel);
  }
}

/** The command's own exit code, or why there is none. */
function outcome(
  checked: Checked,
  options: ContainerOptions,
  exit: number,
  status: string,
  stderr: string,
): { code: number; signal?: string } {
  const failed = /^failed\t(.*)$/m.exec(status);
  if (failed !== null) throw setupFailure(checked, failed[1] ?? "");
  const reported = /"exit-code"\s*:\s*(\d+)/.exec(status);
  if (reported !== null) {
    const code = Number(reported[1]);
    const signal = code > 128 ? signalName(code) : undefined;
    const ended = options.init === true ? INIT_ENDS[signal ?? ""] : undefined;
    if (ended !== undefined) return { code: ended };
    return { code, ...(signal === undefined ? {} : { signal }) };
  }
  const program = options.command[0] ?? "";
  // The container was made, but the program in it could not be executed.
  const told = /^bwrap: execvp .*: (.*)$/m.exec(stderr)?.[1];
  if (told !== undefined) return { code: told.startsWith("No such file") ? 127 : 126 };
  if (/^bwrap: /m.test(stderr)) throw setupFailure(checked, stderr);
  if (status.includes("child-pid") && exit === 1) {
    return { code: startFailure(checked.layers, program, checked.env["PATH"] ?? "", checked.cwd) };
  }
  if (exit > 128) return { code: exit, ...(signalName(exit) === undefined ? {} : { signal: signalName(exit) ?? "" }) };
  throw setupFailure(checked, stderr);
}

function usageOf(options: ContainerOptions, child: Bun.Subprocess, groups: Groups, wallMs: number): Usage {
  const used = child.resourceUsage();
  const enforced: Record<string, "cgroup" | "rlimit"> = {};
  for (const name of groups.enforced) enforced[name] = "cgroup";
  for (const [name] of rlimits(options, groups.enforced)) enforced[name] = "rlimit";
  return {
    wallMs,
    userMs: Number(used?.cpuTime.user ?? 0) / 1000,
    systemMs: Number(used?.cpuTime.system ?? 0) / 1000,
    processPeak: used?.maxRSS ?? 0,
    ...groups.usage(),
    enforced,
  };
}
