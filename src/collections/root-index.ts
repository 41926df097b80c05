// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** The root index of a repository: which snapshot of it a stream or a tag names. */
import * as v from "valibot";
import { fromUtf8 } from "#base/bytes";
import { Failure } from "#base/errors";
import { nearest } from "#base/nearest";
import type { CollectionSource } from "#collections/model";

type Rooted = Exclude<CollectionSource, { readonly uri: string }>;

const History = v.object({ format: v.string() });
const Pointer = v.object({ format: v.string(), history: v.string() });
const RootIndex = v.object({
  formats: v.optional(v.record(v.string(), v.unknown()), {}),
  streams: v.optional(v.record(v.string(), Pointer), {}),
  tags: v.optional(v.record(v.string(), Pointer), {}),
  history: v.optional(v.record(v.string(), History), {}),
});

/** Formats of repositories that this program can read. */
const FORMATS = ["legacy", "v0"];
// It becomes a part of an address.
const PLAIN = /^[A-Za-z0-9][A-Za-z0-9._+-]*$/;

function withSlash(address: string): string {
  return address.endsWith("/") ? address : `${address}/`;
}

/** Where the root index of a definition lies. */
export function rootIndexUrl({ baseUri, channel }: Rooted): string {
  return `${withSlash(baseUri)}${encodeURIComponent(channel)}/moss-root-index.json`;
}

/** The address of the `stone.index` that a root index names. Throws `collection.invalid`. */
export function resolveRootIndex(source: Rooted, bytes: Uint8Array): string {
  const fail = (problem: string, hint?: string): never => {
    throw new Failure(
      "collection.invalid",
      `Cannot use "${rootIndexUrl(source)}": ${problem}`,
      hint === undefined ? {} : { hint },
    );
  };
  let index: v.InferOutput<typeof RootIndex>;
  try {
    index = v.parse(RootIndex, JSON.parse(fromUtf8(bytes) ?? ""));
  } catch (cause) {
    throw new Failure("collection.invalid", `Cannot use "${rootIndexUrl(source)}": it is no root index`, { cause });
  }
  const [, kind, name] = /^(stream|tag|history)\/(.+)$/.exec(source.version) ?? [];
  if (kind === undefined || name === undefined) {
    return fail(`the version "${source.version}" is none, expected stream/NAME, tag/NAME or history/ID`);
  }
  const pick = <T>(what: string, table: Readonly<Record<string, T>>, key: string): T => {
    if (Object.hasOwn(table, key)) {
      const found = table[key];
      if (found !== undefined) return found;
    }
    const near = nearest(key, Object.keys(table));
    return fail(`it has no ${what} "${key}"`, near === undefined ? undefined : `Did you mean "${near}"?`);
  };
  const id = kind === "history" ? name : pick(kind, kind === "stream" ? index.streams : index.tags, name).history;
  const { format } = pick("history", index.history, id);
  if (!FORMATS.includes(format)) {
    fail(
      `the format "${format}" of "${source.version}" is not known, expected ${FORMATS.join(" or ")}`,
      "A newer moss may read it.",
    );
  }
  if (!PLAIN.test(id) || !PLAIN.test(source.arch)) fail(`"${id}" and "${source.arch}" are no parts of an address`);
  return `${withSlash(source.baseUri)}${encodeURIComponent(source.channel)}/history/${id}/${source.arch}/stone.index`;
}
