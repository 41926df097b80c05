// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** boulder: builds stones from recipes. */
import { BOULDER } from "#cli/boulder/table";
import { runProgram } from "#cli/program";

process.exitCode = await runProgram(BOULDER, process.argv.slice(2));
