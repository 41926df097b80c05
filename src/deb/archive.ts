// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** One .deb file: its control files at once, its data by streaming (deb(5)). */
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { basename } from "node:path";
import { concat } from "#base/bytes";
import { errnoCode, Failure } from "#base/errors";
import { decompress } from "#deb/decompress";
import { type ArMember, readAr } from "#formats/ar";
import { type Paragraph, parseParagraph } from "#formats/control";
import { isDebianVersion } from "#formats/debian-version";
import { type TarEntry, TarReader, type TarSink } from "#formats/tar";

/** Control files that the importer reads; the others (md5sums, symbols, shlibs) only cost memory. */
const WANTED = new Set([
  "control",
  "conffiles",
  "preinst",
  "postinst",
  "prerm",
  "postrm",
  "config",
  "templates",
  "triggers",
]);
const MAX_CONTROL_FILE = 8 * 1024 * 1024;
const PIECE = 256 * 1024;

/** An open .deb. Dispose it with `using`. */
export class DebArchive {
  readonly name: string;
  /** Fields of the control file by lower-case name. */
  readonly control: Paragraph;
  /** Other control files that are there, by name: maintainer scripts, conffiles. */
  readonly controlFiles: ReadonlyMap<string, string>;
  readonly #fd: number;
  readonly #data: ArMember;

  private constructor(fd: number, name: string, data: ArMember, files: Map<string, string>) {
    this.#fd = fd;
    this.#data = data;
    this.name = name;
    const control = files.get("control");
    if (control === undefined) throw invalid(name, "no control file", "one in control.tar");
    files.delete("control");
    this.controlFiles = files;
    this.control = parseParagraph(control, name);
    checkControl(this.control, name);
  }

  /** Opens a .deb and reads its control part. Throws `deb.invalid`. */
  static open(path: string): DebArchive {
    const name = basename(path);
    const fd = openPackage(path);
    try {
      const readAt = (offset: number, length: number) => {
        const bytes = new Uint8Array(length);
        return bytes.subarray(0, readSync(fd, bytes, 0, length, offset));
      };
      const [version, control, data] = findMembers(readAr(readAt, fstatSync(fd).size, name), name);
      const format = Buffer.from(readAt(version.offset, Math.min(version.size, 16))).toString("latin1");
      if (!format.startsWith("2.")) throw invalid(name, `format ${JSON.stringify(format)}`, "2.x");
      return new DebArchive(fd, name, data, readControl(fd, control, name));
    } catch (error) {
      closeSync(fd);
      throw error;
    }
  }

  /** Streams the data archive into a sink. May be called again. */
  readData(sink: TarSink): void {
    const tar = new TarReader(sink, this.name);
    decompress(this.#data.name.slice("data.tar".length), this.name, pieces(this.#fd, this.#data), (chunk) =>
      tar.write(chunk),
    );
    tar.end();
  }

  /** A mandatory field of the control file. */
  field(name: string): string {
    return this.control.get(name) ?? "";
  }

  [Symbol.dispose](): void {
    closeSync(this.#fd);
  }
}

function openPackage(path: string): number {
  try {
    return openSync(path, "r");
  } catch (cause) {
    const found = errnoCode(cause) === "ENOENT" ? "it is not there" : (errnoCode(cause) ?? "an error");
    throw new Failure("io", `Cannot open "${path}": ${found}, expected a readable .deb file`, { cause });
  }
}

function invalid(name: string, found: string, expected: string): Failure {
  return new Failure("deb.invalid", `Cannot read the package "${name}": ${found}, expected ${expected}`);
}

function findMembers(members: ArMember[], name: string): [ArMember, ArMember, ArMember] {
  const version = members[0];
  if (version?.name !== "debian-binary") throw invalid(name, `"${version?.name ?? ""}" first`, '"debian-binary"');
  const control = members.find((member) => /^control\.tar(\.\w+)?$/.test(member.name));
  const data = members.find((member) => /^data\.tar(\.\w+)?$/.test(member.name));
  if (control === undefined || data === undefined) throw invalid(name, "no control.tar or data.tar", "both");
  return [version, control, data];
}

function* pieces(fd: number, member: ArMember): Generator<Uint8Array> {
  const buffer = new Uint8Array(PIECE);
  let at = 0;
  while (at < member.size) {
    const read = readSync(fd, buffer, 0, Math.min(PIECE, member.size - at), member.offset + at);
    if (read === 0) throw invalid(member.name, "the end of the file", `${member.size} bytes`);
    at += read;
    yield buffer.subarray(0, read);
  }
}

function readControl(fd: number, member: ArMember, name: string): Map<string, string> {
  const files = new Map<string, string>();
  let current: TarEntry | undefined;
  let parts: Uint8Array[] = [];
  const tar = new TarReader(
    {
      entry(entry) {
        current = entry;
        parts = [];
        const wanted = WANTED.has(entry.path.replace(/^\.\//, ""));
        if (!wanted) current = undefined;
        else if (entry.size > MAX_CONTROL_FILE) {
          throw invalid(name, `${entry.path} of ${entry.size} bytes`, `at most ${MAX_CONTROL_FILE}`);
        }
      },
      data(chunk) {
        if (current !== undefined) parts.push(chunk.slice());
      },
      done() {
        // Maintainer scripts of old packages are sometimes Latin-1: read for their ASCII lines only.
        if (current?.kind === "regular") {
          files.set(current.path.replace(/^\.\//, ""), Buffer.from(concat(parts)).toString("utf8"));
        }
      },
    },
    `control of ${name}`,
    { maxEntry: 256 * 1024 * 1024, maxEntries: 1000 },
  );
  decompress(member.name.slice("control.tar".length), name, pieces(fd, member), (chunk) => tar.write(chunk));
  tar.end();
  return files;
}

/** The fields that become file names or decide order must be what Policy allows. */
function checkControl(control: Paragraph, name: string): void {
  const get = (field: string) => control.get(field) ?? "";
  if (!/^[a-z0-9][a-z0-9+.-]+$/.test(get("package"))) throw invalid(name, `Package "${get("package")}"`, "a name");
  if (!isDebianVersion(get("version"))) throw invalid(name, `Version "${get("version")}"`, "a Debian version");
  if (!/^[a-z0-9-]+$/.test(get("architecture"))) {
    throw invalid(name, `Architecture "${get("architecture")}"`, "an architecture");
  }
}
