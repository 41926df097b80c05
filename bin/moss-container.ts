// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** moss-container: runs a program in a root. What makes the container starts first, since all else is done before it is ready. */
import { argv } from "node:process";

const words = argv.slice(2);
/** Words before all others after which nothing is run. */
const NOTHING_RUNS = /^(-h|--help|-V|--version|version|--generate-.*|complet.*)$/;
{
  await using _helper = NOTHING_RUNS.test(words[0] ?? "")
    ? undefined
    : (await import("#container/helper")).startEarly();
  const [{ runProgram }, { MOSS_CONTAINER }] = await Promise.all([
    import("#cli/program"),
    import("#cli/moss-container/table"),
    // Needed in a moment.
    _helper === undefined ? undefined : import("#cli/moss-container/run"),
  ]);
  process.exitCode = await runProgram(MOSS_CONTAINER, words);
}
