// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * Libraries and loaders of the whole set, by the loader's rules (ld.so(8)): a needed name is looked for in the file's own
 * search path, then in the folders that every program sees. Only what the set has becomes a dependency; the rest is
 * reported. Libraries outside the common folders are provided, below their folder's name, where another package needs them.
 */
import { posix } from "node:path";
import { compareText, getOrInsert } from "#base/order";
import { usrPath } from "#deb/owners";
import type { Loss, PackageScan, ScannedElf } from "#deb/scan-model";
import type { ScanSet } from "#deb/set";
import { type CapabilityText, formatCapability } from "#model/dependency";

export interface Linking {
  readonly provides: Map<string, Set<CapabilityText>>;
  readonly depends: Map<string, Set<CapabilityText>>;
  readonly losses: Map<string, Loss[]>;
}

/** What is in the set after all decisions about files and links. */
export interface SetFiles {
  /** Names of the packages that have a path (not a folder), relative to /usr. */
  owners(path: string): readonly string[];
  /** Where a link leads, relative to /usr; undefined for what is no link or leads outside. */
  linkTarget(path: string): string | undefined;
  /** Whether a package has an ELF file at this path in its stone. */
  keeps(name: string, path: string): boolean;
}

/** Debian's name for a machine in folders such as `lib/x86_64-linux-gnu`. */
const TRIPLETS: Readonly<Record<string, string>> = {
  x86_64: "x86_64-linux-gnu",
  "386": "i386-linux-gnu",
  x32: "x86_64-linux-gnux32",
  aarch64: "aarch64-linux-gnu",
  arm: "arm-linux-gnueabihf",
  riscv: "riscv64-linux-gnu",
  ppc64: "powerpc64le-linux-gnu",
  s390: "s390x-linux-gnu",
};
const NARROW: Readonly<Record<string, string>> = { "386": "lib32", x32: "libx32" };

const soname = (name: string, isa: string) => formatCapability({ kind: "soname", name: `${name}(${isa})` });
const loader = (path: string, isa: string) => formatCapability({ kind: "interpreter", name: `${path}(${isa})` });

/** The name of a library that only some files find: its path below the common folder, `perl/5.36/libperl.so.5.36`. */
function nestedName(path: string, isa: string): string {
  const parts = path.split("/");
  const depth = parts[1] === TRIPLETS[isa] ? 2 : 1;
  return parts.slice(depth).join("/");
}

class Linker {
  readonly provides = new Map<string, Set<CapabilityText>>();
  readonly depends = new Map<string, Set<CapabilityText>>();
  readonly losses = new Map<string, Loss[]>();
  readonly #files: SetFiles;
  /** Path of a library, links to it too, to its facts. */
  readonly #elves = new Map<string, ScannedElf>();
  /** Base name and machine to the paths that carry it, for libraries that no search path finds. */
  readonly #byName = new Map<string, string[]>();
  readonly #extra: readonly string[];

  constructor(set: ScanSet, files: SetFiles) {
    this.#files = files;
    this.#extra = [...new Set(set.all().flatMap((scan) => scan.libraryFolders))].sort(compareText);
    for (const scan of set.all()) {
      for (const elf of scan.elves) if (files.keeps(scan.name, elf.path)) this.#elves.set(elf.path, elf);
    }
    for (const [path, { isa }] of this.#elves) {
      getOrInsert(this.#byName, `${posix.basename(path)} ${isa}`, () => []).push(path);
    }
  }

  folders(isa: string): string[] {
    const triplet = TRIPLETS[isa];
    const narrow = NARROW[isa];
    return [
      ...(triplet === undefined ? [] : [`lib/${triplet}`]),
      ...(narrow === undefined ? [] : [narrow]),
      "lib",
      ...this.#extra,
    ];
  }

  give(name: string, capability: CapabilityText): void {
    getOrInsert(this.provides, name, () => new Set()).add(capability);
  }

  /** The ELF file that a path leads to, through links. */
  #target(path: string): ScannedElf | undefined {
    let current: string | undefined = path;
    for (let hops = 0; hops < 16 && current !== undefined; hops++) {
      const elf = this.#elves.get(current);
      if (elf !== undefined) return elf;
      current = this.#files.linkTarget(current);
    }
    return undefined;
  }

  /** The library of a machine that a path is; undefined where it is none. */
  at(path: string, isa: string): ScannedElf | undefined {
    const elf = this.#target(path);
    return elf?.isa === isa ? elf : undefined;
  }

  /** What every package gives without being asked: libraries in the common folders, loaders. */
  provide(scan: PackageScan, links: readonly string[]): void {
    for (const elf of scan.elves) {
      if (elf.shared && this.#files.keeps(scan.name, elf.path)) this.#provideElf(scan.name, elf);
    }
    for (const file of scan.files) {
      if (file.kind === "symlink" && this.#files.keeps(scan.name, file.path)) this.#provideLink(scan.name, file.path);
    }
    for (const path of links) this.#provideLink(scan.name, path);
  }

  #provideElf(name: string, elf: ScannedElf): void {
    const base = posix.basename(elf.path);
    const folder = posix.dirname(elf.path);
    if (elf.soname?.startsWith("ld-") === true && folder.startsWith("lib")) {
      for (const start of ["/lib64", "/usr/lib64", "/lib", "/usr/lib"]) {
        this.give(name, loader(`${start}/${elf.soname}`, elf.isa));
      }
      this.give(name, loader(`/usr/${elf.path}`, elf.isa));
    }
    // The loader opens a file by the name it was asked for: a soname without a file of that name helps nobody.
    const isAsked = elf.soname === undefined || elf.soname === base;
    if (isAsked && base.includes(".so") && this.folders(elf.isa).includes(folder))
      this.give(name, soname(base, elf.isa));
  }

  /** A link in a common folder is a library by its own name: `libz.so.1` to `libz.so.1.2`, or an alternative's. */
  #provideLink(name: string, path: string): void {
    const base = posix.basename(path);
    if (!base.includes(".so")) return;
    const elf = this.#target(path);
    if (elf === undefined || !this.folders(elf.isa).includes(posix.dirname(path))) return;
    // `libz.so`, which only the linker asks for, is not one.
    const isDevelopment = base.endsWith(".so") && elf.soname !== undefined && elf.soname !== base;
    if (!isDevelopment) this.give(name, soname(base, elf.isa));
  }

  /** Where the loader finds a needed library for one file; undefined where nothing in the set is it. */
  find(elf: ScannedElf, name: string): { path: string; common: boolean } | undefined {
    if (name.includes("/")) {
      const path = name.startsWith("/") ? usrPath(name) : undefined;
      return path !== undefined && this.at(path, elf.isa) !== undefined ? { path, common: false } : undefined;
    }
    const own = `/usr/${posix.dirname(elf.path)}`;
    for (const entry of elf.search) {
      const expanded = posix.normalize(
        entry
          .replaceAll(/\$\{?ORIGIN\}?/g, own)
          .replaceAll(/\$\{?LIB\}?/g, `lib/${TRIPLETS[elf.isa] ?? ""}`)
          .replace(/\/+$/, ""),
      );
      if (!expanded.startsWith("/") || expanded.split("/").includes("..")) continue;
      const folder = usrPath(expanded);
      if (folder === undefined) continue;
      const path = `${folder}/${name}`;
      if (this.at(path, elf.isa) !== undefined) return { path, common: this.folders(elf.isa).includes(folder) };
    }
    for (const folder of this.folders(elf.isa)) {
      const path = `${folder}/${name}`;
      if (this.at(path, elf.isa) !== undefined) return { path, common: true };
    }
    return undefined;
  }

  need(scan: PackageScan): void {
    const depends = getOrInsert(this.depends, scan.name, () => new Set<CapabilityText>());
    const missing = new Map<string, string[]>();
    const unsearched = new Map<string, string>();
    for (const elf of scan.elves) {
      if (!this.#files.keeps(scan.name, elf.path)) continue;
      for (const name of elf.needed) {
        const found = this.find(elf, name);
        if (found === undefined) {
          const elsewhere = this.#byName.get(`${posix.basename(name)} ${elf.isa}`)?.[0];
          if (elsewhere !== undefined)
            unsearched.set(
              `${name}(${elf.isa})`,
              `/usr/${elf.path} needs it; only /usr/${elsewhere} is there, off its search path`,
            );
          else getOrInsert(missing, `${name}(${elf.isa})`, () => []).push(`/usr/${elf.path}`);
          continue;
        }
        const holders = this.#files.owners(found.path);
        if (found.common) {
          for (const holder of holders) this.give(holder, soname(name, elf.isa));
          depends.add(soname(name, elf.isa));
        } else if (!holders.includes(scan.name)) {
          const capability = soname(nestedName(found.path, elf.isa), elf.isa);
          for (const holder of holders) this.give(holder, capability);
          depends.add(capability);
        }
      }
      if (elf.interpreter !== undefined) this.#interpreter(scan, elf, elf.interpreter, depends);
    }
    const losses = getOrInsert(this.losses, scan.name, () => []);
    for (const [subject, paths] of missing) {
      losses.push({
        kind: "soname",
        subject,
        detail: `${paths.slice(0, 3).join(", ")} needs it; nothing in the set is it`,
      });
    }
    for (const [subject, detail] of unsearched) losses.push({ kind: "soname", subject, detail });
  }

  #interpreter(scan: PackageScan, elf: ScannedElf, path: string, depends: Set<CapabilityText>): void {
    const capability = loader(path, elf.isa);
    const where = path.startsWith("/") ? usrPath(path) : undefined;
    const holders = where === undefined ? [] : this.#files.owners(where);
    if (holders.length === 0) {
      const losses = getOrInsert(this.losses, scan.name, () => []);
      losses.push({
        kind: "soname",
        subject: path,
        detail: `the loader of /usr/${elf.path}; nothing in the set is it`,
      });
      return;
    }
    for (const holder of holders) this.give(holder, capability);
    depends.add(capability);
  }
}

/**
 * Decides for the whole set.
 * @param links by package name, the paths of links that the package gets on top (alternatives).
 */
export function decideLinking(set: ScanSet, files: SetFiles, links: ReadonlyMap<string, readonly string[]>): Linking {
  const linker = new Linker(set, files);
  for (const scan of set.all()) linker.provide(scan, links.get(scan.name) ?? []);
  for (const scan of set.all()) linker.need(scan);
  return linker;
}
