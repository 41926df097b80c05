// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** What a build tells while it runs. */
import type { Problem } from "#formats/yaml";
import type { PackagingEvent } from "../package/model";
import type { RootEvent } from "../root/make";
import type { SourceEvent } from "../upstreams/archives";

export type BuildEvent =
  | { readonly kind: "problem"; readonly problem: Problem }
  | { readonly kind: "resolved"; readonly packages: number; readonly bytes: number }
  | { readonly kind: "root"; readonly event: RootEvent }
  | { readonly kind: "source"; readonly event: SourceEvent }
  | { readonly kind: "network" }
  | { readonly kind: "prepare"; readonly target: string; readonly stage: string }
  | {
      readonly kind: "phase";
      readonly target: string;
      readonly stage: string;
      readonly phase: string;
      readonly log: string;
    }
  /** The phase that was named last stops at these lines of the recipe; `opens` where a shell opens there. */
  | { readonly kind: "breakpoints"; readonly lines: readonly number[]; readonly opens: boolean }
  /** Output of the phase that was named last; valid only during the call. */
  | { readonly kind: "output"; readonly chunk: Uint8Array }
  | { readonly kind: "done"; readonly phase: string; readonly wallMs: number; readonly cpuMs: number }
  | { readonly kind: "packaging"; readonly event: PackagingEvent }
  /** A phase failed, and a shell opens where it ran. */
  | { readonly kind: "shell"; readonly phase: string; readonly message: string }
  | {
      readonly kind: "unresolved";
      readonly package: string;
      readonly dependency: string;
      readonly files: readonly string[];
    }
  | { readonly kind: "manifest"; readonly text: string };

/** Milliseconds of one step of a build. */
export interface StepTime {
  readonly name: string;
  readonly ms: number;
}
