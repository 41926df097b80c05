// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Which lines of a failed phase's output tell why it failed: the last ones, and errors that came long before them. */

/** Lines of output that a failure shows. */
const LAST_LINES = 25;
/** Earlier errors that it shows: the first ones, as those after them mostly follow from them. */
const EARLIER_LINES = 5;

/** How compilers, linkers, shells, automake, ninja and CMake tell of an error. */
const ERROR =
  /(?:^|[\s:])(?:fatal )?error(?:\[E\d+\])?: |^FAILED: |^CMake Error|undefined reference to |cannot find -l|: (?:command )?not found$|is missing on your system/;

export interface Excerpt {
  /** Errors before the last lines, only where those hold none: with several jobs, others go on for pages after one failed. */
  readonly earlier: readonly string[];
  readonly last: readonly string[];
}

/** Of the lines that were heard, those to show. */
export function excerptOf(heard: readonly string[]): Excerpt {
  const last = heard.slice(-LAST_LINES);
  const told = last.some((line) => ERROR.test(line));
  const earlier = told ? [] : heard.slice(0, -LAST_LINES).filter((line) => ERROR.test(line));
  return { earlier: earlier.slice(0, EARLIER_LINES), last };
}
