// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * The one compiled executable: it is the program that its own name says, as its links do, and moss under any other name.
 * A program's code is loaded only when it runs.
 */
import { basename } from "node:path";
import { PROGRAMS, type ProgramName } from "#cli/names";

const LOADERS: Readonly<Record<ProgramName, () => Promise<unknown>>> = {
  boulder: () => import("./boulder.ts"),
  moss: () => import("./moss.ts"),
  "moss-container": () => import("./moss-container.ts"),
  "moss-deb": () => import("./moss-deb.ts"),
};

if (import.meta.main) await LOADERS[PROGRAMS.find((name) => name === basename(process.argv0)) ?? "moss"]();
