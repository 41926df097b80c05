// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** moss: the package manager. */
import { MOSS } from "#cli/moss/program";
import { runProgram } from "#cli/program";

process.exitCode = await runProgram(MOSS, process.argv.slice(2));
