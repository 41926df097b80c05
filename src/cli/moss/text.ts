// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Packages, states and times as people read them. */
import { formatBytes, printable } from "#cli/style";
import { formatVersion } from "#model/package";

/** `2026-11-24 23:30`, by the clock of whoever reads. */
export function formatTime(milliseconds: number): string {
  const time = new Date(milliseconds);
  const two = (value: number) => String(value).padStart(2, "0");
  const day = `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`;
  return `${day} ${two(time.getHours())}:${two(time.getMinutes())}`;
}

/** `version-release` of a package, which nobody has checked for what a terminal would obey. */
export function versionText(meta: Parameters<typeof formatVersion>[0]): string {
  return printable(formatVersion(meta));
}

/** A text of a package on one line. */
export function oneLine(text: string): string {
  return printable(text).replace(/\s+/g, " ").trim();
}

/** What came back to the disk, and what did not because files have names elsewhere, such as in trees made with --to. */
export function givenBack(bytes: number, held: number): string {
  const rest = held === 0 ? "" : ` (${formatBytes(held)} more are still held by links to the same files elsewhere)`;
  return `${formatBytes(bytes)} given back${rest}`;
}
