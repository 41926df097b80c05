// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** What macro files hold: actions, definitions, tuning groups, flags, package templates, and families of roots. */
import type { Block, Place } from "#formats/yaml";
import type { MacroArgument, MacroCase, PackageDefinition } from "../recipe/model";

/** `%id` in a script: a command, and what the root must hold for it. */
export interface Action {
  readonly id: string;
  readonly description: string;
  readonly example?: string;
  readonly command: Block;
  readonly arguments?: readonly MacroArgument[];
  /** Left out where there are none, and where they are decided. */
  readonly cases?: readonly MacroCase[];
  readonly dependencies: readonly string[];
  readonly place: Place;
}

/** `%(id)` in a script: a value. */
export interface Definition {
  readonly id: string;
  readonly value: Block;
  readonly arguments?: readonly MacroArgument[];
  readonly cases?: readonly MacroCase[];
  readonly place: Place;
}

export const LANGUAGES = ["c", "cxx", "f", "d", "rust", "vala", "go", "ld"] as const;
export type Language = (typeof LANGUAGES)[number];
export type FlagTexts = Readonly<Partial<Record<Language, string>>>;

/** The least version of a thing that a flag works with: a capability of the root, or `libc`. */
export interface Need {
  readonly toolchain: "gnu" | "llvm" | "all";
  readonly thing: string;
  readonly least: string;
}

export interface Flag {
  readonly id: string;
  readonly common: FlagTexts;
  readonly gnu: FlagTexts;
  readonly llvm: FlagTexts;
  readonly needs: readonly Need[];
  /** The flag that takes its place where a need is not met. */
  readonly otherwise?: string;
  readonly place: Place;
}

export interface TuningOption {
  readonly enabled: readonly string[];
  readonly disabled: readonly string[];
}

export interface TuningGroup extends TuningOption {
  readonly id: string;
  readonly options: ReadonlyMap<string, TuningOption>;
  readonly fallback?: string;
  readonly place: Place;
}

/** One macro file. Its texts are as written, its package templates not yet expanded. */
export interface MacroFile {
  readonly actions: readonly Action[];
  readonly definitions: readonly Definition[];
  readonly flags: readonly Flag[];
  readonly tuning: readonly TuningGroup[];
  readonly defaultGroups: readonly string[];
  readonly packages: readonly PackageDefinition[];
}

/** What a kind of root calls what every build needs: data of the profile. */
export interface Family {
  readonly id: string;
  readonly description: string;
  readonly base: readonly string[];
  readonly toolchains: Readonly<Record<"gnu" | "llvm", readonly string[]>>;
  /** What programs that record profiles are linked with, where a recipe has a workload. */
  readonly workload: Readonly<Record<"gnu" | "llvm", readonly string[]>>;
  readonly emul32: Readonly<Record<"gnu" | "llvm" | "all", readonly string[]>>;
  readonly mold: readonly string[];
  readonly cache: readonly string[];
  /** What gives the C library, whose version decides what its loader can read. */
  readonly libc: readonly string[];
  /** Folders that the loader of these roots searches, besides those directly below /usr. */
  readonly libraries: readonly string[];
  /** Dependencies that macros imply, and their names here. */
  readonly names: ReadonlyMap<string, string>;
  readonly definitions: readonly Definition[];
  /** Flags that every build over such a root has. */
  readonly flags: readonly Flag[];
}

/** All macros of one target: later files have won over earlier ones. */
export interface MacroSet {
  readonly actions: ReadonlyMap<string, Action>;
  readonly definitions: ReadonlyMap<string, Definition>;
  readonly flags: ReadonlyMap<string, Flag>;
  readonly tuning: ReadonlyMap<string, TuningGroup>;
  readonly defaultGroups: readonly string[];
  /** Flags that are on whatever a recipe tunes. */
  readonly always: readonly string[];
}
