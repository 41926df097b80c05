// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** From the install folder to the files that packages will hold: each with the rule that takes it, transformed and stripped. */
import { availableParallelism } from "node:os";
import { Failure } from "#base/errors";
import { compareText } from "#base/order";
import type { Collector, PathKind, Rule } from "#boulder/package/collect";
import { compressManuals } from "#boulder/package/manual";
import type { CollectedFile, OnEvent } from "#boulder/package/model";
import { refreshBytecode } from "#boulder/package/refresh";
import { Scratch } from "#boulder/package/scratch";
import { hostTools, type StripTools, stripFiles } from "#boulder/package/strip";
import { type InstalledFile, refuseOutside, type WalkOptions, walkInstall } from "#boulder/package/walk";
import type { Recipe } from "#boulder/recipe/model";

export interface PrepareOptions extends WalkOptions {
  readonly recipe: Recipe;
  /** What the install phase filled: its `usr` becomes /usr. */
  readonly installFolder: string;
  /** For files that packaging makes; removed at the end. */
  readonly scratchFolder: string;
  readonly tools?: StripTools;
  /** Programs run at a time; the number of processors where left out. */
  readonly jobs?: number;
}

function pathKind(file: InstalledFile): PathKind {
  if (file.kind === "regular") return (file.mode & 0o111) === 0 ? "file" : "exe";
  return file.kind === "symlink" || file.kind === "directory" ? file.kind : "special";
}

function collect(collector: Collector, file: InstalledFile): CollectedFile {
  const rule = collector.find(file.path, pathKind(file));
  if (rule === undefined) {
    throw new Failure("package.path", `Cannot package "${file.path}": no rule matches it`, {
      hint: 'A package with the path "*" takes what no other rule takes.',
    });
  }
  return { ...file, rule };
}

/** Libtool's archives name folders of the build, and nobody links through them any more. */
function isLibtoolArchive(file: InstalledFile): boolean {
  return file.kind !== "directory" && /^\/usr\/lib[^/]*\/.*\.la$/.test(file.path);
}

/** Rules of the recipe that did nothing: a slip of the pen, or a file that is not installed any more. */
function warnOfRules(collector: Collector, recipe: Recipe, files: readonly CollectedFile[], onEvent: OnEvent): void {
  const warn = ({ package: name, pattern, place }: Rule, text: string) =>
    onEvent({ type: "warning", path: `${place.file}:${place.line}`, text: `the path "${pattern}" of ${name} ${text}` });
  for (const rule of collector.invalid()) warn(rule, "is no valid pattern, so it matches nothing");
  const paths = files.map((file) => file.path);
  for (const { rule, shadowed } of collector.idle(recipe.file, paths)) {
    const takes = rule.pattern.startsWith("!")
      ? "excludes nothing: no earlier rule of the package would take what it matches"
      : "takes nothing: later rules take all that it matches";
    warn(rule, shadowed ? takes : "matches no installed file");
  }
}

/** Collects, transforms and strips; what comes back is what the packages will hold. */
export async function prepareFiles(
  options: PrepareOptions,
  collector: Collector,
  onEvent: OnEvent,
): Promise<CollectedFile[]> {
  const { recipe } = options;
  const walked = walkInstall(options.installFolder, options);
  refuseOutside(walked);
  onEvent({ type: "step", name: "collect", files: walked.length });
  let files = walked
    .filter((file) => file.path !== "/usr" && !(recipe.options.lastrip && isLibtoolArchive(file)))
    .map((file) => collect(collector, file));
  const scratch = new Scratch(options.scratchFolder);
  if (recipe.options.compressman) files = compressManuals(files, scratch);
  files = refreshBytecode(files, scratch, onEvent);
  const stripped = await stripFiles(
    files,
    scratch,
    {
      tools: options.tools ?? hostTools(recipe.options.toolchain === "gnu" ? "objcopy" : "llvm-objcopy"),
      debug: recipe.options.debug,
      strip: recipe.options.strip,
      jobs: options.jobs ?? availableParallelism(),
    },
    onEvent,
  );
  const debug = stripped.debugFiles.map((made) =>
    collect(collector, {
      ...made,
      kind: "regular",
      mode: 0o644,
      uid: 0,
      gid: 0,
      target: "",
      identity: made.source,
      modified: 0,
    }),
  );
  warnOfRules(collector, recipe, files, onEvent);
  warnOfLocal(files, onEvent);
  // A file that the build itself put where its debug information goes stays.
  const own = new Set(files.map((file) => file.path));
  return [...stripped.files, ...debug.filter((file) => !own.has(file.path))].sort((a, b) =>
    compareText(a.path, b.path),
  );
}

/** What lies in /usr/local is for whoever looks after the system, and packages there are in nobody's search paths. */
function warnOfLocal(files: readonly CollectedFile[], onEvent: OnEvent): void {
  const local = files.filter((file) => file.path.startsWith("/usr/local/"));
  const [first] = local;
  if (first === undefined) return;
  const more = local.length > 1 ? ` (${local.length} files)` : "";
  const text = `installed to /usr/local, which is for the administrator${more}: the prefix /usr is meant`;
  onEvent({ type: "warning", path: first.path, text });
}
