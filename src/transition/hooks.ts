// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** What a transition calls at its journalled phases. Whoever knows of triggers and boot entries gives these. */
import type { PathChanges } from "#tree/diff";

export interface HookContext {
  /** The root's directory. */
  readonly directory: string;
  /** The tree concerned: staged for transaction triggers, live for the others. */
  readonly usr: string;
  readonly state: number;
  /** The state that was live before; 0 where there was none. */
  readonly before: number;
  /** Paths that differ from the tree before. */
  readonly changes: PathChanges;
}

export interface Hooks {
  /** On the staged tree, before it can become live. A failure takes the transition back. */
  readonly transactionTriggers?: (context: HookContext) => Promise<void> | void;
  /** On the live tree. After a crash they run again, so they must bear that. */
  readonly systemTriggers?: (context: HookContext) => Promise<void> | void;
  /** Writes the boot entries. Runs again after a crash. */
  readonly boot?: (context: HookContext) => Promise<void> | void;
}
