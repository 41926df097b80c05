// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * Parts of benches: real packages, a few hundred, as Debian's own files and as stones. They are fetched once through the
 * machine's own apt and kept in `BENCH_CACHE`, or bench-debs in the folder for temporary files.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { basename, join } from "node:path";
import { mapLimited } from "#base/parallel";
import { importDebs } from "#deb/import";
import { StoneReader } from "#stone/reader";
import { run } from "#sys/process";
import { sha256Hex } from "#sys/sha256";

export const CACHE = process.env["BENCH_CACHE"] ?? join(tmpdir(), "bench-debs");

/** A system to develop on: about 310 packages and 1.2 GiB with what they need. */
export const SYSTEM =
  "bash dash dbus dbus-broker systemd systemd-sysv nano gcc g++ clang lld llvm make cmake meson ninja-build autoconf automake libtool pkg-config python3 python3-pip perl gdb git vim rsync curl wget openssh-client emacs-nox ghostscript nodejs".split(
    " ",
  );

/** What `mmdebstrap --variant=minbase` takes: what Debian calls essential, and apt. */
export const MINBASE = ["apt"];

export interface BenchPackage {
  readonly name: string;
  /** The stone, and the SHA-256 of all of it. */
  readonly stone: string;
  readonly id: string;
  /** The .deb that it was made from. */
  readonly deb: string;
  /** Bytes of its files. */
  readonly size: number;
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** The packages of `words` and all that they need, imported into the cache unless they are there. */
export async function benchPackages(name: string, words: readonly string[]): Promise<BenchPackage[]> {
  const folder = join(CACHE, name);
  const list = join(folder, "packages.json");
  const key = words.join(" ");
  if (existsSync(list)) {
    const known = JSON.parse(readFileSync(list, "utf8")) as { key: string; packages: BenchPackage[] }; // our own file
    if (known.key === key) return known.packages;
  }
  say(`Importing ${key} into ${folder}; this is done once`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const outDir = join(folder, "stones");
  const result = await importDebs({ words, outDir, cache: CACHE, maxAge: 24 * 30 });
  const packages = result.packages.map(({ plan, scan, stone }) => {
    const path = join(outDir, stone.file);
    const deb = join(CACHE, "debs", `${scan.sha256}.deb`);
    return { name: plan.name, stone: path, id: sha256Hex(readFileSync(path)), deb, size: contentSize(path) };
  });
  writeFileSync(list, JSON.stringify({ key, packages }));
  return packages;
}

function contentSize(path: string): number {
  using reader = StoneReader.open(path);
  return reader.payloads.find(({ kind }) => kind === "content")?.plainSize ?? 0;
}

/**
 * The .deb files without their maintainer scripts, which dpkg would run in a root where they cannot run, and which the
 * import does not run either. `zstd`: with the files in a zstd archive, else in the one that Debian made.
 */
export async function plainDebs(name: string, packages: readonly BenchPackage[], zstd: boolean): Promise<string[]> {
  const folder = join(CACHE, name, zstd ? "debs-zstd" : "debs");
  mkdirSync(folder, { recursive: true });
  const missing = packages.filter(({ deb }) => !existsSync(join(folder, basename(deb))));
  if (missing.length > 0) say(`Re-packing ${missing.length} .deb files into ${folder}; this is done once`);
  await mapLimited(missing, availableParallelism(), async ({ deb }) => {
    const work = join(folder, `${basename(deb)}.d`);
    rmSync(work, { recursive: true, force: true });
    mkdirSync(work);
    const script = `
      set -e
      ar x "$1"
      mkdir c && tar -xf control.tar.* -C c && rm -f control.tar.* c/preinst c/postinst c/prerm c/postrm c/config
      tar -C c -cf control.tar . && rm -r c
      if [ "$2" = zstd ] && [ ! -f data.tar.zst ]; then
        case $(echo data.tar*) in *.xz) xz -dc data.tar.xz ;; *.gz) gzip -dc data.tar.gz ;; *) cat data.tar ;; esac | zstd -q -9 -o data.tar.zst
        rm -f data.tar data.tar.xz data.tar.gz
      fi
      ar rc out.deb debian-binary control.tar data.tar*`;
    const result = await run(["sh", "-c", script, "sh", deb, zstd ? "zstd" : "own"], { cwd: work });
    if (result.code !== 0) throw new Error(`${deb} could not be re-packed: ${result.stderr}`);
    renameSync(join(work, "out.deb"), join(folder, basename(deb)));
    rmSync(work, { recursive: true });
  });
  return packages.map(({ deb }) => join(folder, basename(deb)));
}

/** Bytes of files. */
export function totalSize(paths: readonly string[]): number {
  return paths.reduce((sum, path) => sum + statSync(path).size, 0);
}
