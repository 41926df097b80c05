// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * The one compiled executable: it is the program that its own name says, as its links do, and moss under any other name.
 * A program's code is loaded only when it runs.
 */
import { basename } from "node:path";

const LOADERS: Readonly<Record<string, () => Promise<unknown>>> = {
  boulder: () => import("./boulder.ts"),
  moss: () => import("./moss.ts"),
  "moss-container": () => import("./moss-container.ts"),
  "moss-deb": () => import("./moss-deb.ts"),
};

/** Names of all programs of the executable. */
export const PROGRAMS = Object.keys(LOADERS);

if (import.meta.main) await (LOADERS[basename(process.argv0)] ?? LOADERS["moss"])?.();
