// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** What the solver is asked and what it answers. Everything is a value; look-ups are lazy, so that only what is touched costs. */
import type { CapabilityText } from "#model/dependency";
import type { PackageId, PackageMeta } from "#model/package";

/** A build that a collection offers. */
export interface Offer {
  readonly id: PackageId;
  readonly meta: PackageMeta;
  readonly collection: string;
  /** The larger is preferred, whatever the releases: builds of a name from lower collections are not looked at. */
  readonly priority: number;
}

/** A package of the state that is changed. */
export interface InstalledPackage {
  readonly id: PackageId;
  readonly meta: PackageMeta;
  /** True where the user asked for it. */
  readonly explicit: boolean;
  /** True where it is to stay exactly this build. */
  readonly pinned?: boolean;
}

/** What the collections have. Order does not matter: the solver sorts. */
export interface OfferSource<O extends Offer = Offer> {
  /** Builds that give a capability (`name(x)` is given by every build named x). */
  providing(capability: CapabilityText): Iterable<O>;
  /** Builds whose `replaces` names this package. */
  replacing(name: string): Iterable<O>;
  byId(id: PackageId): O | undefined;
  /** All package names, for "did you mean". Asked only after a failure. */
  names(): Iterable<string>;
  /** Where there is one, all questions are asked within it, so that they are answered from one snapshot. */
  within?<T>(body: () => T extends PromiseLike<unknown> ? never : T): T;
}

/** What is installed. `installedOf` makes one of a list. */
export interface InstalledSource {
  byName(name: string): InstalledPackage | undefined;
  providing(capability: CapabilityText): Iterable<InstalledPackage>;
  /** Packages that depend on a capability. */
  needing(capability: CapabilityText): Iterable<InstalledPackage>;
  /** Packages that declare a conflict with a capability. */
  refusing(capability: CapabilityText): Iterable<InstalledPackage>;
  all(): Iterable<InstalledPackage>;
}

/** One thing to do. Several jobs are solved together. */
export type Job =
  /** Whatever gives this capability; an installed one is kept as it is and becomes explicit. */
  | {
      readonly kind: "install";
      readonly capability: CapabilityText;
      /** Who asks for it, where that is not the user: `builddeps`. */
      readonly by?: string;
    }
  /** Exactly this build, such as a local stone; the source's `byId` must know it. */
  | { readonly kind: "install-build"; readonly id: PackageId }
  /** Installed packages leave. What needs them leaves too, or the job fails where `dependents` is false. */
  | { readonly kind: "remove"; readonly names: readonly string[]; readonly dependents: boolean }
  /**
   * Installed packages become the best build offered, which may be an older one; all of them where `names` is absent.
   * Those named must become it; of all, those that cannot are held back and told.
   */
  | { readonly kind: "upgrade"; readonly names?: readonly string[]; readonly newerOnly?: boolean }
  /** Sets the flag only. */
  | { readonly kind: "mark"; readonly name: string; readonly explicit: boolean }
  /** Everything that is neither explicit nor needed leaves. */
  | { readonly kind: "remove-orphans" };

export interface Problem<O extends Offer = Offer> {
  readonly installed: InstalledSource;
  readonly offers: OfferSource<O>;
  readonly jobs: readonly Job[];
  /** What the jobs are for, where the jobs themselves say too much: `make the build root`. */
  readonly purpose?: string;
  /** Essential packages may leave. */
  readonly allowEssential?: boolean;
  /** What nobody needs any more stays. */
  readonly keepOrphans?: boolean;
}

/** Why a package is in the selection, or comes into it. */
export type Reason =
  | { readonly kind: "asked" }
  /** Another package of the selection needs it through this capability. */
  | { readonly kind: "needed"; readonly by: string; readonly capability: CapabilityText }
  /** It takes the place of a package that it says to replace. */
  | { readonly kind: "replaces"; readonly name: string }
  /** Not explicit, and nobody needs it: it was there, or an upgrade kept it. */
  | { readonly kind: "kept" };

/** Why a package leaves. */
export type RemovalReason =
  | { readonly kind: "asked" }
  /** It needs what leaves. */
  | { readonly kind: "needs"; readonly name: string; readonly capability: CapabilityText }
  /** It was not explicit, and nobody needs it any more; `of` needed it. */
  | { readonly kind: "orphan"; readonly of?: string }
  | { readonly kind: "replaced"; readonly by: string }
  | { readonly kind: "conflict"; readonly with: string };

/** One package of the new selection. */
export interface Selected {
  readonly id: PackageId;
  readonly meta: PackageMeta;
  readonly explicit: boolean;
  readonly reason: Reason;
}

export type ChangeKind =
  | "install"
  | "upgrade"
  | "downgrade"
  /** Another build of the same release. */
  | "reinstall"
  /** The same build, with another explicit flag. */
  | "mark";

export interface Incoming<O extends Offer = Offer> extends Selected {
  readonly kind: ChangeKind;
  /** Where it comes from; absent for `mark`. */
  readonly offer?: O;
  /** What it takes the place of, by name. */
  readonly before?: InstalledPackage;
}

export interface Outgoing {
  readonly package: InstalledPackage;
  readonly reason: RemovalReason;
}

/** An upgrade that was not possible. */
export interface HeldBack<O extends Offer = Offer> {
  readonly package: InstalledPackage;
  readonly offer: O;
  /** Why, in words. */
  readonly explanation: string;
}

export interface Solution<O extends Offer = Offer> {
  /** What comes or changes, sorted by name. */
  readonly incoming: readonly Incoming<O>[];
  /** What leaves and nothing of the same name takes its place, sorted by name. */
  readonly outgoing: readonly Outgoing[];
  /** Sorted by name. */
  readonly heldBack: readonly HeldBack<O>[];
  /** The name of the package that satisfies each `install` job, in the order of the jobs. */
  readonly satisfied: readonly string[];
  /** The whole new selection sorted by name; reads everything that is installed. */
  selection(): Selected[];
}
