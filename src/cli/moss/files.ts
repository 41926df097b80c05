// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** `moss files`: the paths of packages. */
import { openForAsking } from "#cli/moss/engine";
import type { Invocation } from "#cli/spec";
import { printable } from "#cli/style";
import { type FilesOfPackage, filesOf, type PackageFile } from "#moss/files";

function lineOf(file: PackageFile, digests: boolean): string {
  const path = `/usr/${printable(file.path)}`;
  if (file.target !== undefined) return `${path} -> ${printable(file.target)}`;
  if (!digests || file.kind !== "file") return path;
  // A stone says XXH3-128 of its files; their SHA-256 is learnt when they are unpacked.
  return file.sha256 === undefined ? `${path}  xxh128:${file.xxh128 ?? ""}` : `${path}  ${file.sha256}`;
}

export async function run(invocation: Invocation): Promise<void> {
  const { ui, operands, options } = invocation;
  using moss = openForAsking(invocation);
  const packages: FilesOfPackage[] = [];
  for (const word of operands) packages.push(await filesOf(moss, word));
  if (ui.json) {
    const whole = (file: PackageFile) => ({ ...file, path: `/usr/${file.path}` });
    ui.value(packages.map(({ files, ...rest }) => ({ ...rest, files: files.map(whole) })));
    return;
  }
  for (const { name, files } of packages) {
    const before = packages.length > 1 ? `${name}: ` : "";
    for (const file of files) {
      if (file.kind === "directory" && !options.flag("directories")) continue;
      ui.print(before + lineOf(file, options.flag("digests")));
    }
  }
}
