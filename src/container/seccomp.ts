// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * The filter of system calls as the kernel takes it: a program of classic BPF that sees a call's number, machine and
 * arguments, and gives the answer. Bubblewrap installs it last of all, and all processes in the container inherit it.
 *
 * Calls whose answer depends on their number alone are remembered as allowed by the kernel (5.11 and later), so most cost
 * nothing. Numbers mean other calls to 32-bit programs, which x86_64 kernels run too: each machine has a part of its own.
 */
import { ABSENT_FAMILIES, FORBIDDEN_FLAG, FORBIDDEN_REQUESTS, type Machine, refusedCalls } from "#container/refused";

/** Loads a word of the call's description; jumps if equal, not below, or if a bit is set in both; ends with an answer. */
const LOAD = 0x20;
const IF_EQUAL = 0x15;
const IF_AT_LEAST = 0x35;
const IF_BIT = 0x45;
const ANSWER = 0x06;

/** Where the words of the description are. Of an argument the lower half: the kernel looks at no more of these. */
const NUMBER = 0;
const MACHINE = 4;
const ARGUMENT = [16, 24] as const;

const ALLOW = 0x7fff_0000;
const ERRNO = 0x0005_0000;
const EPERM = ERRNO | 1;
const ENOSYS = ERRNO | 38;
const EAFNOSUPPORT = ERRNO | 97;

/** How the kernel names machines here. */
const AUDIT_ARCH: Readonly<Record<Machine, number>> = { x64: 0xc000_003e, x86: 0x4000_0003, arm64: 0xc000_00b7 };
/** Bit of the calls of x32: the same machine, other numbers, hardly a kernel that has them. */
const X32 = 0x4000_0000;

/** The most instructions that a jump can skip. */
const FARTHEST = 255;

interface Instruction {
  readonly code: number;
  readonly value: number;
  /** A jump's targets, as counts of instructions to skip. */
  readonly yes?: number;
  readonly no?: number;
}

const load = (value: number): Instruction => ({ code: LOAD, value });
const answer = (value: number): Instruction => ({ code: ANSWER, value });

/** A word's value, and what then follows; the last of that is an answer. */
type Case = readonly [value: number, then: readonly Instruction[]];

/** The most cases that are tried one after the other. */
const FEW = 4;

/**
 * What follows for the loaded word, or leave for all that is no case. By halves: the kernel tries every number there is when
 * the filter is installed, which is part of every container's start.
 */
function choose(cases: readonly Case[]): Instruction[] {
  if (cases.length <= FEW) {
    const tests = cases.flatMap(([value, then]) => [{ code: IF_EQUAL, value, yes: 0, no: then.length }, ...then]);
    return [...tests, answer(ALLOW)];
  }
  const half = cases.length >> 1;
  const below = choose(cases.slice(0, half));
  const first = cases[half]?.[0] ?? 0;
  return [{ code: IF_AT_LEAST, value: first, yes: below.length, no: 0 }, ...below, ...choose(cases.slice(half))];
}

/** The part of one machine, with the number not yet loaded. */
function judge(machine: Machine, contains: boolean): Instruction[] {
  const { forbidden, absent, ioctl, socket, flags } = refusedCalls(machine, contains);
  const byArgument = (argument: number, values: readonly number[], reply: number): Instruction[] => [
    load(argument),
    ...choose(values.map((value): Case => [value, [answer(reply)]])),
  ];
  const byFlag = [
    load(ARGUMENT[0]),
    { code: IF_BIT, value: FORBIDDEN_FLAG, yes: 0, no: 1 },
    answer(EPERM),
    answer(ALLOW),
  ];
  const cases = [
    ...forbidden.map((call): Case => [call, [answer(EPERM)]]),
    ...absent.map((call): Case => [call, [answer(ENOSYS)]]),
    ...ioctl.map((call): Case => [call, byArgument(ARGUMENT[1], FORBIDDEN_REQUESTS, EPERM)]),
    ...socket.map((call): Case => [call, byArgument(ARGUMENT[0], ABSENT_FAMILIES, EAFNOSUPPORT)]),
    ...flags.map((call): Case => [call, byFlag]),
  ].sort(([one], [other]) => one - other);
  const x32 = machine === "x64" ? [{ code: IF_AT_LEAST, value: X32, yes: 0, no: 1 }, answer(ENOSYS)] : [];
  return [load(NUMBER), ...x32, ...choose(cases)];
}

/**
 * The filter's bytes for this machine. Programs for any other machine that the kernel could run (32-bit ones on ARM, which
 * no build of ours makes) get ENOSYS for everything. `contains`: for an init or for containers within.
 */
export function seccompFilter(contains: boolean, arch: string = process.arch): Buffer {
  const machines: readonly Machine[] = arch === "arm64" ? ["arm64"] : ["x64", "x86"];
  const program = [load(MACHINE)];
  for (const machine of machines) {
    const part = judge(machine, contains);
    program.push({ code: IF_EQUAL, value: AUDIT_ARCH[machine], yes: 0, no: part.length }, ...part);
  }
  program.push(answer(ENOSYS));
  const words = new Uint32Array(program.length * 2);
  let at = 0;
  for (const { code, value, yes = 0, no = 0 } of program) {
    if (yes > FARTHEST || no > FARTHEST) throw new Error("a part of the filter is too long for its jumps");
    words[at++] = code | (yes << 16) | (no << 24);
    words[at++] = value;
  }
  // In the machine's own order of bytes, which is what the kernel wants.
  return Buffer.from(words.buffer);
}
