// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Verbs about stones as files: what is in them, and collections made of them. No root is needed. */
import type { VerbSpec } from "#cli/spec";

export const STONE_VERBS: readonly VerbSpec[] = [];
