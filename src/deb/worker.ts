// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** The program of a worker process where moss-deb runs from its sources; compiled, it is the hidden verb `worker`. */
import { serveJobs } from "#deb/serve";

serveJobs();
