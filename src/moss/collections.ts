// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Changing the configuration of collections, and refreshing what they offer. */
import { existsSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { describeError, Failure } from "#base/errors";
import { mapLimited } from "#base/parallel";
import { findCollection, removeCollection, writeCollection } from "#collections/config";
import { lookUpKnown } from "#collections/known";
import { type Collection, type CollectionSource, checkCollectionName } from "#collections/model";
import { type Refreshed, refresh } from "#collections/refresh";
import type { EngineEvent, EngineListener } from "#moss/events";
import type { Moss } from "#moss/moss";

/** What `collection add` is given. */
export interface NewCollection {
  readonly name: string;
  /** An address, a path, or a word of the list of known collections; the name itself where absent. */
  readonly place?: string;
  /** An index that a root index names, with the address as `baseUri`. */
  readonly rootIndex?: { readonly channel: string; readonly version: string; readonly arch: string };
  readonly description?: string;
  readonly priority?: number;
}

/** Where a place as typed is. Throws `collection.unknown`, `usage`. */
export function placeOf(place: string): { readonly uri: string; readonly description?: string } {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(place)) {
    const scheme = place.slice(0, place.indexOf(":")).toLowerCase();
    if (scheme === "http" || scheme === "https" || scheme === "file") return { uri: place };
    throw new Failure("usage", `Cannot use "${place}": unknown scheme "${scheme}", expected http, https or file`);
  }
  if (place.includes("/") || place === "." || place === ".." || existsSync(place)) {
    const path = resolve(place);
    const found = statSync(path, { throwIfNoEntry: false });
    if (found === undefined) {
      throw new Failure(
        "collection.unknown",
        `Cannot use "${place}": nothing is there, expected a folder of stones or an index`,
      );
    }
    return { uri: pathToFileURL(path).href };
  }
  return lookUpKnown(place);
}

/** Writes the definition of a new collection. Throws `collection.exists`, and what finding its place throws. */
export async function addCollection(moss: Moss, added: NewCollection): Promise<Collection> {
  const { name, rootIndex, priority = 0 } = added;
  checkCollectionName(name);
  const all = await moss.collections();
  const other = all.find((item) => item.name === name);
  if (other !== undefined) {
    throw new Failure("collection.exists", `Cannot add the collection "${name}": ${other.file} defines one already`, {
      hint: `Remove it first (moss collection remove ${name}), or choose another name.`,
    });
  }
  const { uri, description } = placeOf(added.place ?? name);
  const source: CollectionSource = rootIndex === undefined ? { uri } : { baseUri: uri, ...rootIndex };
  const text = added.description ?? description ?? "";
  const written = writeCollection(moss.root.directory, { name, description: text, source, priority, active: true });
  moss.reread();
  return written;
}

/** Changes the definition of a collection; a vendor's is overridden by one of the admin's. */
export async function changeCollection(
  moss: Moss,
  name: string,
  change: Partial<Pick<Collection, "active" | "priority">>,
): Promise<Collection> {
  const item = findCollection(await moss.collections(), name);
  const { description, source, priority, active } = { ...item, ...change };
  const written = writeCollection(moss.root.directory, { name, description, source, priority, active });
  moss.reread();
  return written;
}

/** Removes a collection and what is known of it. Gives the names of installed packages that no collection offers any more. */
export async function dropCollection(moss: Moss, name: string, onEvent: EngineListener = () => {}): Promise<string[]> {
  const item = findCollection(await moss.collections(), name);
  const before = await moss.catalogue();
  const installed = moss.root.packages(moss.root.active());
  const offered = installed.filter((one) => before.byName(one.name).length > 0);
  removeCollection(moss.root.directory, item);
  moss.reread();
  await moss.store.forget(name, (owner) => {
    onEvent(waitingFor(owner));
  });
  const after = await moss.catalogue();
  return offered.filter((one) => after.byName(one.name).length === 0).map((one) => one.name);
}

function waitingFor(owner: string): EngineEvent {
  return { kind: "warning", message: `Waiting for ${owner}, which is storing an index` };
}

export interface RefreshResult {
  readonly refreshed: readonly Refreshed[];
  /** Collections that could not be refreshed and whose old index is still used. */
  readonly stale: readonly string[];
}

/**
 * Refreshes collections: those named, or all active ones. Where `must` is set, or nothing is known of a collection yet, one that
 * cannot be refreshed is a failure; else its old index stays in use, and the listener is told.
 */
export async function refreshCollections(
  moss: Moss,
  options: {
    readonly names?: readonly string[];
    readonly must?: boolean;
    readonly force?: boolean;
    readonly onEvent?: EngineListener;
  } = {},
): Promise<RefreshResult> {
  const { onEvent = () => {}, names = [], must = false, force = false } = options;
  const all = await moss.collections();
  const chosen =
    names.length === 0 ? all.filter((item) => item.active) : names.map((name) => findCollection(all, name));
  const stale: string[] = [];
  const results = await mapLimited(chosen, 4, async (collection) => {
    try {
      const result = await refresh(moss.store, collection, {
        force,
        onEvent: (event) => {
          if (event.kind === "bytes") onEvent({ ...event, kind: "refresh" });
          if (event.kind === "storing") onEvent(event);
          if (event.kind === "waiting") onEvent(waitingFor(event.owner));
          if (event.kind === "no-lists") {
            onEvent({ kind: "warning", message: `${event.collection} comes without lists of files: ${event.reason}` });
          }
          if (event.kind === "retry")
            onEvent({ kind: "retry", name: event.collection, reason: event.reason, wait: event.wait });
        },
      });
      onEvent({ kind: "refreshed", collection: collection.name, changed: result.changed, packages: result.packages });
      return result;
    } catch (error) {
      if (must || !(error instanceof Failure) || moss.store.record(collection.name) === undefined) throw error;
      stale.push(collection.name);
      onEvent({ kind: "stale", collection: collection.name, reason: describeError(error) });
      return undefined;
    }
  });
  return { refreshed: results.filter((item) => item !== undefined), stale };
}
