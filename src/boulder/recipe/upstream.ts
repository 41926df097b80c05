// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** The `upstreams` of a recipe: archives by SHA-256 and git repositories by commit. */
import type { Node } from "yaml";
import type { Entry, YamlReader } from "#formats/yaml";
import { ARCHIVE_KEYS, GIT_KEYS, unknownKey } from "./keys";
import type { ArchiveUpstream, GitUpstream, Identity, Upstream } from "./model";
import { expand } from "./package";

/** Names of commits, tags and branches that no program takes for an option or a range. */
const REF = /^[A-Za-z0-9](?!.*\.\.)[A-Za-z0-9._/+@-]*$/;
const SCHEMES = new Set(["https:", "http:", "ftp:", "file:", "git:", "ssh:"]);

/** Reads one item of `upstreams`, `- URI: HASH` or `- URI: {hash: HASH, ...}`; undefined where it has errors. */
export function readUpstream(reader: YamlReader, item: Node, identity: Identity): Upstream | undefined {
  const entry = onlyEntry(reader, item, "An upstream");
  if (entry === undefined) return undefined;
  const git = entry.key.startsWith("git|");
  const uri = checkUri(reader, entry.keyNode, git ? entry.key.slice(4) : entry.key);
  if (uri === undefined) return undefined;
  return git ? readGit(reader, entry, uri, identity) : readArchive(reader, entry, uri, identity);
}

/** The one entry of a list item `- key: value`. More keys than one are an error: which one was meant is unknown. */
export function onlyEntry(reader: YamlReader, item: Node, what: string): Entry | undefined {
  const entries = reader.entries(item, what);
  if (entries === undefined) return undefined;
  const [first, second] = entries;
  if (second !== undefined) {
    const hint = "Begin a list item of its own with a dash, or indent the key below the one above.";
    reader.error(second.keyNode, `${what} has a second key "${second.key}", expected one key an item`, hint);
    return undefined;
  }
  return first;
}

function readArchive(reader: YamlReader, entry: Entry, uri: string, identity: Identity): Upstream | undefined {
  const place = reader.place(entry.keyNode);
  let hashNode = entry.value;
  let fileName = baseName(uri);
  let directory: string | undefined;
  let unpack = true;
  let stripDirs = 1;
  let signatureNode: Node | undefined;
  let keyNode: Node | undefined;
  const mirrors: string[] = [];
  if (reader.isMapping(entry.value)) {
    hashNode = undefined;
    for (const field of reader.entries(entry.value, "An upstream") ?? []) {
      const { key, value } = field;
      if (key === "hash") hashNode = value;
      else if (key === "rename") fileName = reader.string(value, '"rename"') ?? fileName;
      else if (key === "unpackdir") directory = readFolder(reader, value, '"unpackdir"', identity);
      else if (key === "unpack") unpack = reader.boolean(value, '"unpack"') ?? unpack;
      else if (key === "stripdirs") stripDirs = reader.integer(value, '"stripdirs"', 0, 255) ?? stripDirs;
      else if (key === "mirrors") mirrors.push(...readMirrors(reader, value));
      else if (key === "signature") signatureNode = value ?? field.keyNode;
      else if (key === "key") keyNode = value ?? field.keyNode;
      else if (key === "ref" || key === "clonedir" || key === "tag") wrongKind(reader, field, "an archive", "git|");
      else unknownKey(reader, field, "an archive", ARCHIVE_KEYS);
    }
  }
  const hash = readHash(reader, hashNode, entry);
  const signature = readSignature(reader, signatureNode, keyNode);
  const name = checkFileName(reader, entry.keyNode, fileName);
  const folder = checkFolder(reader, entry.keyNode, directory ?? fileName);
  if (hash === undefined || !name || !folder) return undefined;
  return {
    kind: "archive",
    uri,
    mirrors,
    hash,
    ...(signature === undefined ? {} : { signature }),
    fileName,
    unpack,
    stripDirs,
    directory: directory ?? fileName,
    place,
  };
}

/** The address of a signature and the key that it must be of; neither is of use without the other. */
function readSignature(
  reader: YamlReader,
  addressNode: Node | undefined,
  keyNode: Node | undefined,
): ArchiveUpstream["signature"] {
  if (addressNode === undefined || keyNode === undefined) {
    const alone = addressNode ?? keyNode;
    const missing = addressNode === undefined ? "signature" : "key";
    if (alone !== undefined) reader.error(alone, `An upstream has no ${missing}`, "Write both `signature` and `key`.");
    return undefined;
  }
  const text = reader.string(addressNode, '"signature"');
  const key = reader.string(keyNode, '"key"');
  const uri = text === undefined ? undefined : checkUri(reader, addressNode, text);
  if (uri === undefined || key === undefined) return undefined;
  return checkKey(reader, keyNode, key, "Write a minisign key, or a path below.") ? { uri, key } : undefined;
}

/** Keys are read where the recipe is built: nothing of elsewhere on the machine. */
function checkKey(reader: YamlReader, node: Node, key: string, hint: string): boolean {
  const fine = key !== "" && !key.startsWith("/") && !key.includes("\0") && !key.split("/").includes("..");
  if (!fine) reader.error(node, `The key "${key}" is not in the folder of the recipe`, hint);
  return fine;
}

/** The signed tag that a commit must have, and the keys that it must be of. */
function readTag(reader: YamlReader, tagNode: Node | undefined, keyNode: Node | undefined): GitUpstream["tag"] {
  if (tagNode === undefined || keyNode === undefined) {
    const alone = tagNode ?? keyNode;
    const hint = "Write `ref` for the commit, and both `tag` and `key` for a signed tag of it.";
    const missing = tagNode === undefined ? "tag" : "key";
    if (alone !== undefined) reader.error(alone, `A git upstream has no ${missing}`, hint);
    return undefined;
  }
  const name = reader.string(tagNode, '"tag"');
  const key = reader.string(keyNode, '"key"');
  if (name === undefined || key === undefined) return undefined;
  if (!REF.test(name)) {
    reader.error(tagNode, `The tag "${name}" is no name of a tag`, "Write it as git tag -l has it.");
    return undefined;
  }
  return checkKey(reader, keyNode, key, "Write the path of a file of OpenPGP keys below.") ? { name, key } : undefined;
}

function readGit(reader: YamlReader, entry: Entry, uri: string, identity: Identity): Upstream | undefined {
  const place = reader.place(entry.keyNode);
  const fileName = baseName(uri);
  let refNode = entry.value;
  let directory = fileName;
  let tagNode: Node | undefined;
  let keyNode: Node | undefined;
  const mirrors: string[] = [];
  if (reader.isMapping(entry.value)) {
    refNode = undefined;
    for (const field of reader.entries(entry.value, "An upstream") ?? []) {
      const { key, value } = field;
      if (key === "ref") refNode = value;
      else if (key === "clonedir") directory = readFolder(reader, value, '"clonedir"', identity) ?? directory;
      else if (key === "mirrors") mirrors.push(...readMirrors(reader, value));
      else if (key === "tag") tagNode = value ?? field.keyNode;
      else if (key === "key") keyNode = value ?? field.keyNode;
      else if (ARCHIVE_KEYS.includes(key)) wrongKind(reader, field, "a git repository", "");
      else unknownKey(reader, field, "a git repository", GIT_KEYS);
    }
  }
  const ref = reader.string(refNode ?? entry.keyNode, "The ref of a git upstream");
  if (refNode === undefined) {
    reader.error(entry.keyNode, "A git upstream has no ref, expected a commit", "Add `ref: <40 hex digits>`.");
    return undefined;
  }
  if (ref === undefined || !checkFolder(reader, entry.keyNode, directory)) return undefined;
  if (!REF.test(ref)) {
    reader.error(refNode, `The ref "${ref}" is not a commit, tag or branch`, "Write the full commit.");
    return undefined;
  }
  if (!/^[0-9a-f]{40}$|^[0-9a-f]{64}$/.test(ref)) {
    const hint = "Write the full commit, 40 hexadecimal digits: a tag can be moved.";
    reader.warn(refNode, `The ref "${ref}" is not a full commit, so it names no certain content`, hint);
  }
  const tag = readTag(reader, tagNode, keyNode);
  return { kind: "git", uri, mirrors, ref, ...(tag === undefined ? {} : { tag }), fileName, directory, place };
}

function readHash(reader: YamlReader, node: Node | undefined, entry: Entry): string | undefined {
  if (node === undefined) {
    const hint = "Add `hash: <64 hex digits>` (sha256sum prints it).";
    reader.error(entry.keyNode, "An archive has no hash, expected its SHA-256", hint);
    return undefined;
  }
  const hash = reader.string(node, "The hash of an upstream")?.toLowerCase();
  if (hash === undefined) return undefined;
  if (/^[0-9a-f]{64}$/.test(hash)) return hash;
  const found = /^[0-9a-f]*$/.test(hash) ? `${hash.length} digits` : "other characters";
  const hint = "Write the SHA-256 of the file (sha256sum prints it); a git repository begins with git|.";
  reader.error(node, `The hash of an upstream has ${found}, expected 64 hexadecimal digits`, hint);
  return undefined;
}

/** A folder of the build, in which `%(name)` and its like have their values. */
function readFolder(reader: YamlReader, node: Node | undefined, what: string, identity: Identity): string | undefined {
  const text = reader.string(node, what);
  return text === undefined || node === undefined ? undefined : expand(reader, node, text, identity);
}

function readMirrors(reader: YamlReader, node: Node | undefined): string[] {
  if (node === undefined) return [];
  return reader.items(node, '"mirrors"').flatMap((item) => {
    const text = reader.string(item, "A mirror");
    return text === undefined ? [] : (checkUri(reader, item, text) ?? []);
  });
}

function wrongKind(reader: YamlReader, field: Entry, what: string, prefix: string): void {
  const hint =
    prefix === "" ? "Remove it; `ref`, `clonedir` and `tag` belong here." : `A git URI begins with ${prefix}.`;
  reader.error(field.keyNode, `The key "${field.key}" does not belong to ${what}`, hint);
}

function checkUri(reader: YamlReader, node: Node, text: string): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url !== undefined && SCHEMES.has(url.protocol)) return url.href;
  const hint = "Write the whole address, such as https://example.org/x-1.0.tar.xz (git repositories: git|https://...).";
  reader.error(node, `The upstream "${text}" is not an address of a known kind`, hint);
  return undefined;
}

/** The last segment of the path of an address. */
function baseName(uri: string): string {
  const segment = new URL(uri).pathname.split("/").findLast((part) => part !== "") ?? "";
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

function checkFileName(reader: YamlReader, node: Node, name: string): boolean {
  if (name !== "" && name !== "." && name !== ".." && !/[/\0]/.test(name) && Buffer.byteLength(name) <= 255)
    return true;
  reader.error(node, `The upstream has no usable file name ("${name}")`, "Add `rename: <file name>`.");
  return false;
}

function checkFolder(reader: YamlReader, node: Node, path: string): boolean {
  const fine = path !== "" && !path.startsWith("/") && !path.includes("\0") && !path.split("/").includes("..");
  if (!fine) reader.error(node, `The folder "${path}" leaves the build folder`, "Write a path below it.");
  return fine;
}
