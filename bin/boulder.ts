// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** boulder: builds stones from recipes. */
import { runBoulder } from "#cli/boulder/main";

await runBoulder(process.argv.slice(2));
