// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** moss-deb: imports Debian binary packages as stones. */
import { runMossDeb } from "#cli/moss-deb/main";

await runMossDeb(process.argv.slice(2));
