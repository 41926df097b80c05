// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** The second pass over a package: writes its stone as planned. */
import { join } from "node:path";
import { hex, utf8 } from "#base/bytes";
import { compareText } from "#base/order";
import { DebArchive } from "#deb/archive";
import { type PlacedEntry, readEntries } from "#deb/entries";
import type { PackagePlan } from "#deb/plan-model";
import { Spool } from "#deb/spool";
import { parseCapability } from "#model/dependency";
import type { LayoutEntry } from "#model/layout";
import { type PackageMeta, stoneFileName } from "#model/package";
import { type Profile, writeStone } from "#stone/writer";
import { Xxh3_128, xxh3_128 } from "#sys/xxh3";

export interface EmitOptions {
  readonly outDir: string;
  readonly profile: Profile;
  /** Folder for large bodies, which are removed again. */
  readonly folder: string;
}

export interface EmittedStone {
  /** File name within the output folder. */
  readonly file: string;
  readonly size: number;
  readonly sha256: string;
  readonly meta: PackageMeta;
}

/** Bodies of one package that may stay in memory while it is written, in bytes; the rest is on disk. */
const MEMORY = 64 * 1024 * 1024;

/**
 * The name of a stone file. A Debian epoch's colon would make the name look like the scheme of a URL; an underscore
 * cannot stand in a Debian version, so it takes the colon's place.
 */
export function debStoneName(meta: PackageMeta): string {
  return stoneFileName({ ...meta, version: meta.version.replaceAll(":", "_") });
}

/** The metadata of a planned package. */
export function metaOf(plan: PackagePlan): PackageMeta {
  return {
    name: plan.name,
    version: plan.version,
    release: plan.release,
    buildRelease: 1,
    architecture: plan.architecture,
    summary: plan.summary,
    description: plan.description,
    homepage: plan.homepage,
    sourceId: plan.source,
    licenses: plan.licences,
    depends: plan.depends.map(parseCapability),
    provides: plan.provides.map(parseCapability),
    conflicts: plan.conflicts.map(parseCapability),
    essential: plan.essential,
    ...(plan.replaces.length === 0 ? {} : { replaces: plan.replaces }),
  };
}

/** Collects the entries and bodies of one package. Dispose it with `using`: large bodies lie in files. */
class Collector implements Disposable {
  readonly entries: LayoutEntry[] = [];
  readonly bodies = new Map<string, Spool>();
  readonly #byPath = new Map<string, LayoutEntry & { kind: "regular" }>();
  readonly #plan: PackagePlan;
  readonly #folder: string;
  readonly #drop: ReadonlySet<string>;
  readonly #folders: ReadonlySet<string>;
  readonly #hash = new Xxh3_128();
  #memory = MEMORY;
  #current: { entry: PlacedEntry; spool: Spool } | undefined;

  constructor(plan: PackagePlan, folder: string) {
    this.#plan = plan;
    this.#folder = folder;
    this.#drop = new Set(plan.drop);
    this.#folders = new Set(plan.folders);
  }

  entry(entry: PlacedEntry): void {
    const common = this.#common(entry);
    if (entry.kind === "regular") {
      this.#hash.reset();
      this.#current = {
        entry,
        spool: new Spool(entry.size, { folder: this.#folder, memory: Math.min(this.#memory, 8 << 20) }),
      };
    } else if (entry.kind === "directory") {
      if (this.#folders.has(entry.path)) this.entries.push({ ...common, kind: "directory" });
    } else if (!this.#drop.has(entry.path)) {
      this.entries.push({ ...common, kind: "symlink", target: this.#plan.retarget[entry.path] ?? entry.target });
    }
  }

  data(chunk: Uint8Array): void {
    this.#hash.update(chunk);
    this.#current?.spool.write(chunk);
  }

  done(): void {
    if (this.#current === undefined) return;
    const { entry, spool } = this.#current;
    this.#current = undefined;
    const digest = this.#hash.digest();
    const layout = { ...this.#common(entry), kind: "regular" as const, digest };
    this.#byPath.set(entry.path, layout);
    const key = hex(digest);
    // The body stays even where the path goes: a hardlink may need it. The writer takes only what an entry names.
    this.#keep(key, spool);
    if (!this.#drop.has(entry.path)) this.entries.push(layout);
  }

  #keep(key: string, spool: Spool): void {
    if (this.bodies.has(key)) {
      spool[Symbol.dispose]();
      return;
    }
    this.bodies.set(key, spool);
    if ("bytes" in spool.source) this.#memory -= spool.size;
  }

  hardlink(path: string, first: string): void {
    const body = this.#byPath.get(first);
    if (body === undefined) return;
    this.#byPath.set(path, body);
    if (!this.#drop.has(path)) this.entries.push({ ...body, path: this.#plan.rename[path] ?? path });
  }

  /** Adds what the plan puts on top. */
  finish(): void {
    const root = { uid: 0, gid: 0 };
    for (const { path, target } of this.#plan.links) {
      this.entries.push({ ...root, path, mode: 0o777, kind: "symlink", target });
    }
    for (const { path, text } of this.#plan.texts) {
      const bytes = utf8(text);
      const digest = xxh3_128(bytes);
      const spool = new Spool(bytes.byteLength, { folder: this.#folder, memory: MEMORY });
      spool.write(bytes);
      this.#keep(hex(digest), spool);
      this.entries.push({ ...root, path, mode: 0o644, kind: "regular", digest });
    }
    // One order whatever the archive's: the same content gives the same stone.
    this.entries.sort((a, b) => compareText(a.path, b.path));
  }

  #common(entry: PlacedEntry) {
    const { mode, uid, gid, xattrs } = entry;
    const path = this.#plan.rename[entry.path] ?? entry.path;
    return { path, mode, uid, gid, ...(xattrs.size === 0 ? {} : { xattrs }) };
  }

  [Symbol.dispose](): void {
    this.#hash[Symbol.dispose]();
    this.#current?.spool[Symbol.dispose]();
    for (const spool of this.bodies.values()) spool[Symbol.dispose]();
  }
}

/** Writes the stone of a planned package from its .deb. */
export async function emitStone(debPath: string, plan: PackagePlan, options: EmitOptions): Promise<EmittedStone> {
  using deb = DebArchive.open(debPath);
  using collector = new Collector(plan, options.folder);
  readEntries(deb, {
    entry: (entry) => collector.entry(entry),
    data: (chunk) => collector.data(chunk),
    done: () => collector.done(),
    hardlink: (path, first) => collector.hardlink(path, first),
    // Both were settled when the package was scanned.
    state: () => undefined,
    lost: () => undefined,
  });
  collector.finish();
  const meta = metaOf(plan);
  const file = debStoneName(meta);
  const { size, sha256 } = await writeStone(join(options.outDir, file), {
    meta,
    entries: collector.entries,
    body: (digest) => {
      const spool = collector.bodies.get(hex(digest));
      if (spool === undefined) throw new Error(`no body for ${hex(digest)}`);
      return spool.source;
    },
    profile: options.profile,
    // The import makes all of them durable at once.
    durable: false,
  });
  return { file, size, sha256, meta };
}
