// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * Packs the executable of `./dev build` as the stone `moss`: the programs by their names, manual pages, completions, the
 * unit that recovers at the start. `bun tools/moss-stone.ts -o DIR [--release N]` builds the executable where it is missing.
 */
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { utf8 } from "#base/bytes";
import { uniqueSorted } from "#base/order";
import { analyse, type PackageFile } from "#capabilities/analyse";
import { type Capability, capability, formatCapability, parseCapability } from "#model/dependency";
import type { LayoutEntry } from "#model/layout";
import { type PackageMeta, stoneFileName } from "#model/package";
import { BodySet, type BodySource } from "#stone/bodies";
import { writeStone } from "#stone/writer";
import { run } from "#sys/process";
import { buildExecutable } from "./build.ts";

const repository = join(import.meta.dir, "..");
const PROGRAMS = ["boulder", "moss-container", "moss-deb"];
/** Programs whose manual pages and completions come along, as they write them themselves. */
const SELF_DESCRIBING = ["moss", ...PROGRAMS];
/** Libraries that the executable opens while it runs, so that no header names them; and the program behind containers. */
const OPENED = ["libzstd.so.1", "libxxhash.so.0"];

const machine = process.arch === "arm64" ? "aarch64" : "x86_64";

export interface MossStoneOptions {
  /** The executable; `build/moss` where absent, which is made where it is missing. */
  readonly executable?: string;
  readonly outDir: string;
  /** Release number, 1 where absent: a collection's newer build has a higher one. */
  readonly release?: number;
  /** Text of share/doc/moss/NEWS, which is there only with a text. */
  readonly news?: string;
}

class Package {
  readonly entries: LayoutEntry[] = [];
  readonly bodies = new BodySet();

  file(path: string, source: BodySource, mode = 0o644): void {
    const { digest } = this.bodies.add(source);
    this.entries.push({ path, mode, uid: 0, gid: 0, kind: "regular", digest });
  }

  link(path: string, target: string): void {
    this.entries.push({ path, mode: 0o777, uid: 0, gid: 0, kind: "symlink", target });
  }
}

/** What the headers of an ELF file name. */
function neededBy(path: string): readonly Capability[] {
  const fd = openSync(path, "r");
  try {
    const file: PackageFile = {
      path: "/usr/bin/moss",
      kind: "regular",
      mode: 0o755,
      size: statSync(path).size,
      readAt: (offset, length) => {
        const bytes = Buffer.alloc(length);
        return bytes.subarray(0, readSync(fd, bytes, 0, length, offset));
      },
    };
    const around = { exists: () => false, read: () => undefined, libraryFolders: [], machine };
    return analyse(file, around).depends;
  } finally {
    closeSync(fd);
  }
}

/** Manual pages and completions, as the programs write them. */
async function addTexts(stone: Package, executable: string, folder: string): Promise<void> {
  for (const program of SELF_DESCRIBING) {
    const pages = join(folder, `${program}-pages`);
    const completions = join(folder, `${program}-completions`);
    for (const [option, out] of [
      ["--generate-manpages", pages],
      ["--generate-completions", completions],
    ] as const) {
      mkdirSync(out);
      const { code, stderr } = await run([join(executable, "..", program), option, out]);
      if (code !== 0) throw new Error(`${program} ${option}: ${stderr}`);
    }
    for (const name of readdirSync(pages))
      stone.file(`share/man/man1/${name}`, { bytes: readFileSync(join(pages, name)) });
    const places: [string, string][] = [
      [program, `share/bash-completion/completions/${program}`],
      [`_${program}`, `share/zsh/vendor-completions/_${program}`],
      [`${program}.fish`, `share/fish/vendor_completions.d/${program}.fish`],
    ];
    for (const [name, path] of places) stone.file(path, { bytes: readFileSync(join(completions, name)) });
  }
}

/** Writes the stone and gives its path. */
export async function makeMossStone(options: MossStoneOptions): Promise<string> {
  const built = join(repository, "build/moss");
  const executable =
    options.executable ?? (existsSync(built) ? built : await buildExecutable(join(repository, "build")));
  const folder = mkdtempSync(join(tmpdir(), "moss-stone-"));
  try {
    const stone = new Package();
    stone.file("bin/moss", { file: executable }, 0o755);
    for (const program of PROGRAMS) stone.link(`bin/${program}`, "moss");
    await addTexts(stone, executable, folder);
    const unit = "moss-recover.service";
    stone.file(`lib/systemd/system/${unit}`, { file: join(repository, "data/systemd", unit) });
    stone.link(`lib/systemd/system/sysinit.target.wants/${unit}`, `../${unit}`);
    stone.file("share/licenses/moss/LICENSE", { file: join(repository, "LICENSE") });
    if (options.news !== undefined) stone.file("share/doc/moss/NEWS", { bytes: utf8(options.news) });
    const { version } = JSON.parse(readFileSync(join(repository, "package.json"), "utf8")) as { version: string };
    // The native half of lmdb lies within the executable, which writes it out and opens it.
    const addon = join(repository, `node_modules/@lmdb/lmdb-linux-${process.arch}/node.napi.glibc.node`);
    const opened = OPENED.map((name) => capability("soname", `${name}(${machine})`));
    const meta: PackageMeta = {
      name: "moss",
      version,
      release: options.release ?? 1,
      buildRelease: 1,
      architecture: machine,
      summary: "Installs packages, each change a state of the system",
      description:
        "moss installs packages so that every change is a state of the whole system that can be gone back to. With it come boulder, which builds packages, moss-container, which runs programs in a root, and moss-deb, which imports Debian packages.",
      homepage: "",
      sourceId: "moss",
      licenses: ["Apache-2.0"],
      depends: uniqueSorted(
        [...neededBy(executable), ...neededBy(addon), ...opened, capability("binary", "bwrap")].map(formatCapability),
      ).map(parseCapability),
      provides: ["moss", ...PROGRAMS].sort().map((name) => capability("binary", name)),
      conflicts: [],
      essential: true,
    };
    mkdirSync(options.outDir, { recursive: true });
    const path = join(options.outDir, stoneFileName(meta));
    await writeStone(path, { meta, entries: stone.entries, body: (digest) => stone.bodies.source(digest) });
    return path;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: { output: { type: "string", short: "o" }, release: { type: "string" }, executable: { type: "string" } },
  });
  const path = await makeMossStone({
    outDir: resolve(values.output ?? "."),
    ...(values.release === undefined ? {} : { release: Number(values.release) }),
    ...(values.executable === undefined ? {} : { executable: resolve(values.executable) }),
  });
  process.stdout.write(`${path}\n`);
}
