// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** `moss files`: the paths of installed packages. */
import { Failure } from "#base/errors";
import { nearest } from "#base/nearest";
import { openReader } from "#cli/moss/root";
import type { Invocation } from "#cli/spec";
import { printable } from "#cli/style";
import type { MossRoot } from "#transition/root";
import type { StatePackage } from "#transition/schema";

/** Installed packages by name. Throws package.unknown with the nearest name. */
function installed(root: MossRoot, names: readonly string[]): StatePackage[] {
  const active = root.active();
  return names.map((name) => {
    const found = root.find(active, name);
    if (found !== undefined) return found;
    const near = nearest(
      name,
      root.packages(active).map((item) => item.name),
    );
    throw new Failure(
      "package.unknown",
      `Cannot list the files of "${name}": no installed package has this name`,
      near === undefined ? {} : { hint: `Did you mean "${near}"?` },
    );
  });
}

export function run(invocation: Invocation): void {
  const { ui, operands, options } = invocation;
  using root = openReader(invocation);
  const packages = installed(root, operands).map(({ id, name }) => ({ name, files: root.files(id) }));
  if (ui.json) {
    ui.value(
      packages.map(({ name, files }) => ({
        name,
        files: files.map((file) => ({ ...file, path: `/usr/${file.path}` })),
      })),
    );
    return;
  }
  const digests = options.flag("digests");
  for (const { name, files } of packages) {
    const before = packages.length > 1 ? `${name}: ` : "";
    for (const file of files) {
      if (file.kind === "directory" && !options.flag("directories")) continue;
      const more =
        file.kind === "symlink"
          ? ` -> ${printable(file.target)}`
          : file.kind === "file" && digests
            ? `  ${file.sha256}`
            : "";
      ui.print(`${before}/usr/${printable(file.path)}${more}`);
    }
  }
}
