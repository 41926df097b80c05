// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * Looks for ELF files of a root whose loader or libraries are not there, by the rules of ld.so(8) and without running
 * anything: each program is followed as the loader would, then the libraries that no program loads, on their own.
 * `bun tools/libraries.ts ROOT [--json]`; exit code 1 where something is missing.
 */
import { closeSync, lstatSync, openSync, readdirSync, readlinkSync, readSync } from "node:fs";
import { posix } from "node:path";
import { Failure } from "#base/errors";
import { isDebugFile } from "#capabilities/elf";
import { type ElfFile, isElf, parseElf } from "#formats/elf";

export interface MissingLibrary {
  /** Absolute path in the root of the file that needs it. */
  readonly file: string;
  /** The soname or the loader's path. */
  readonly needs: string;
  /** Where the root has a library of that name, off the file's search path. */
  readonly elsewhere?: string;
}

export interface LibraryCheck {
  /** ELF files that take part in dynamic linking. */
  readonly files: number;
  readonly programs: number;
  /** What nothing in the root is. */
  readonly missing: readonly MissingLibrary[];
  /** What is there, but only a program that has loaded it already makes it found: plug-ins of that program. */
  readonly unsearched: readonly MissingLibrary[];
}

interface Linked {
  readonly path: string;
  readonly isa: string;
  readonly program: boolean;
  readonly interpreter: string | undefined;
  readonly soname: string | undefined;
  readonly needed: readonly string[];
  readonly rpath: readonly string[];
  readonly runpath: readonly string[];
}

/** The folders that Debian's loaders search by themselves. */
const FOLDERS: Readonly<Record<string, readonly string[]>> = {
  x86_64: ["/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu"],
  "386": ["/lib/i386-linux-gnu", "/usr/lib/i386-linux-gnu", "/lib32", "/usr/lib32"],
  x32: ["/libx32", "/usr/libx32"],
  aarch64: ["/lib/aarch64-linux-gnu", "/usr/lib/aarch64-linux-gnu"],
};
const COMMON = ["/lib", "/usr/lib"];
const MAX_LINKS = 40;

/** The ELF facts of a file of the host; undefined for what is no dynamic ELF file. */
function readLinked(host: string, path: string): Linked | undefined {
  const fd = openSync(host, "r");
  try {
    const start = Buffer.alloc(4);
    if (readSync(fd, start, 0, 4, 0) < 4 || !isElf(start)) return undefined;
    const size = lstatSync(host).size;
    const elf = parseElf((offset, length) => {
      const bytes = Buffer.alloc(length);
      return bytes.subarray(0, readSync(fd, bytes, 0, length, offset));
    }, size);
    return elf === undefined || isDebugFile(path) ? undefined : linkedOf(elf, path);
  } catch (error) {
    if (error instanceof Failure && error.code === "format.invalid") return undefined;
    throw error;
  } finally {
    closeSync(fd);
  }
}

function linkedOf(elf: ElfFile, path: string): Linked | undefined {
  if (elf.type !== "shared" && elf.type !== "executable") return undefined;
  const { dynamic, interpreter } = elf;
  if (dynamic === undefined && interpreter === undefined) return undefined;
  return {
    path,
    isa: elf.machine === "x86_64" && elf.bits === 32 ? "x32" : elf.machine,
    program: interpreter !== undefined,
    interpreter,
    soname: dynamic?.soname,
    needed: dynamic?.needed ?? [],
    rpath: dynamic?.rpath ?? [],
    runpath: dynamic?.runpath ?? [],
  };
}

/** A root as its own programs see it: absolute links stay inside. */
class Root {
  readonly #root: string;
  readonly #resolved = new Map<string, string | undefined>();
  readonly files = new Map<string, Linked>();
  readonly byName = new Map<string, string>();

  constructor(root: string) {
    this.#root = root;
    this.#walk("");
  }

  /** Trees of states and the kernel's own folders are none of the system's files. */
  #walk(folder: string): void {
    for (const entry of readdirSync(`${this.#root}${folder}` || "/", { withFileTypes: true })) {
      const path = `${folder}/${entry.name}`;
      if (entry.isDirectory()) {
        if (!["/.moss", "/proc", "/sys", "/dev", "/run", "/tmp"].includes(path)) this.#walk(path);
      } else if (entry.isFile()) {
        const linked = readLinked(`${this.#root}${path}`, path);
        if (linked !== undefined) this.files.set(path, linked);
      }
    }
    if (folder !== "") return;
    for (const [path, { isa }] of this.files) this.byName.set(`${posix.basename(path)} ${isa}`, path);
  }

  /** The real path below the root; undefined where nothing is there. */
  resolve(path: string): string | undefined {
    if (this.#resolved.has(path)) return this.#resolved.get(path);
    const found = this.#follow(path);
    this.#resolved.set(path, found);
    return found;
  }

  #follow(path: string): string | undefined {
    let todo = path.split("/").filter((part) => part !== "" && part !== ".");
    let at = "";
    for (let links = 0; todo.length > 0; ) {
      const [part = "", ...rest] = todo;
      todo = rest;
      if (part === "..") {
        at = at.slice(0, Math.max(0, at.lastIndexOf("/")));
        continue;
      }
      const stat = lstatSync(`${this.#root}${at}/${part}`, { throwIfNoEntry: false });
      if (stat === undefined) return undefined;
      if (!stat.isSymbolicLink()) {
        at = `${at}/${part}`;
        continue;
      }
      if (++links > MAX_LINKS) return undefined;
      const target = readlinkSync(`${this.#root}${at}/${part}`);
      if (target.startsWith("/")) at = "";
      todo = [...target.split("/").filter((word) => word !== "" && word !== "."), ...todo];
    }
    return at;
  }

  /** The library of a machine at a path. */
  library(path: string, isa: string): Linked | undefined {
    const real = this.resolve(path);
    const linked = real === undefined ? undefined : this.files.get(real);
    return linked?.isa === isa ? linked : undefined;
  }
}

interface Loaded {
  readonly linked: Linked;
  /** The folder that it was found in, which stands for $ORIGIN. */
  readonly origin: string;
  readonly by: Loaded | undefined;
}

/** One process: a file and all that the loader maps for it. */
class Process {
  readonly #root: Root;
  readonly #names = new Set<string>();
  readonly #queue: Loaded[] = [];
  readonly missing: MissingLibrary[] = [];

  constructor(root: Root, first: Linked) {
    this.#root = root;
    this.#add(first, posix.dirname(first.path), posix.basename(first.path), undefined);
    // The loader itself is there before everything else.
    const loader = first.interpreter === undefined ? undefined : root.library(first.interpreter, first.isa);
    if (loader !== undefined) this.#add(loader, posix.dirname(loader.path), posix.basename(loader.path), undefined);
  }

  #add(linked: Linked, origin: string, name: string, by: Loaded | undefined): void {
    this.#names.add(name);
    if (linked.soname !== undefined) this.#names.add(linked.soname);
    if (!this.#queue.some((other) => other.linked === linked)) this.#queue.push({ linked, origin, by });
  }

  #search(loaded: Loaded): string[] {
    const { linked, origin } = loaded;
    const expand = (folders: readonly string[], from: string) =>
      folders.map((folder) =>
        folder
          .replaceAll(/\$\{?ORIGIN\}?/g, from)
          .replaceAll(/\$\{?LIB\}?/g, (FOLDERS[linked.isa]?.[0] ?? "/lib").slice(1)),
      );
    const inherited: string[] = [];
    // An RPATH holds for everything that is loaded because of its file, but not beside a RUNPATH.
    if (linked.runpath.length === 0) {
      for (let at: Loaded | undefined = loaded; at !== undefined; at = at.by) {
        if (at.linked.runpath.length === 0) inherited.push(...expand(at.linked.rpath, at.origin));
      }
    }
    return [...inherited, ...expand(linked.runpath, origin), ...(FOLDERS[linked.isa] ?? []), ...COMMON];
  }

  #load(loaded: Loaded, name: string): void {
    if (this.#names.has(name)) return;
    const paths = name.includes("/")
      ? [name.replaceAll(/\$\{?ORIGIN\}?/g, loaded.origin)]
      : this.#search(loaded).map((folder) => `${folder}/${name}`);
    for (const path of paths) {
      const found = this.#root.library(path, loaded.linked.isa);
      if (found === undefined) continue;
      this.#add(found, posix.dirname(path), name, loaded);
      return;
    }
    const elsewhere = this.#root.byName.get(`${posix.basename(name)} ${loaded.linked.isa}`);
    this.missing.push({
      file: loaded.linked.path,
      needs: name,
      ...(elsewhere === undefined ? {} : { elsewhere }),
    });
  }

  /** Loads everything, breadth first as the loader does; gives the files that are in the process then. */
  run(): Linked[] {
    for (let i = 0; i < this.#queue.length; i++) {
      const loaded = this.#queue[i];
      if (loaded === undefined) break;
      for (const name of loaded.linked.needed) this.#load(loaded, name);
    }
    return this.#queue.map(({ linked }) => linked);
  }
}

/** Checks every ELF file of a root folder. Throws system errors where the folder cannot be read. */
export function checkLibraries(folder: string): LibraryCheck {
  const root = new Root(folder.replace(/\/+$/, ""));
  const all = [...root.files.values()];
  const programs = all.filter(({ program, soname }) => program && soname === undefined);
  const used = new Set<Linked>();
  const found = new Map<string, MissingLibrary>();
  const note = (item: MissingLibrary) => found.set(`${item.file} ${item.needs}`, item);
  const start = (file: Linked) => {
    const process = new Process(root, file);
    for (const linked of process.run()) used.add(linked);
    for (const item of process.missing) note(item);
    if (file.interpreter !== undefined && root.resolve(file.interpreter) === undefined) {
      note({ file: file.path, needs: file.interpreter });
    }
  };
  for (const program of programs) start(program);
  for (const library of all) if (!used.has(library)) start(library);
  const list = [...found.values()];
  return {
    files: all.length,
    programs: programs.length,
    missing: list.filter((item) => item.elsewhere === undefined),
    unsearched: list.filter((item) => item.elsewhere !== undefined),
  };
}

if (import.meta.main) {
  const [root, flag] = process.argv.slice(2);
  if (root === undefined) throw new Error("usage: libraries.ts ROOT [--json]");
  const check = checkLibraries(root);
  if (flag === "--json") process.stdout.write(`${JSON.stringify(check)}\n`);
  else {
    for (const { file, needs } of check.missing) process.stdout.write(`${file}: ${needs} is missing\n`);
    for (const { file, needs, elsewhere } of check.unsearched)
      process.stdout.write(`${file}: ${needs} is at ${elsewhere}, which only its own program searches\n`);
    process.stdout.write(
      `${check.files} ELF files, ${check.programs} of them programs: ${check.missing.length} without what they need\n`,
    );
  }
  process.exitCode = check.missing.length > 0 ? 1 : 0;
}
