// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * Folders below a build folder, for what the host writes there. Sources that were unpacked before, and phases that ran
 * before, may have left links on the way: these lead the container's root, and would lead us, out of the build folder.
 */
import { lstatSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { Failure } from "#base/errors";

/**
 * Makes `path`, which has no `..`, below `folder` where it is missing, and gives its place. Throws `upstream.unsafe` where
 * a part of it is a link or another thing that is no folder.
 */
export function placeBelow(folder: string, path: string): string {
  let place = folder;
  for (const part of path.split("/").filter((word) => word !== "" && word !== ".")) {
    if (part === "..") throw new Error(`"${path}" is not below its folder`);
    place = join(place, part);
    const stat = lstatSync(place, { throwIfNoEntry: false });
    if (stat === undefined) mkdirSync(place, { mode: 0o755 });
    else if (!stat.isDirectory()) {
      const found = stat.isSymbolicLink() ? "a link" : "no folder";
      throw new Failure(
        "upstream.unsafe",
        `Cannot use "${path}" of the build folder: "${part}" is ${found}, expected a folder`,
        { hint: "Use another `unpackdir` or `clonedir`, where no other upstream has a file." },
      );
    }
  }
  return place;
}
