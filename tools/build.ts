// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * `./dev build`: one executable, `build/moss`, that holds the runtime, every program and the native half of `lmdb`, and
 * runs on Debian 12 with neither Node nor Bun. The other programs are links to it: it does what its name says.
 */
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { BunPlugin } from "bun";
import { PROGRAMS } from "#cli/names";
import { loadedPart } from "./embed/loaded-part.ts";
import { withHotPagesFirst } from "./layout/hot-pages.ts";

const root = join(import.meta.dir, "..");

/** Packages that the executable does without, and what stands for them. Only `lmdb` imports them. */
const REPLACEMENTS: Readonly<Record<string, string>> = {
  // Finds and loads the addon; here it is embedded. Names, not paths, which would make bytes of where it is built.
  "node-gyp-build-optional-packages": `
    import { loadAddon } from "embed:load-addon";
    import embedded from "embed:lmdb.node" with { type: "file" };
    export default () => loadAddon(embedded);`,
  // Encodes values as msgpack, which moss-db never asks for; 20 ms of every start.
  msgpackr: "export class Encoder {}",
  // A cache in front of the database, which moss-db never asks for.
  "weak-lru-cache": "export class WeakLRUCache {}",
};

function embedLmdb(addon: Buffer): BunPlugin {
  const filter = new RegExp(`^(${Object.keys(REPLACEMENTS).join("|")})$`);
  return {
    name: "embed-lmdb",
    setup(build) {
      // Its modules, not its one CommonJS file: that would take the path of this checkout into the executable.
      build.onResolve({ filter: /^lmdb$/ }, () => ({ path: join(root, "node_modules/lmdb/node-index.js") }));
      build.onResolve({ filter: /^embed:lmdb\.node$/ }, () => ({ path: "lmdb.node", namespace: "addon" }));
      build.onResolve({ filter: /^embed:load-addon$/ }, () => ({ path: join(root, "tools/embed/load-addon.ts") }));
      build.onResolve({ filter }, ({ path }) => ({ path, namespace: "replacement" }));
      build.onLoad({ filter: /.*/, namespace: "addon" }, () => ({ contents: addon, loader: "file" }));
      build.onLoad({ filter: /.*/, namespace: "replacement" }, ({ path }) => ({
        contents: REPLACEMENTS[path] ?? "",
        loader: "js",
      }));
    },
  };
}

/** Programs of threads, which the executable carries under their paths; #store/thread starts them. */
const THREADS = [join(root, "src/store/worker.ts")];

export interface CompileOptions {
  /** Leaves the pages of the runtime in its linker's order. */
  readonly asLinked?: boolean;
}

/** Makes one executable of a program, its libraries and its data. Pages that are needed at the start stand first in it. */
export async function compile(entry: string, path: string, options: CompileOptions = {}): Promise<void> {
  const parts = `${path}.parts`;
  mkdirSync(parts, { recursive: true });
  const addon = loadedPart(join(root, `node_modules/@lmdb/lmdb-linux-${process.arch}/node.napi.glibc.node`));
  const result = await Bun.build({
    entrypoints: [entry, ...THREADS],
    root,
    target: "bun",
    format: "esm",
    // A part for each that is imported where it is needed: a start takes in only the parts of its verb.
    splitting: true,
    minify: { syntax: true, whitespace: true, identifiers: false },
    bytecode: true,
    sourcemap: "none",
    plugins: [embedLmdb(addon)],
    compile: {
      outfile: join(parts, "program"),
      assets: [join(root, "data")],
      // A tool that root runs in any folder must not take settings from files that happen to lie there.
      autoloadDotenv: false,
      autoloadBunfig: false,
      autoloadTsconfig: false,
      autoloadPackageJson: false,
    },
  });
  if (!result.success) throw new AggregateError(result.logs, "the bundle could not be made");
  const ordered = options.asLinked === true ? undefined : withHotPagesFirst(readFileSync(join(parts, "program")));
  if (ordered !== undefined) writeFileSync(join(parts, "program"), ordered);
  renameSync(join(parts, "program"), path);
  rmSync(parts, { recursive: true });
}

/** Builds the executable and its links in a folder, which is emptied first; the path of the executable. */
export async function buildExecutable(out: string): Promise<string> {
  rmSync(out, { recursive: true, force: true });
  const path = join(out, "moss");
  await compile(join(root, "bin/multicall.ts"), path);
  for (const name of PROGRAMS) if (name !== "moss") symlinkSync("moss", join(out, name));
  return path;
}

if (import.meta.main) {
  const started = performance.now();
  const out = join(root, "build");
  const path = await buildExecutable(out);
  const size = (statSync(path).size / 1e6).toFixed(0);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`build: ${path} ${size} MB in ${seconds} s, as ${readdirSync(out).sort().join(", ")}`);
}
