// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Definitions of collections read from YAML, strictly. */
import { isMap, isSeq, LineCounter, type Node, parseDocument } from "yaml";
import { Failure } from "#base/errors";
import { nearest } from "#base/nearest";
import { type Collection, type CollectionSource, checkCollectionName } from "#collections/model";

const KEYS = ["description", "uri", "base-uri", "channel", "version", "arch", "priority", "active"];
const MAX_BYTES = 1 << 20;

/** A file maps names to definitions; a list of such maps is accepted too. Throws `collection.invalid` with the line. */
export function parseCollections(file: string, text: string, vendor: boolean): Collection[] {
  const lines = new LineCounter();
  const fail = (node: Node | null | undefined, problem: string, hint?: string): never => {
    const offset = node?.range?.[0];
    const line = offset === undefined ? "" : `:${lines.linePos(offset).line}`;
    throw new Failure(
      "collection.invalid",
      `Cannot read "${file}${line}": ${problem}`,
      hint === undefined ? {} : { hint },
    );
  };
  if (text.length > MAX_BYTES) fail(undefined, "it is larger than 1 MiB");
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true });
  const [error] = document.errors;
  if (error !== undefined) {
    throw new Failure(
      "collection.invalid",
      `Cannot read "${file}:${error.linePos?.[0].line ?? 1}": ${error.message.split("\n")[0]}`,
    );
  }
  const root = document.contents;
  if (root === null) return [];
  const maps = isSeq(root) ? root.items : [root];
  return maps.flatMap((map) => {
    if (!isMap<Node, Node | null>(map)) return fail(map, "expected collections by name");
    return map.items.map((pair) => definition(String(pair.key), pair.value, { file, vendor, fail }));
  });
}

interface Context {
  readonly file: string;
  readonly vendor: boolean;
  readonly fail: (node: Node | null | undefined, problem: string, hint?: string) => never;
}

function definition(name: string, node: Node | null, { file, vendor, fail }: Context): Collection {
  try {
    checkCollectionName(name);
  } catch (error) {
    fail(node, error instanceof Failure ? error.message : String(error));
  }
  if (!isMap<Node, Node | null>(node)) return fail(node, `"${name}" has no keys, expected uri or base-uri`);
  const values = new Map<string, unknown>();
  for (const pair of node.items) {
    const key = String(pair.key);
    if (!KEYS.includes(key)) {
      const near = nearest(key, KEYS);
      fail(
        pair.key,
        `unknown key "${key}" of "${name}"`,
        near === undefined ? `Keys: ${KEYS.join(", ")}.` : `Did you mean "${near}"?`,
      );
    }
    values.set(key, pair.value === null ? undefined : pair.value.toJSON());
  }
  const text = (key: string): string | undefined => {
    const value = values.get(key);
    if (value === undefined || value === null) return undefined;
    return typeof value === "string" || typeof value === "number"
      ? String(value)
      : fail(node, `"${key}" of "${name}" is no text`);
  };
  const priority = values.get("priority") ?? 0;
  if (typeof priority !== "number" || !Number.isSafeInteger(priority) || priority < 0) {
    return fail(node, `"priority" of "${name}" is not a whole number from 0 up`);
  }
  const active = values.get("active") ?? true;
  if (typeof active !== "boolean") return fail(node, `"active" of "${name}" is not true or false`);
  const uri = text("uri");
  const baseUri = text("base-uri");
  if ((uri === undefined) === (baseUri === undefined)) fail(node, `"${name}" needs either uri or base-uri`);
  const version = text("version");
  if (baseUri !== undefined && version === undefined) fail(node, `"${name}" has a base-uri, but no version`);
  const source: CollectionSource =
    uri === undefined
      ? {
          baseUri: baseUri ?? "",
          channel: text("channel") ?? "main",
          version: version ?? "",
          arch: text("arch") ?? "x86_64",
        }
      : { uri };
  return { name, description: text("description") ?? "", source, priority, active, file, vendor };
}
