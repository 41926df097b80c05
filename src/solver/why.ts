// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Why a rule of the solver must hold: what explanations are made of. */
import type { CapabilityText } from "#model/dependency";
import type { PackageId, PackageMeta } from "#model/package";
import type { InstalledPackage, Offer } from "#solver/model";

/** An exact build that the search has to do with. */
export interface Build<O extends Offer = Offer> {
  /** Its variable. */
  readonly variable: number;
  readonly id: PackageId;
  readonly meta: PackageMeta;
  readonly name: string;
  /** What it gives, its own name first. */
  readonly gives: ReadonlySet<CapabilityText>;
  readonly installed: InstalledPackage | undefined;
  readonly offer: O | undefined;
}

export type Why<O extends Offer = Offer> =
  | {
      readonly kind: "asked";
      readonly text: string;
      /** `builddeps asks for`, or that you do. */
      readonly by: string | undefined;
      readonly candidates: readonly Build<O>[];
    }
  | { readonly kind: "upgrade"; readonly name: string; readonly candidates: readonly Build<O>[] }
  | { readonly kind: "removed"; readonly name: string }
  | {
      readonly kind: "needs";
      readonly build: Build<O>;
      readonly capability: CapabilityText;
      readonly candidates: readonly Build<O>[];
    }
  | {
      readonly kind: "conflict";
      readonly build: Build<O>;
      readonly other: Build<O>;
      readonly capability: CapabilityText;
    }
  | { readonly kind: "one-build"; readonly build: Build<O>; readonly other: Build<O> }
  | { readonly kind: "replaces"; readonly build: Build<O>; readonly other: Build<O> }
  /** It was there before, and may not leave as a side effect. */
  | {
      readonly kind: "stays";
      readonly build: Build<O>;
      readonly because: "explicit" | "essential" | "pinned" | "dependent";
    };
