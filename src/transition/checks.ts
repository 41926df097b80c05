// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** What is looked at before any work on a root begins, and the links at its top. */
import {
  accessSync,
  constants,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from "node:fs";
import { errnoCode, Failure } from "#base/errors";
import { ROOT_LINKS } from "#model/walk";
import { diskFailure } from "#store/disk";

/** Throws root.mountpoint, root.readonly, root.invalid or root.dangerous for a root that could not be changed in the end. */
export function checkRoot(directory: string, managed: boolean): void {
  checkWritable(directory);
  checkUsr(directory, managed);
  for (const [name, target] of ROOT_LINKS) {
    checkLinkPlace(directory, name, `is not a symlink, expected one to ${target}`, {
      hint: `Move what is in /${name} away; programs and libraries live in /usr.`,
    });
    // The link is made beside its place first; found only after the exchange, this would be too late.
    checkLinkPlace(directory, `${name}.next`, "is there, expected nothing", {
      hint: `Move /${name}.next away; moss makes its link /${name} there.`,
    });
  }
}

function checkWritable(directory: string): void {
  try {
    accessSync(directory, constants.W_OK);
  } catch (cause) {
    const found = errnoCode(cause) === "EROFS" ? "it can only be read" : "no right to write to it";
    throw new Failure(
      "root.readonly",
      `Cannot change the root "${directory}": ${found}, expected a writable directory`,
      {
        hint: "Run the command as root, or choose another root with -D.",
        cause,
      },
    );
  }
}

/** `managed` where moss may take away what is there. */
function checkUsr(directory: string, managed: boolean): void {
  const usr = directory === "/" ? "/usr" : `${directory}/usr`;
  const found = lstatSync(usr, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (!found.isDirectory()) {
    throw new Failure("root.invalid", `Cannot change the root "${directory}": its usr is not a directory`);
  }
  if (found.dev !== statSync(directory).dev) throw mountPoint(usr);
  if (managed || readdirSync(usr).length === 0) return;
  throw new Failure(
    "root.dangerous",
    `Cannot take over "${usr}": it holds files that moss did not put there, expected nothing`,
    {
      hint: existsSync(`${directory}/.moss/db/state`)
        ? "An older moss made this root: moss state import takes it over."
        : "Choose an empty directory with -D.",
    },
  );
}

/** What stands where a link is to be made must be one, or nothing. */
function checkLinkPlace(directory: string, name: string, found: string, hint: { readonly hint: string }): void {
  if (lstatSync(`${directory}/${name}`, { throwIfNoEntry: false })?.isSymbolicLink() === false) {
    throw new Failure("root.invalid", `Cannot change the root "${directory}": /${name} ${found}`, hint);
  }
}

export function mountPoint(usr: string): Failure {
  return new Failure("root.mountpoint", `Cannot exchange "${usr}": it is a mount point, expected a plain directory`, {
    hint: "moss replaces /usr as a whole, so it must lie on the file system of its root.",
  });
}

/** Makes the links of the root's top into /usr, and /etc. Correct ones are left alone. */
export function makeRootLinks(directory: string): void {
  try {
    for (const [name, target] of ROOT_LINKS) {
      const path = `${directory}/${name}`;
      if (readLink(path) === target) continue;
      rmSync(`${path}.next`, { force: true });
      symlinkSync(target, `${path}.next`);
      renameSync(`${path}.next`, path);
    }
    if (!existsSync(`${directory}/etc`)) mkdirSync(`${directory}/etc`, { mode: 0o755 });
  } catch (error) {
    throw diskFailure(error, "make the links of the root");
  }
}

function readLink(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}
