// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** What a build is asked for, and what stands before its first phase. */
import type { MacroLibrary } from "../macros/load";
import type { Family } from "../macros/model";
import type { Plan } from "../plan/plan";
import type { Profile } from "../profile/model";
import type { Recipe, ScriptPhase } from "../recipe/model";
import type { CollectionOptions } from "../root/collections";
import type { Offers, ResolvedPackage } from "../root/resolve";
import type { SourceOptions } from "../upstreams/archives";
import type { BuildEvent } from "./events";

export interface BuildOptions {
  readonly recipe: Recipe;
  readonly recipePath: string;
  readonly profile: Profile;
  readonly library: MacroLibrary;
  readonly cache: string;
  readonly jobs: number;
  readonly sourceDateEpoch: number;
  readonly compilerCache: boolean;
  readonly noCheck: boolean;
  /** This target of the recipe alone. */
  readonly target?: string;
  /** Goes on with an earlier build at this phase. */
  readonly from?: ScriptPhase;
  /** Runs this phase alone, in the folders of an earlier build where it is not the first one; no packaging. */
  readonly only?: ScriptPhase;
  readonly sources: SourceOptions;
  readonly collections: CollectionOptions;
  /** Folder of the stones. */
  readonly output: string;
  /** Folder of the manifests, where it is not that of the stones: one name is theirs whatever the recipe. */
  readonly manifests?: string;
  readonly buildRelease: number;
  /** Keeps the build folders after a success too. */
  readonly keep: boolean;
  /** Opens a shell in the root where a phase failed, before the build ends. */
  readonly shell: boolean;
  /** Breakpoints open a shell: stdin is a terminal. */
  readonly terminal: boolean;
  /** A manifest that the build has to agree with. */
  readonly verify?: string;
  readonly timeout?: number;
  /** Bytes; the profile's bound, or the default one, where absent. */
  readonly memory?: number;
  /** Processes and threads of a phase at a time. */
  readonly processes?: number;
  readonly command: string;
  readonly signal?: AbortSignal;
  readonly onEvent: (event: BuildEvent) => void;
}

/** What stands before the first phase can run. */
export interface Ground {
  readonly plan: Plan;
  readonly family: Family;
  readonly offers: Offers;
  readonly packages: readonly ResolvedPackage[];
}
