// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** What the engine tells while it works. It prints nothing itself. */
import type { TransitionEvent } from "#transition/events";

export type EngineEvent =
  | TransitionEvent
  /** An index of a collection is being fetched; `total` bytes where the server says how many. */
  | {
      readonly kind: "refresh";
      readonly collection: string;
      readonly bytes: number;
      readonly total?: number;
    }
  /** An index has come and is being taken in. */
  | { readonly kind: "storing"; readonly collection: string; readonly packages: number }
  | {
      readonly kind: "refreshed";
      readonly collection: string;
      /** False where it was what we had already. */
      readonly changed: boolean;
      readonly packages: number;
    }
  /** A collection could not be refreshed, and its old index stays in use. */
  | { readonly kind: "stale"; readonly collection: string; readonly reason: string }
  /** Stones are being fetched: all bytes together. */
  | {
      readonly kind: "fetch";
      readonly name: string;
      readonly bytes: number;
      readonly total: number;
    }
  | { readonly kind: "fetched"; readonly name: string; readonly cached: boolean; readonly bytes: number }
  | { readonly kind: "retry"; readonly name: string; readonly reason: string; readonly wait: number }
  /** Something the user should know. */
  | { readonly kind: "warning"; readonly message: string };

export type EngineListener = (event: EngineEvent) => void;
