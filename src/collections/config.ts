// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * The configuration of collections: `repo.yaml` and `repo.d/*.yaml` of the vendor (R/usr/share/moss) and of the admin
 * (R/etc/moss). The order is fixed: vendor before admin, the plain file before the folder, names sorted; the last one
 * that defines a name wins. What cannot be understood is an error with its file and line.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, realpathSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { errnoCode, Failure } from "#base/errors";
import { sortedTexts } from "#base/order";
import {
  byPriority,
  type Collection,
  type CollectionSource,
  checkCollectionName,
  unknownCollection,
} from "#collections/model";
import { diskFailure } from "#store/disk";
import { writeFileAtomic } from "#sys/sync";

interface ConfigFile {
  readonly path: string;
  readonly vendor: boolean;
}

function configFiles(root: string): ConfigFile[] {
  return [
    { folder: join(root, "usr/share/moss"), vendor: true },
    { folder: join(root, "etc/moss"), vendor: false },
  ].flatMap(({ folder, vendor }) => {
    const inFolder = join(folder, "repo.d");
    const names = existsSync(inFolder)
      ? sortedTexts(readdirSync(inFolder)).filter((name) => name.endsWith(".yaml"))
      : [];
    const paths = [join(folder, "repo.yaml"), ...names.map((name) => join(inFolder, name))];
    return paths.filter((path) => existsSync(path)).map((path) => ({ path, vendor }));
  });
}

/** Changes whenever one of the files does: paths, inodes, sizes and times. */
export function configStamp(root: string): string {
  return configFiles(root)
    .map(({ path }) => {
      const { ino, size, mtimeNs, ctimeNs } = statSync(path, { bigint: true });
      return [path, ino, size, mtimeNs, ctimeNs].join(" ");
    })
    .join("\n");
}

/** Every collection, disabled ones too, the preferred first. Throws `collection.invalid`. */
export async function readConfig(root: string): Promise<Collection[]> {
  const files = configFiles(root);
  if (files.length === 0) return [];
  const { parseCollections } = await import("#collections/yaml");
  const byName = new Map<string, Collection>();
  for (const { path, vendor } of files) {
    for (const item of parseCollections(path, readFileSync(path, "utf8"), vendor)) byName.set(item.name, item);
  }
  return [...byName.values()].sort(byPriority);
}

/** A collection by its name. Throws `collection.unknown`. */
export function findCollection(all: readonly Collection[], name: string): Collection {
  const found = all.find((item) => item.name === name);
  if (found === undefined) {
    throw unknownCollection(
      name,
      all.map((item) => item.name),
    );
  }
  return found;
}

/** The file that the admin's definition of a collection stands in, where moss writes it. */
export function adminFile(root: string, name: string): string {
  return join(root, "etc/moss/repo.d", `${name}.yaml`);
}

function sourceLines(source: CollectionSource): string[] {
  const quote = (value: string) => JSON.stringify(value);
  if ("uri" in source) return [`  uri: ${quote(source.uri)}`];
  return [
    `  base-uri: ${quote(source.baseUri)}`,
    `  channel: ${quote(source.channel)}`,
    `  version: ${quote(source.version)}`,
    `  arch: ${quote(source.arch)}`,
  ];
}

/** Writes the admin's definition of a collection; it takes the place of a vendor's. Gives what is written. */
export function writeCollection(root: string, item: Omit<Collection, "file" | "vendor">): Collection {
  checkCollectionName(item.name);
  const path = adminFile(root, item.name);
  refuseOutside(root, path);
  const text = [
    `${item.name}:`,
    `  description: ${JSON.stringify(item.description)}`,
    ...sourceLines(item.source),
    `  priority: ${item.priority}`,
    `  active: ${item.active}`,
    "",
  ].join("\n");
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
    writeFileAtomic(path, text);
  } catch (cause) {
    throw writeFailure(path, cause);
  }
  return { ...item, file: path, vendor: false };
}

/** A root in a folder may have an /etc that is a link: what belongs into that root is not written into this machine's. */
function refuseOutside(root: string, path: string): void {
  const top = realpathSync(root);
  let folder = dirname(path);
  while (!existsSync(folder) && folder !== root) folder = dirname(folder);
  const real = realpathSync(folder);
  if (top === "/" || real === top || real.startsWith(`${top}/`)) return;
  throw new Failure("root.invalid", `Cannot write "${path}": "${folder}" leads out of the root, to "${real}"`, {
    hint: "Put a plain directory there.",
  });
}

function writeFailure(path: string, cause: unknown): unknown {
  const code = errnoCode(cause);
  if (code !== "EACCES" && code !== "EPERM") return diskFailure(cause, `write "${path}"`);
  return new Failure("root.readonly", `Cannot write "${path}": no right to write there`, {
    hint: "Run the command as root, or choose another root with -D.",
    cause,
  });
}

/** Removes the admin's definition. Throws `collection.invalid` where it stands in a file with others, or is a vendor's. */
export function removeCollection(root: string, item: Collection): void {
  const path = adminFile(root, item.name);
  refuseOutside(root, path);
  if (item.file !== path) {
    throw new Failure("collection.invalid", `Cannot remove the collection "${item.name}": ${item.file} defines it`, {
      hint: item.vendor ? "A package brings it; disable it instead." : "Edit that file.",
    });
  }
  try {
    rmSync(path);
  } catch (cause) {
    throw writeFailure(path, cause);
  }
}
