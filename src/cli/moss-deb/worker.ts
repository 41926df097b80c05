// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** `moss-deb worker`: how the compiled executable starts the processes of an import. */
import { serveJobs } from "#deb/serve";

/** Serves until the process is ended from outside. */
export async function run(): Promise<void> {
  serveJobs();
  await new Promise<never>(() => undefined);
}
