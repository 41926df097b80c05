// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Looks into the bodies of one package as they stream by: ELF facts, capabilities, the few texts that matter. */
import { analyse, HANDLERS, type PackageFile, type Surroundings } from "#capabilities/analyse";
import { binary } from "#capabilities/binary";
import { elfOf, isDebug } from "#deb/elf-facts";
import type { PlacedEntry } from "#deb/entries";
import { readMasterFiles } from "#deb/master-files";
import { place, splitPath } from "#deb/place";
import type { Evidence, Loss, ScannedElf, ScannedFile, ScanOptions, SystemUser } from "#deb/scan-model";
import { Spool } from "#deb/spool";
import { isElf } from "#formats/elf";
import { formatCapability } from "#model/dependency";

/** ELF files are decided on for the whole set at once, by the loader's rules: see sonames.ts. */
const WITHOUT_ELF = HANDLERS.filter((handler) => handler.name !== "elf");
const MEMORY = 64 * 1024 * 1024;
const TEXT = 4 * 1024 * 1024;
/** Files that another file's handler reads: kept until the package is complete. */
const COMPANION = /\.egg-info\/(requires\.txt|PKG-INFO)$/;

export class FileScanner {
  readonly elves: ScannedElf[] = [];
  readonly provides: Evidence[] = [];
  readonly needs: Evidence[] = [];
  readonly wants: Evidence[] = [];
  readonly users: SystemUser[] = [];
  readonly libraryFolders: string[] = [];
  readonly losses: Loss[] = [];
  copyright: string | undefined;
  licencesFrom: string | undefined;
  osRelease: string | undefined;
  readonly #name: string;
  readonly #options: ScanOptions;
  readonly #around: Surroundings;
  readonly #seen = new Set<string>();
  readonly #kept = new Map<string, { file: PackageFile; bytes: Uint8Array }>();
  readonly #masters = new Map<string, string>();
  readonly #elfByPath = new Map<string, ScannedElf>();
  #entry: PlacedEntry | undefined;
  #spool: Spool | undefined;
  #first = true;

  constructor(name: string, options: ScanOptions) {
    this.#name = name;
    this.#options = options;
    for (const path of options.present ?? []) this.#seen.add(path);
    this.#around = {
      exists: (path) => this.#seen.has(path),
      read: (path, limit) => {
        const kept = this.#kept.get(path);
        return kept === undefined || kept.bytes.byteLength > limit ? undefined : kept.bytes;
      },
      libraryFolders: [],
      machine: options.machine,
    };
  }

  link(entry: PlacedEntry): void {
    const doc = /^share\/doc\/([^/]+)$/.exec(entry.path)?.[1];
    const pointed = entry.target.split("/").at(-1);
    if (doc === this.#name && pointed !== undefined) this.licencesFrom = pointed;
    this.#analyse({ ...this.#file(entry), kind: "symlink", size: 0 });
  }

  hardlink(path: string, body: ScannedFile): void {
    const file = { ...this.#file({ ...body, path, size: body.size ?? 0 }), readAt: () => new Uint8Array(0) };
    this.#keep(analyse(file, this.#around, [binary]), file.path);
    const elf = this.#elfByPath.get(body.path);
    if (elf !== undefined) this.#addElf({ ...elf, path });
  }

  begin(entry: PlacedEntry): void {
    this.#seen.add(`/usr/${entry.path}`);
    this.#entry = entry;
    this.#first = true;
    if (entry.size === 0) this.#analyse(this.#file(entry));
  }

  data(chunk: Uint8Array): void {
    const entry = this.#entry;
    if (entry === undefined) return;
    if (this.#first) {
      this.#first = false;
      const concerned = entry.size <= TEXT && this.#isText(entry);
      if (isElf(chunk) || concerned)
        this.#spool = new Spool(entry.size, { folder: this.#options.folder, memory: MEMORY });
      // Handlers that only look at the name, or at the first line.
      else this.#analyse({ ...this.#file(entry), size: Math.min(entry.size, chunk.byteLength), readAt: part(chunk) });
    }
    this.#spool?.write(chunk);
  }

  end(): void {
    const entry = this.#entry;
    this.#entry = undefined;
    if (entry === undefined || this.#spool === undefined) return;
    using spool = this.#spool;
    this.#spool = undefined;
    const file = { ...this.#file(entry), readAt: spool.readAt };
    this.#texts(entry, spool);
    const facts = elfOf(file);
    if (facts.problem !== undefined) {
      this.losses.push({ kind: "capability", subject: file.path, detail: facts.problem });
    }
    if (facts.elf !== undefined && !isDebug(entry.path)) this.#addElf(facts.elf);
    if (COMPANION.test(entry.path)) {
      const bytes = spool.readAt(0, spool.size).slice();
      this.#kept.set(file.path, { file: { ...file, readAt: part(bytes) }, bytes });
    } else this.#analyse(file);
  }

  /** All files have come: what waited for its companions is analysed now. */
  finish(): void {
    for (const { file } of this.#kept.values()) this.#analyse(file);
    this.users.push(...readMasterFiles(this.#masters));
  }

  [Symbol.dispose](): void {
    this.#spool?.[Symbol.dispose]();
  }

  #addElf(elf: ScannedElf): void {
    this.elves.push(elf);
    this.#elfByPath.set(elf.path, elf);
  }

  #file(entry: Pick<PlacedEntry, "path" | "mode" | "size">): PackageFile {
    const { path, mode, size } = entry;
    return { path: `/usr/${path}`, kind: "regular", mode, size, readAt: () => new Uint8Array(0) };
  }

  #isText(entry: PlacedEntry): boolean {
    const file = this.#file(entry);
    return (
      WITHOUT_ELF.some((handler) => handler !== binary && handler.concerns(file)) ||
      COMPANION.test(entry.path) ||
      this.#isOwnText(entry.path)
    );
  }

  #isOwnText(path: string): boolean {
    return (
      path === `share/doc/${this.#name}/copyright` ||
      path === "lib/os-release" ||
      path.startsWith("share/factory/etc/ld.so.conf.d/") ||
      /^share\/base-passwd\/(passwd|group)\.master$/.test(path)
    );
  }

  #texts(entry: PlacedEntry, spool: Spool): void {
    if (!this.#isOwnText(entry.path)) return;
    const text = Buffer.from(spool.readAt(0, spool.size)).toString("utf8");
    if (entry.path.endsWith("/copyright")) this.copyright = text;
    else if (entry.path === "lib/os-release") this.osRelease = text;
    else if (entry.path.endsWith(".master")) this.#masters.set(entry.path.split("/").at(-1) ?? "", text);
    else {
      for (const line of text.split("\n")) {
        const folder = line.trim();
        if (!folder.startsWith("/")) continue;
        const where = place(splitPath(folder, this.#name));
        if (where.kind === "usr") this.libraryFolders.push(where.path);
      }
    }
  }

  #analyse(file: PackageFile): void {
    this.#keep(analyse(file, this.#around, WITHOUT_ELF), file.path);
  }

  #keep(found: ReturnType<typeof analyse>, path: string): void {
    const evidence = (list: readonly Parameters<typeof formatCapability>[0][]): Evidence[] =>
      list.map((item) => ({ capability: formatCapability(item), path }));
    this.provides.push(...evidence(found.provides));
    this.needs.push(...evidence(found.depends));
    this.wants.push(...evidence(found.wants));
    for (const detail of found.problems) this.losses.push({ kind: "capability", subject: path, detail });
  }
}

/** A body that is all in memory. */
function part(bytes: Uint8Array): PackageFile["readAt"] {
  return (offset, length) => bytes.subarray(offset, offset + length);
}
