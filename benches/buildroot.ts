// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * Bench: a build root of 200 Debian packages and more: from plan to a root that is ready, kept from an earlier build or
 * linked anew out of the store, beside `cp -al` of the same tree; and parsing a recipe, beside its YAML alone. Bounds: a
 * kept root 300 ms, a recipe 1 ms.
 *
 *   bun benches/buildroot.ts [--rounds N] [--folder DIR]
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { parseDocument } from "yaml";
import { groundOf } from "#boulder/build/build";
import { dataFolders, loadMacros } from "#boulder/macros/load";
import { loadProfiles } from "#boulder/profile/store";
import { findRecipe } from "#boulder/recipe/load";
import { parseRecipe } from "#boulder/recipe/parse";
import { makeRoot } from "#boulder/root/make";
import { download } from "#fetch/download";
import { run } from "#sys/process";
import { BASE_DEBS, EXAMPLES, Ground, TOOLCHAIN_DEBS } from "#tests/support/examples";
import { PROTOSNEK } from "../tools/protosnek.ts";
import { median } from "./_timing.ts";

const { values } = parseArgs({
  options: { rounds: { type: "string", default: "7" }, folder: { type: "string", default: ".cache/examples" } },
});
const rounds = Number(values.rounds);
const shared = new Ground(resolve(values.folder));
const base = mkdtempSync(join(tmpdir(), "bench-buildroot-"));

const WANTED =
  "cmake meson gdb clang-19 lld-19 llvm-19 libxml2-dev libssl-dev texinfo python3-build python3-setuptools libtool gettext mold ccache libncurses-dev libreadline-dev libarchive-tools bison flex".split(
    " ",
  );

function recipeOf(): string {
  const head = 'name: bench\nversion: "1"\nrelease: 1\nhomepage: https://example.org\nsummary: Many packages\n';
  const list = WANTED.map((name) => `    - ${name}\n`).join("");
  return `${head}description: A root with much in it.\nlicense: MIT\ntoolchain: gnu\nbuilddeps:\n${list}`;
}

/** Milliseconds of each part of getting a root ready. */
async function ready(cache: string): Promise<{ plan: number; root: number; packages: number; folder: string }> {
  const { recipe } = parseRecipe("bench", recipeOf());
  const profile = loadProfiles([shared.config], cache).get("local-x86_64");
  if (recipe === undefined || profile === undefined) throw new Error("the bench has no recipe or profile");
  const started = performance.now();
  const { packages } = await groundOf({
    recipe,
    profile,
    library,
    jobs: 2,
    sourceDateEpoch: 0,
    noCheck: false,
    compilerCache: false,
    collections: { cache: join(cache, "indexes"), refresh: false, known: new Map() },
  });
  const planned = performance.now();
  using root = await makeRoot(packages, { cache, download, command: "bench" });
  const { folder } = root;
  return { plan: planned - started, root: performance.now() - planned, packages: packages.length, folder };
}

const library = loadMacros(dataFolders());
const ms = (value: number) => `${value.toFixed(1)} ms`.padStart(11);
try {
  const names = [...new Set([...BASE_DEBS, ...TOOLCHAIN_DEBS.gnu, ...PROTOSNEK])];
  const imported = await shared.importDebs(names);
  if (imported.code !== 0) throw new Error(imported.stderr);
  const cache = join(base, "cache");
  const first = await ready(cache);
  console.log(`Root of ${first.packages} packages`);
  console.log(`${"store empty".padEnd(34)} plan ${ms(first.plan)}  root ${ms(first.root)}`);
  const kept: number[] = [];
  const anew: number[] = [];
  const copied: number[] = [];
  for (let i = 0; i < rounds; i++) {
    const { plan, root } = await ready(cache);
    kept.push(plan + root);
    const started = performance.now();
    const done = await run(["cp", "-al", first.folder, join(base, "copy")]);
    if (done.code !== 0) throw new Error(done.stderr);
    copied.push(performance.now() - started);
    rmSync(join(base, "copy"), { recursive: true });
    rmSync(first.folder, { recursive: true });
    anew.push((await ready(cache)).root);
  }
  console.log(`${"kept: plan and root, bound 300 ms".padEnd(34)} ${ms(median(kept))}`);
  console.log(
    `${"linked anew".padEnd(34)} ${ms(median(anew))}  ${(median(anew) / median(copied)).toFixed(2)}x cp -al (${ms(median(copied)).trim()})`,
  );

  const texts = EXAMPLES.map((example) => readFileSync(findRecipe(shared.recipe(example.name)), "utf8"));
  const timed = (action: (text: string) => unknown): number => {
    const times = Array.from({ length: 200 }, () => texts)
      .flat()
      .map((text) => {
        const started = performance.now();
        action(text);
        return performance.now() - started;
      });
    // The runtime compiles what is hot first.
    return median(times.slice(times.length / 2));
  };
  const recipe = timed((text) => parseRecipe("bench", text));
  const yaml = timed((text) => parseDocument(text));
  console.log(
    `${"a recipe, bound 1 ms".padEnd(34)} ${`${recipe.toFixed(3)} ms`.padStart(11)}  ${(recipe / yaml).toFixed(2)}x its YAML (${yaml.toFixed(3)} ms)`,
  );
  if (median(kept) > 300 || recipe > 1) process.exitCode = 1;
} finally {
  rmSync(base, { recursive: true, force: true });
}
