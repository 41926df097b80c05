// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * A streaming reader of tar archives: ustar, GNU long names, PAX headers (POSIX.1-2017 `pax`, GNU tar manual
 * "Basic Tar Format"). Bytes are pushed in as they come; entries come out by callbacks. Memory is bounded by the longest
 * name that is accepted. Paths are given as they stand: whoever writes files must check them.
 */
import { concat, fromUtf8 } from "#base/bytes";
import { Failure } from "#base/errors";
import { numberField, parsePax, textField, verifyChecksum } from "#formats/tar-fields";

export type TarKind = "regular" | "hardlink" | "symlink" | "character-device" | "block-device" | "directory" | "fifo";

export interface TarEntry {
  readonly kind: TarKind;
  /** As recorded, for instance `./usr/bin/nano` or `./usr/share/`. */
  readonly path: string;
  /** Target of a symlink or hardlink, else empty. */
  readonly target: string;
  /** Permission bits with set-id and sticky, 0..0o7777. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly userName: string;
  readonly groupName: string;
  /** Bytes of the body that follows; 0 for all but regular files. */
  readonly size: number;
  /** Modification time in whole seconds since 1970. */
  readonly mtime: number;
  /** Extended attributes from PAX records (`SCHILY.xattr.*`). */
  readonly xattrs: ReadonlyMap<string, Uint8Array>;
}

export interface TarSink {
  entry(entry: TarEntry): void;
  /** A piece of the body of the entry before; valid only during the call. */
  data(chunk: Uint8Array): void;
  /** The body of the entry before is complete. Called for every entry. */
  done(): void;
}

export interface TarLimits {
  /** Largest body of one entry, in bytes. */
  readonly maxEntry?: number;
  /** Most entries. */
  readonly maxEntries?: number;
  /** Largest PAX header or long name, in bytes. */
  readonly maxHeader?: number;
}

const BLOCK = 512;
const KINDS: Readonly<Record<string, TarKind>> = {
  "\0": "regular",
  "0": "regular",
  "7": "regular",
  "1": "hardlink",
  "2": "symlink",
  "3": "character-device",
  "4": "block-device",
  "5": "directory",
  "6": "fifo",
};

type Special = "pax" | "pax-global" | "long-name" | "long-link";
const SPECIALS: Readonly<Record<string, Special>> = { x: "pax", g: "pax-global", L: "long-name", K: "long-link" };

/** Overrides that extension headers carry for the next entry. */
interface Overrides {
  path?: string;
  target?: string;
  pax: Map<string, Uint8Array>;
}

/** Reads one archive. Push all its bytes with `write`, then call `end`. Throws `format.invalid`. */
export class TarReader {
  readonly #sink: TarSink;
  readonly #name: string;
  readonly #maxEntry: number;
  readonly #maxEntries: number;
  readonly #maxHeader: number;
  readonly #block = new Uint8Array(BLOCK);
  #filled = 0;
  #left = 0;
  #padding = 0;
  #special: Special | undefined;
  #parts: Uint8Array[] = [];
  #next: Overrides = { pax: new Map() };
  #zeros = 0;
  #finished = false;
  #count = 0;

  /** @param name what the archive is called in error messages. */
  constructor(sink: TarSink, name: string, limits: TarLimits = {}) {
    this.#sink = sink;
    this.#name = name;
    this.#maxEntry = limits.maxEntry ?? 16 * 1024 ** 3;
    this.#maxEntries = limits.maxEntries ?? 4_000_000;
    this.#maxHeader = limits.maxHeader ?? 1024 * 1024;
  }

  write(chunk: Uint8Array): void {
    let at = 0;
    while (at < chunk.byteLength && !this.#finished) {
      if (this.#left > 0) {
        const take = Math.min(this.#left, chunk.byteLength - at);
        this.#body(chunk.subarray(at, at + take));
        at += take;
        this.#left -= take;
        if (this.#left === 0) this.#complete();
      } else if (this.#padding > 0) {
        const take = Math.min(this.#padding, chunk.byteLength - at);
        at += take;
        this.#padding -= take;
      } else {
        const take = Math.min(BLOCK - this.#filled, chunk.byteLength - at);
        this.#block.set(chunk.subarray(at, at + take), this.#filled);
        at += take;
        this.#filled += take;
        if (this.#filled === BLOCK) {
          this.#filled = 0;
          this.#header();
        }
      }
    }
  }

  /** Says that no bytes are left. Throws where the archive stops within an entry or lacks its end mark. */
  end(): void {
    if (this.#finished) return;
    if (this.#left > 0 || this.#padding > 0 || this.#filled > 0)
      throw this.#invalid("it ends within an entry", "its rest");
    if (this.#special !== undefined || this.#next.path !== undefined || this.#next.pax.size > 0) {
      throw this.#invalid("it ends after an extension header", "the entry it is for");
    }
    if (this.#zeros === 0) throw this.#invalid("no end mark", "a block of zeros at its end");
  }

  #invalid(found: string, expected: string): Failure {
    return new Failure("format.invalid", `Cannot read the tar archive "${this.#name}": ${found}, expected ${expected}`);
  }

  #body(piece: Uint8Array): void {
    if (this.#special === undefined) this.#sink.data(piece);
    else this.#parts.push(piece.slice());
  }

  #complete(): void {
    if (this.#special === undefined) {
      this.#sink.done();
      return;
    }
    const bytes = concat(this.#parts);
    const special = this.#special;
    this.#special = undefined;
    this.#parts = [];
    if (special === "long-name") this.#next.path = this.#text(trimNul(bytes), "long name");
    else if (special === "long-link") this.#next.target = this.#text(trimNul(bytes), "long link");
    else {
      const records = parsePax(bytes);
      if (records === undefined) throw this.#invalid("a damaged PAX header", "length, key and value");
      // Global headers hold comments in practice; a path for all entries would be nonsense.
      if (special === "pax") this.#next.pax = records;
    }
  }

  #text(bytes: Uint8Array, what: string): string {
    const text = fromUtf8(bytes);
    if (text === undefined) throw this.#invalid(`a ${what} that is not UTF-8`, "UTF-8");
    return text;
  }

  #header(): void {
    const block = this.#block;
    if (block.every((byte) => byte === 0)) {
      this.#zeros += 1;
      if (this.#zeros === 2) this.#finished = true;
      return;
    }
    if (this.#zeros > 0) throw this.#invalid("an entry after a block of zeros", "the end");
    if (!verifyChecksum(block)) throw this.#invalid("a header with a wrong checksum", "the sum of its bytes");
    const flag = String.fromCharCode(block[156] ?? 0);
    const special = SPECIALS[flag];
    if (special === undefined) this.#entry(flag);
    else {
      const size = this.#number(124, 12, "size");
      if (size === 0 || size > this.#maxHeader) {
        throw this.#invalid(`an extension header of ${size} bytes`, `1 to ${this.#maxHeader}`);
      }
      this.#special = special;
      this.#start(size);
    }
  }

  #number(offset: number, length: number, what: string): number {
    const value = numberField(this.#block.subarray(offset, offset + length));
    if (value === undefined) throw this.#invalid(`a ${what} that is not a number`, "octal digits");
    return value;
  }

  #paxText(key: string): string | undefined {
    const value = this.#next.pax.get(key);
    return value === undefined ? undefined : this.#text(value, `PAX ${key}`);
  }

  #paxNumber(key: string): number | undefined {
    const text = this.#paxText(key);
    if (text === undefined) return undefined;
    const value = Number(text);
    if (!/^-?\d+(\.\d*)?$/.test(text) || !Number.isSafeInteger(Math.floor(value))) {
      throw this.#invalid(`the PAX ${key} "${text.slice(0, 40)}"`, "a number");
    }
    return Math.floor(value);
  }

  #field(offset: number, length: number, what: string): string {
    return this.#text(textField(this.#block.subarray(offset, offset + length)), what);
  }

  #entry(flag: string): void {
    const kind = KINDS[flag];
    if (kind === undefined) throw this.#invalid(`an entry of type ${JSON.stringify(flag)}`, "a known type");
    if (this.#count++ >= this.#maxEntries) throw this.#invalid("too many entries", `at most ${this.#maxEntries}`);
    const isPosix = this.#block[257] === 0x75 && this.#block[262] === 0; // "ustar\0"; GNU's own form has no prefix
    const prefix = isPosix ? this.#field(345, 155, "prefix") : "";
    const short = this.#field(0, 100, "name");
    const path = this.#paxText("path") ?? this.#next.path ?? (prefix === "" ? short : `${prefix}/${short}`);
    const target = this.#paxText("linkpath") ?? this.#next.target ?? this.#field(157, 100, "link name");
    const size = kind === "regular" ? (this.#paxNumber("size") ?? this.#number(124, 12, "size")) : 0;
    if (size < 0 || size > this.#maxEntry) {
      throw this.#invalid(`"${path}" with ${size} bytes`, `at most ${this.#maxEntry}`);
    }
    if (path === "" || path.includes("\0") || target.includes("\0"))
      throw this.#invalid("an empty name or a NUL in one", "a path");
    const id = (key: string, offset: number) => {
      const value = this.#paxNumber(key) ?? this.#number(offset, 8, key);
      if (value < 0 || value > 0xffff_fffe) throw this.#invalid(`the ${key} ${value}`, "32 bits");
      return value;
    };
    const xattrs = new Map<string, Uint8Array>();
    for (const [key, value] of this.#next.pax) {
      if (key.startsWith("SCHILY.xattr.")) xattrs.set(key.slice(13), value);
    }
    this.#sink.entry({
      // A name that ends in a slash is a directory in the oldest archives.
      kind: kind === "regular" && size === 0 && path.endsWith("/") ? "directory" : kind,
      path,
      target: kind === "symlink" || kind === "hardlink" ? target : "",
      mode: this.#number(100, 8, "mode") & 0o7777,
      uid: id("uid", 108),
      gid: id("gid", 116),
      userName: this.#paxText("uname") ?? this.#field(265, 32, "user name"),
      groupName: this.#paxText("gname") ?? this.#field(297, 32, "group name"),
      size,
      mtime: this.#paxNumber("mtime") ?? this.#number(136, 12, "time"),
      xattrs,
    });
    this.#next = { pax: new Map() };
    this.#start(size);
  }

  #start(size: number): void {
    this.#left = size;
    this.#padding = (BLOCK - (size % BLOCK)) % BLOCK;
    if (size === 0) this.#complete();
  }
}

function trimNul(bytes: Uint8Array): Uint8Array {
  let length = bytes.byteLength;
  while (length > 0 && bytes[length - 1] === 0) length -= 1;
  return bytes.subarray(0, length);
}
