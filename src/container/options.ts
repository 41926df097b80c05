// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** What a container can be asked for, and what it gives back. */

/** A file or folder of the host that is seen at `target` inside. */
export interface Bind {
  /** Path on the host; it must exist. */
  readonly source: string;
  /** Absolute path inside. */
  readonly target: string;
  readonly readOnly?: boolean;
}

/** Bounds. Memory and processes are bounded for the whole container where cgroups allow, else a process at a time. */
export interface Limits {
  /** Bytes of memory. */
  readonly memory?: number;
  /** Processes and threads at one time. */
  readonly pids?: number;
  /** Seconds of processor time of one process. */
  readonly cpuSeconds?: number;
  /** Bytes of the largest file that can be written. */
  readonly fileSize?: number;
  /** Open files of one process. */
  readonly openFiles?: number;
}

export interface ContainerOptions {
  /** The root's folder, or several laid over each other, the topmost first. Never written to, but with `writable`. */
  readonly root: string | readonly string[];
  /** Program and arguments; the program is looked up in the PATH inside. */
  readonly command: readonly string[];
  /**
   * `overlay` (default): all can be written, the root does not change. `read-only`: only /tmp, /run and binds can be
   * written. `writable`: the one root folder itself is written.
   */
  readonly access?: "overlay" | "read-only" | "writable";
  /** With `overlay`: a folder that keeps what was written, in `upper/`. Absent: memory, dropped at the end. */
  readonly keep?: string;
  /**
   * Bytes that the dropped layer and /dev/shm may hold; half of the memory where absent. /tmp and each of `tmpfs` may
   * hold half of that, /run an eighth.
   */
  readonly scratchSize?: number;
  /** Variables besides PATH, HOME and LANG. Nothing of the caller's environment is seen inside. */
  readonly env?: Readonly<Record<string, string>>;
  /** Working folder inside; `/` where absent. */
  readonly cwd?: string;
  /** Uid 0 inside, and files can be given to other owners. Else an ordinary user without any rights. */
  readonly fakeroot?: boolean;
  /** The user and group seen inside without `fakeroot`: 1000 and 1000 where absent. */
  readonly uid?: number;
  readonly gid?: number;
  /** The host's network. Else only a loopback device. */
  readonly network?: boolean;
  readonly hostname?: string;
  readonly binds?: readonly Bind[];
  /** Empty folders in memory, besides /tmp and /run. */
  readonly tmpfs?: readonly string[];
  /** Writes minimal passwd, group, hosts and nsswitch.conf where the root has none (default). */
  readonly etc?: boolean;
  /**
   * Keeps the rights that an init needs, gives it control groups of its own where the caller may make some, and runs it as
   * process 1 itself; a power-off ends with 0, a restart with 133. Implies `fakeroot`.
   */
  readonly init?: boolean;
  /**
   * Containers can be made inside. Implies `fakeroot`. The kernel allows that only where all of /proc is seen: root inside,
   * which is the caller, could then write what is writable for root there. For programs that are trusted.
   */
  readonly nested?: boolean;
  readonly limits?: Limits;
  /** Milliseconds until the whole container is killed. */
  readonly timeout?: number;
  /** Kills the whole container when it is aborted. */
  readonly signal?: AbortSignal;
  /** Passes the caller's stdin, stdout, stderr and terminal through, instead of capturing the output. */
  readonly interactive?: boolean;
  /** Passes only the caller's stdin and terminal through: output is captured, and what opens the terminal can talk there. */
  readonly terminal?: boolean;
  /** Bytes on stdin; empty where absent. */
  readonly input?: string | Uint8Array;
}

/** What the container used. */
export interface Usage {
  /** Milliseconds from start to end. */
  readonly wallMs: number;
  /** Milliseconds of processor time in user and in system mode, all processes together. */
  readonly userMs: number;
  readonly systemMs: number;
  /** Bytes: the most that one process held. */
  readonly processPeak: number;
  /** Bytes: the most that the container held, where cgroups allow. */
  readonly memoryPeak?: number;
  /** How often a process was killed because the container's memory was used up, where cgroups allow. */
  readonly outOfMemory?: number;
  /** How each bound was kept. */
  readonly enforced: Readonly<Record<string, "cgroup" | "rlimit">>;
}

export interface ContainerResult {
  /** Exit code: 126 not executable, 127 not found, 128 + number where a signal ended it, 124 time-out, 130 cancelled. */
  readonly code: number;
  /** The signal's name where one ended it. */
  readonly signal?: string;
  readonly timedOut: boolean;
  readonly cancelled: boolean;
  /** Captured output (at most 64 MiB each); empty where it was passed on. */
  readonly stdout: string;
  readonly stderr: string;
  readonly usage: Usage;
}

/** Receives output as it comes; the bytes are valid only during the call. */
export type OutputSink = (chunk: Uint8Array, stream: "stdout" | "stderr") => void;
