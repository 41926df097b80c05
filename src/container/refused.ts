// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * System calls that nothing in a container has a use for. They reach what no namespace divides, or are large parts of the
 * kernel that a build never needs: what cannot be called cannot be attacked.
 *
 * What makes containers (mount, unshare, clone, setns, pivot_root) stays allowed, for containers within and for an init. Only
 * these two get a namespace of control groups too: it lets its maker mount them, and in root's containers, where files of the
 * machine's root are the command's own, change the limits that hold it.
 */

/** Numbers of a call, by the machine that counts so. Absent where that has no such call. */
interface Call {
  readonly name: string;
  readonly x64?: number;
  /** 32-bit programs on x86_64. */
  readonly x86?: number;
  readonly arm64?: number;
}

export type Machine = "x64" | "x86" | "arm64";

/** Answered with EPERM, as the kernel answers who lacks the right. */
const FORBIDDEN: readonly Call[] = [
  // Keys of the kernel: not divided by namespaces, and used up for the caller's own user.
  { name: "add_key", x64: 248, x86: 286, arm64: 217 },
  { name: "request_key", x64: 249, x86: 287, arm64: 218 },
  { name: "keyctl", x64: 250, x86: 288, arm64: 219 },
  // Programs and events in the kernel; faults held up by a program, which exploits lean on.
  { name: "bpf", x64: 321, x86: 357, arm64: 280 },
  { name: "perf_event_open", x64: 298, x86: 336, arm64: 241 },
  { name: "userfaultfd", x64: 323, x86: 374, arm64: 282 },
  { name: "lookup_dcookie", x64: 212, x86: 253, arm64: 18 },
  // Another kernel, or more of it.
  { name: "kexec_load", x64: 246, x86: 283, arm64: 104 },
  { name: "kexec_file_load", x64: 320, arm64: 294 },
  { name: "create_module", x64: 174, x86: 127 },
  { name: "init_module", x64: 175, x86: 128, arm64: 105 },
  { name: "finit_module", x64: 313, x86: 350, arm64: 273 },
  { name: "delete_module", x64: 176, x86: 129, arm64: 106 },
  { name: "get_kernel_syms", x64: 177, x86: 130 },
  { name: "query_module", x64: 178, x86: 167 },
  // Files by number instead of path: around every mount and root.
  { name: "open_by_handle_at", x64: 304, x86: 342, arm64: 265 },
  // The whole machine's swap, accounting, quota, clock, log and ports.
  { name: "swapon", x64: 167, x86: 87, arm64: 224 },
  { name: "swapoff", x64: 168, x86: 115, arm64: 225 },
  { name: "acct", x64: 163, x86: 51, arm64: 89 },
  { name: "quotactl", x64: 179, x86: 131, arm64: 60 },
  { name: "quotactl_fd", x64: 443, x86: 443, arm64: 443 },
  { name: "nfsservctl", x64: 180, x86: 169, arm64: 42 },
  { name: "settimeofday", x64: 164, x86: 79, arm64: 170 },
  { name: "clock_settime", x64: 227, x86: 264, arm64: 112 },
  { name: "clock_settime64", x86: 404 },
  { name: "stime", x86: 25 },
  { name: "syslog", x64: 103, x86: 103, arm64: 116 },
  { name: "iopl", x64: 172, x86: 110 },
  { name: "ioperm", x64: 173, x86: 101 },
  // What only the oldest programs ever called.
  { name: "uselib", x64: 134, x86: 86 },
  { name: "vm86old", x86: 113 },
  { name: "vm86", x86: 166 },
];

/** Only an init asks for it: in a process namespace it ends that, and nothing else. */
const REBOOT: Call = { name: "reboot", x64: 169, x86: 88, arm64: 142 };

/** Answered with ENOSYS: programs that know io_uring ask whether the kernel has it, and do without. */
const ABSENT: readonly Call[] = [
  { name: "io_uring_setup", x64: 425, x86: 425, arm64: 425 },
  { name: "io_uring_enter", x64: 426, x86: 426, arm64: 426 },
  { name: "io_uring_register", x64: 427, x86: 427, arm64: 427 },
];

/** Answered with ENOSYS where an argument of it would have to be judged, which lies in memory: C libraries then call `clone`. */
const CLONE3: Call = { name: "clone3", x64: 435, x86: 435, arm64: 435 };

/** Judged by an argument. */
const IOCTL: Call = { name: "ioctl", x64: 16, x86: 54, arm64: 29 };
const UNSHARE: Call = { name: "unshare", x64: 272, x86: 310, arm64: 97 };
const CLONE: Call = { name: "clone", x64: 56, x86: 120, arm64: 220 };
const SOCKET: Call = { name: "socket", x64: 41, x86: 359, arm64: 198 };

/** Requests of `ioctl` that are forbidden: putting characters into a terminal's input (TIOCSTI, and TIOCLINUX's paste). */
export const FORBIDDEN_REQUESTS: readonly number[] = [0x5412, 0x541c];

/** Families of `socket` that are not there: AF_VSOCK, which talks to the machine's host past the network namespace. */
export const ABSENT_FAMILIES: readonly number[] = [40];

/** A flag of `unshare` and `clone`: a new namespace of control groups (CLONE_NEWCGROUP). */
export const FORBIDDEN_FLAG = 0x0200_0000;

/** What one machine's programs are refused, as numbers. */
export interface Refused {
  readonly forbidden: readonly number[];
  readonly absent: readonly number[];
  readonly ioctl: readonly number[];
  readonly socket: readonly number[];
  /** Calls whose first argument is flags. */
  readonly flags: readonly number[];
}

/** `contains`: for an init or for containers within, which may restart and have control groups of their own. */
export function refusedCalls(machine: Machine, contains: boolean): Refused {
  const numbers = (calls: readonly Call[]): number[] => calls.flatMap((call) => call[machine] ?? []);
  return {
    forbidden: numbers(contains ? FORBIDDEN : [...FORBIDDEN, REBOOT]),
    absent: numbers(contains ? ABSENT : [...ABSENT, CLONE3]),
    ioctl: numbers([IOCTL]),
    socket: numbers([SOCKET]),
    flags: contains ? [] : numbers([UNSHARE, CLONE]),
  };
}
