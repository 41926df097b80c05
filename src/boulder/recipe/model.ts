// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * A recipe as it was understood. Names, summaries, dependencies and paths of packages are already expanded: a recipe's
 * `%(name)`, `%(version)` and `%(release)` stand for themselves there. Scripts are kept as written.
 */
import type { Block, Located, Place } from "#formats/yaml";

export type { Located, Place };

/** What a collection rule accepts: anything, executable files, symlinks, or device nodes and the like. */
export type PathType = "any" | "exe" | "symlink" | "special";

/** What the patterns of a recipe mean: at 1 `*` crosses slashes, at 2 only `**` does. */
export type SyntaxLevel = 1 | 2;

/** A pattern of paths below / that belong to a package; `!/pattern`: what earlier rules of the package leave out. */
export interface PathRule {
  readonly pattern: string;
  readonly type: PathType;
  /** That of the recipe that it is from; 1 where absent, as in templates. */
  readonly level?: SyntaxLevel;
  readonly place: Place;
}

/** One package of a recipe: the root package, a subpackage, or a template of the macros. */
export interface PackageDefinition {
  readonly name: string;
  readonly place: Place;
  readonly summary?: string;
  readonly description?: string;
  readonly homepage?: string;
  readonly licenses?: readonly string[];
  /** Each parses as a capability (`#model/dependency`). */
  readonly rundeps: readonly Located[];
  readonly conflicts: readonly Located[];
  /** Regular expressions, not anchored; each compiles. */
  readonly rundepsExclude: readonly Located[];
  readonly providesExclude: readonly Located[];
  readonly paths: readonly PathRule[];
  /** True where the package is emitted though no file belongs to it: a meta package. */
  readonly empty: boolean;
}

/** The script of a phase as written, with the recipe line of each of its lines. */
export type Script = Block;

export const PHASES = ["setup", "build", "install", "check", "workload"] as const;
export type ScriptPhase = (typeof PHASES)[number];

/** Scripts and build dependencies, of the recipe or of one of its profiles. */
export interface BuildDefinition {
  readonly scripts: Readonly<Partial<Record<ScriptPhase, Script>>>;
  readonly environment?: Script;
  readonly builddeps: readonly Located[];
  readonly checkdeps: readonly Located[];
}

/** What a recipe changes for one target: `emul32`, `emul32/x86_64`, `x86_64`. */
export interface ProfileDefinition {
  readonly target: string;
  readonly place: Place;
  readonly build: BuildDefinition;
}

export interface ArchiveUpstream {
  readonly kind: "archive";
  readonly uri: string;
  /** Other places of the same bytes, asked in order after `uri`. */
  readonly mirrors: readonly string[];
  /** SHA-256 of the file, 64 lower-case hexadecimal digits. */
  readonly hash: string;
  /** Address of a signature of the file, or of the tar in it (`x.tar.sign`); a minisign key, or a file with keys in the folder of the recipe. */
  readonly signature?: { readonly uri: string; readonly key: string };
  /** File name below the source folder. */
  readonly fileName: string;
  readonly unpack: boolean;
  /** Leading path components that unpacking drops. */
  readonly stripDirs: number;
  /** Folder below the build folder. */
  readonly directory: string;
  readonly place: Place;
}

export interface GitUpstream {
  readonly kind: "git";
  readonly uri: string;
  readonly mirrors: readonly string[];
  /** A full commit, or (with a warning) a tag, a branch or the start of a commit. */
  readonly ref: string;
  /** A tag of that commit that must be signed, with a file of OpenPGP keys in the folder of the recipe. */
  readonly tag?: { readonly name: string; readonly key: string };
  readonly fileName: string;
  /** Folder below the build folder. */
  readonly directory: string;
  readonly place: Place;
}

export type Upstream = ArchiveUpstream | GitUpstream;

/** One entry of `tuning`: a group switched on or off, or on with one of its choices. */
export interface TuningEntry {
  readonly group: string;
  readonly value: boolean | { readonly choice: string };
  readonly place: Place;
}

export type Toolchain = "llvm" | "gnu";

export interface RecipeOptions {
  readonly toolchain: Toolchain;
  readonly cspgo: boolean;
  readonly samplepgo: boolean;
  readonly debug: boolean;
  readonly strip: boolean;
  readonly networking: boolean;
  readonly compressman: boolean;
  readonly lastrip: boolean;
  readonly emul32: boolean;
  readonly mold: boolean;
  /** Libraries and programs may have search paths into the build folder; else such a package is refused. */
  readonly buildrpath: boolean;
}

export interface Recipe {
  readonly file: string;
  readonly syntax: SyntaxLevel;
  readonly name: string;
  readonly version: string;
  readonly release: number;
  readonly homepage: string;
  /** SPDX expressions, as written. */
  readonly licenses: readonly string[];
  /** The package of the recipe's own name, from the top level. */
  readonly root: PackageDefinition;
  readonly build: BuildDefinition;
  readonly options: RecipeOptions;
  readonly upstreams: readonly Upstream[];
  readonly packages: readonly PackageDefinition[];
  readonly profiles: readonly ProfileDefinition[];
  /** Targets that the recipe accepts; empty: all that its options name. */
  readonly architectures: readonly Located[];
  readonly tuning: readonly TuningEntry[];
  /** Actions and definitions of the recipe itself, which win over the shipped ones. */
  readonly actions: readonly RecipeAction[];
  readonly definitions: readonly RecipeDefinition[];
}

/** What a case of a macro asks for: each that is there must name what is built. A target may end with a star. */
export interface MacroCondition {
  readonly target?: readonly string[];
  readonly toolchain?: readonly string[];
  readonly stage?: readonly string[];
}

/** Another text of a macro where its condition holds, and what an action needs for it besides. */
export interface MacroCase {
  readonly when: MacroCondition;
  readonly value: Script;
  readonly dependencies: readonly Located[];
}

/** An argument of a macro, and what it is where a call leaves it out; without that it must be given. */
export interface MacroArgument {
  readonly id: string;
  readonly fallback?: string;
}

export interface RecipeAction {
  readonly id: string;
  readonly description: string;
  readonly command: Script;
  readonly arguments?: readonly MacroArgument[];
  readonly cases?: readonly MacroCase[];
  readonly dependencies: readonly Located[];
  readonly place: Place;
}

export interface RecipeDefinition {
  readonly id: string;
  readonly value: Script;
  readonly arguments?: readonly MacroArgument[];
  readonly cases?: readonly MacroCase[];
  readonly place: Place;
}

/** The identity that `%(name)`, `%(version)` and `%(release)` stand for outside of scripts. */
export type Identity = Pick<Recipe, "name" | "version" | "release">;
