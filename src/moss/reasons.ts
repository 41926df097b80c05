// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Reasons of a plan, in words. */
import type { Reason, RemovalReason } from "#solver/model";

/** Why a package comes. */
export function reasonText(reason: Reason): string {
  switch (reason.kind) {
    case "asked":
      return "asked for";
    case "needed":
      return `needed by ${reason.by}: ${reason.capability.replace(/^name\((.*)\)$/, "$1")}`;
    case "replaces":
      return `replaces ${reason.name}`;
    case "kept":
      return "kept";
    default:
      return reason satisfies never;
  }
}

/** Why a package leaves. */
export function removalText(reason: RemovalReason): string {
  switch (reason.kind) {
    case "asked":
      return "asked for";
    case "needs":
      return `needs ${reason.name}: ${reason.capability.replace(/^name\((.*)\)$/, "$1")}`;
    case "orphan":
      return reason.of === undefined ? "nobody needs it" : `only ${reason.of} needed it`;
    case "replaced":
      return `replaced by ${reason.by}`;
    case "conflict":
      return `conflicts with ${reason.with}`;
    default:
      return reason satisfies never;
  }
}
