// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Where the files of the repository's `data/` folder are: beside the sources, or inside the compiled executable. */
import { join } from "node:path";

/** True in the executable that `./dev build` makes, whose modules lie in a file system of its own. */
export const isCompiled = import.meta.dir.startsWith("/$bunfs/");

/** The folder, to be read through `node:fs`; nothing can be written to it, and no other program can open it. */
export const dataFolder = isCompiled ? join(import.meta.dir, "data") : join(import.meta.dir, "../../data");
