// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** The chain of handlers: asks each one that a file concerns, and keeps who said what. */
import { compareText, getOrInsert } from "#base/order";
import { binary } from "#capabilities/binary";
import { cmake } from "#capabilities/cmake";
import { elf } from "#capabilities/elf";
import type { Decision, Handler, PackageFile, Surroundings } from "#capabilities/file";
import { go } from "#capabilities/go";
import { kernel } from "#capabilities/kernel";
import { dbus, desktop, systemd } from "#capabilities/launchers";
import { perl } from "#capabilities/perl";
import { pkgconfig } from "#capabilities/pkgconfig";
import { python } from "#capabilities/python";
import { ruby } from "#capabilities/ruby";
import { rust } from "#capabilities/rust";
import { shebang } from "#capabilities/shebang";
import { gir, typelib } from "#capabilities/typelib";
import { type Capability, type CapabilityText, formatCapability } from "#model/dependency";

export type { Decision, Handler, PackageFile, Surroundings } from "#capabilities/file";

/** Every handler, in the order in which they are asked. */
export const HANDLERS: readonly Handler[] = [
  binary,
  elf,
  pkgconfig,
  python,
  cmake,
  shebang,
  perl,
  ruby,
  go,
  rust,
  typelib,
  gir,
  kernel,
  systemd,
  desktop,
  dbus,
];

/** What one handler said of one file. */
export interface Finding extends Decision {
  readonly handler: string;
}

export interface FileAnalysis extends Decision {
  /** The same by handler; only those that said something. */
  readonly findings: readonly Finding[];
}

/** Names end up in lists of one item a line, and in database keys. */
const NAME_LIMIT = 1024;

function isSound(item: Capability, problems: string[]): boolean {
  const bad = item.name === "" || item.name.length > NAME_LIMIT || /\p{Cc}/u.test(item.name);
  if (bad) problems.push(`it names a ${item.kind} that cannot be one: ${JSON.stringify(item.name.slice(0, 40))}`);
  return !bad;
}

/**
 * What a file gives and needs. Pure: reads only through the file and its surroundings. `handlers` narrows the chain,
 * for a caller that knows some needs from elsewhere.
 */
export function analyse(
  file: PackageFile,
  around: Surroundings,
  handlers: readonly Handler[] = HANDLERS,
): FileAnalysis {
  const findings: Finding[] = [];
  for (const handler of handlers) {
    if (!handler.concerns(file)) continue;
    const decision = handler.decide(file, around);
    const problems = [...(decision.problems ?? [])];
    const sound = (items: readonly Capability[] = []) => items.filter((item) => isSound(item, problems));
    const [provides, depends, wants] = [sound(decision.provides), sound(decision.depends), sound(decision.wants)];
    if (provides.length + depends.length + wants.length + problems.length > 0) {
      findings.push({ handler: handler.name, provides, depends, wants, problems });
    }
  }
  return {
    provides: findings.flatMap((finding) => finding.provides),
    depends: findings.flatMap((finding) => finding.depends),
    wants: findings.flatMap((finding) => finding.wants),
    problems: findings.flatMap((finding) => finding.problems),
    findings,
  };
}

/** Capabilities by their written form, without repeats and in its byte order. */
export function distinct(items: Iterable<Capability>): Capability[] {
  const byText = new Map<CapabilityText, Capability>();
  for (const item of items) getOrInsert(byText, formatCapability(item), () => item);
  return [...byText.entries()].sort(([a], [b]) => compareText(a, b)).map(([, item]) => item);
}
