// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** moss-deb: imports Debian binary packages as stones. */
import { MOSS_DEB } from "#cli/moss-deb/table";
import { runProgram } from "#cli/program";

process.exitCode = await runProgram(MOSS_DEB, process.argv.slice(2));
