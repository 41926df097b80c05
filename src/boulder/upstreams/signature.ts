// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * Signatures of archives: `signature` is the address of one, `key` the public key: a line of minisign, or a file beside the
 * recipe (minisign's, or OpenPGP keys). The hash already says which bytes; this says that upstream's key has signed them. Where
 * the signature is one of a tar (`x.tar.sign`) and the archive is compressed, it is over the uncompressed bytes.
 */
import { existsSync, mkdirSync, readFileSync, realpathSync, rmSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { describeError, errnoCode, Failure } from "#base/errors";
import { sha256Hex } from "#sys/sha256";
import type { ArchiveUpstream } from "../recipe/model";
import { isAddress, lockFor, type SourceOptions } from "./archives";
import { checkMinisign, parseMinisignKey } from "./minisign";
import { checkOpenPgp } from "./openpgp";
import { compressionOf, writePlain } from "./plain";

/** Signatures have hundreds of bytes, key files with many signatures tens of thousands. */
const MAX_SIGNATURE = 256 * 1024;
const MAX_KEY = 4 * 1024 * 1024;
/** Names of signatures of an uncompressed tar. */
const TAR_SIGNATURE = /\.tar\.(?:sign|sig|asc|gpg|minisig)$/i;

/**
 * Checks the signature of a file that has the right hash, where the recipe names one. `folder` is the recipe's. Throws
 * `upstream.signature` where it is not right, `upstream.failed` where it cannot be had.
 */
export async function checkSignature(
  upstream: ArchiveUpstream,
  file: string,
  folder: string,
  options: SourceOptions,
): Promise<void> {
  const { signature, fileName: name } = upstream;
  if (signature === undefined) return;
  const check = checkerOf(signature.key, folder);
  const path = join(options.cache, "signatures", sha256Hex(`${signature.uri}\n${upstream.hash}`));
  mkdirSync(dirname(path), { recursive: true });
  using _lock = await lockFor(`${path}.turn.lock`);
  using signed = new SignedBytes(upstream, file, `${path}.plain`, options.signal);
  // One of the cache that is no good is fetched again.
  const cached = existsSync(path);
  const judge = async () => await check(path, await signed.file());
  let wrong = cached ? await judge() : undefined;
  if (!cached || (wrong !== undefined && !options.offline)) {
    await fetchSignature(signature.uri, path, name, options);
    wrong = await judge();
  }
  if (wrong !== undefined) {
    rmSync(path, { force: true });
    throw new Failure(
      "upstream.signature",
      `Cannot verify "${name}": its signature ${wrong}, expected one of the key that the recipe names`,
      { hint: `The signature is from ${signature.uri}. Do not build this before it is clear what happened.` },
    );
  }
  options.onEvent?.({ kind: "signed", name });
}

/** The bytes that a signature is over: the archive's, or those of the tar in it where the signature's name says so. */
class SignedBytes implements Disposable {
  readonly #upstream: ArchiveUpstream;
  readonly #archive: string;
  readonly #plain: string;
  readonly #signal: AbortSignal | undefined;
  #file: string | undefined;

  constructor(upstream: ArchiveUpstream, archive: string, plain: string, signal: AbortSignal | undefined) {
    this.#upstream = upstream;
    this.#archive = archive;
    this.#plain = plain;
    this.#signal = signal;
  }

  async file(): Promise<string> {
    this.#file ??= await this.#find();
    return this.#file;
  }

  async #find(): Promise<string> {
    const { signature, fileName } = this.#upstream;
    const path = new URL(signature?.uri ?? this.#upstream.uri).pathname;
    // foo.tar.sign beside foo.tar.xz, as kernel.org has it.
    const compression = TAR_SIGNATURE.test(path) ? compressionOf(this.#archive) : undefined;
    if (compression === undefined) return this.#archive;
    await writePlain(this.#archive, compression, this.#plain, fileName, this.#signal);
    return this.#plain;
  }

  [Symbol.dispose](): void {
    rmSync(this.#plain, { force: true });
  }
}

async function fetchSignature(uri: string, path: string, name: string, options: SourceOptions): Promise<void> {
  rmSync(path, { force: true });
  const { signal } = options;
  const reasons: string[] = [];
  for (const url of placesOf(uri, options)) {
    try {
      const request = { url, path, name: `${name} (signature)` };
      await options.download(request, { limit: MAX_SIGNATURE, ...(signal === undefined ? {} : { signal }) });
      return;
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof Failure && error.code === "disk.full") throw error;
      reasons.push(describeError(error));
    }
  }
  const found = reasons.length === 0 ? "it is in neither the cache nor a mirror" : reasons.join("; ");
  throw new Failure("upstream.failed", `Cannot fetch the signature of "${name}": ${found}`, {
    hint: options.offline ? "Run boulder fetch with a network first." : "Name a folder that has it with --mirror.",
  });
}

/** Mirrors that are folders have a signature under its name; then its own address. */
function placesOf(uri: string, options: SourceOptions): string[] {
  const name = /[^/]*$/.exec(new URL(uri).pathname)?.[0] ?? "";
  // Of a name that is more than a plain one nobody can say which file it means.
  const plain = /^[A-Za-z0-9_+~-][A-Za-z0-9._+~-]*$/.test(name);
  const folders = plain ? options.mirrors.filter((mirror) => !isAddress(mirror)) : [];
  const mirrored = folders.map((folder) => `${pathToFileURL(resolve(folder)).href}/${name}`);
  const there = mirrored.filter((place) => existsSync(fileURLToPath(place)));
  return options.offline && !uri.startsWith("file:") ? there : [...there, uri];
}

type Checker = (signature: string, file: string) => Promise<string | undefined>;

function checkerOf(key: string, folder: string): Checker {
  const bytes = parseMinisignKey(key) === undefined ? readKey(key, folder) : Buffer.from(key);
  const minisign = parseMinisignKey(new TextDecoder().decode(bytes));
  if (minisign === undefined) return async (signature, file) => await checkOpenPgp(bytes, signature, file);
  return async (signature, file) => checkMinisign(minisign, readFileSync(signature, "utf8"), file);
}

/** The bytes of a key file beside the recipe. Throws `recipe.invalid` where there is none, or it lies elsewhere. */
export function readKey(key: string, folder: string): Uint8Array {
  const refused = (found: string, cause?: unknown) =>
    new Failure(
      "recipe.invalid",
      `Cannot use the key "${key}": ${found}, expected a minisign key or a file in the folder of the recipe`,
      { cause },
    );
  let path: string;
  try {
    path = realpathSync(join(folder, key));
  } catch (cause) {
    throw refused(errnoCode(cause) ?? "unreadable", cause);
  }
  if (!path.startsWith(`${realpathSync(folder)}/`)) throw refused("it leads out of it");
  const stat = statSync(path);
  if (!stat.isFile() || stat.size > MAX_KEY) throw refused(stat.isFile() ? `${stat.size} bytes` : "no file");
  return readFileSync(path);
}
