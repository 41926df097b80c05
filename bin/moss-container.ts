// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** moss-container: runs a program in a root. */
import { MOSS_CONTAINER } from "#cli/moss-container/table";
import { runProgram } from "#cli/program";

process.exitCode = await runProgram(MOSS_CONTAINER, process.argv.slice(2));
