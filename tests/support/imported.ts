// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Imports packages that dpkg-deb makes for a test, and reads the stones back as plain data. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { hex } from "#base/bytes";
import { type ImportOptions, type ImportResult, importDebs } from "#deb/import";
import { formatCapability } from "#model/dependency";
import { StoneReader } from "#stone/reader";
import { type DebSpec, makeDeb } from "#tests/support/debs";

const folders: string[] = [];

/** A new folder, which `removeTemporary` removes. */
export function temporary(): string {
  const folder = mkdtempSync(join(tmpdir(), "deb-import-"));
  folders.push(folder);
  return folder;
}

/** Removes the folders of `temporary`: for `afterEach`. */
export function removeTemporary(): void {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
}

/** Makes the packages and imports them, with a cache of its own and one worker where the options say nothing else. */
export async function importSpecs(
  specs: readonly DebSpec[],
  options: Partial<ImportOptions> = {},
): Promise<ImportResult & { outDir: string }> {
  const folder = temporary();
  const outDir = options.outDir ?? join(folder, "out");
  const words = specs.map((spec) => makeDeb(folder, spec));
  const result = await importDebs({
    words,
    outDir,
    cache: join(folder, "cache"),
    profile: "fast",
    jobs: 1,
    ...options,
  });
  return { ...result, outDir };
}

/** A stone as plain data: of each path its mode, and its text, `-> target` or `dir`. */
function readStone(path: string) {
  using stone = StoneReader.open(path);
  const meta = stone.meta();
  const bodies = new Map<string, Buffer>();
  let parts: Uint8Array[] = [];
  stone.content({
    begin: () => {
      parts = [];
    },
    data: (chunk) => parts.push(chunk.slice()),
    end: (record) => bodies.set(hex(record.digest), Buffer.concat(parts)),
  });
  const entries = new Map(
    stone.layout().map((entry) => {
      const body = entry.kind === "regular" ? bodies.get(hex(entry.digest))?.toString() : undefined;
      const mode = entry.mode.toString(8);
      const shown = entry.kind === "symlink" ? `-> ${entry.target}` : entry.kind === "regular" ? (body ?? "") : "dir";
      return [entry.path, { mode, shown }] as const;
    }),
  );
  return {
    meta,
    entries,
    text: (path: string) => entries.get(path)?.shown,
    depends: meta.depends.map(formatCapability),
    provides: meta.provides.map(formatCapability),
    conflicts: meta.conflicts.map(formatCapability),
  };
}

/** Imports one package. */
export async function importOne(spec: DebSpec) {
  const { packages, outDir } = await importSpecs([spec]);
  const [only] = packages;
  if (only === undefined) throw new Error("nothing imported");
  return { ...readStone(join(outDir, only.stone.file)), losses: only.plan.losses, file: only.stone.file };
}

/** Imports a set; its packages by name. */
export async function importAll(specs: readonly DebSpec[], options: Partial<ImportOptions> = {}) {
  const { packages, outDir } = await importSpecs(specs, options);
  return new Map(
    packages.map(({ plan, stone }) => [plan.name, { ...readStone(join(outDir, stone.file)), losses: plan.losses }]),
  );
}
